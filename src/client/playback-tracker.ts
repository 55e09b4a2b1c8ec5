import { type AudioEncoding, bytesToMs } from '../audio/format.js'
import type { PlaybackReport, ServerMessage } from '../protocol/messages.js'
import type { Clock } from '../util/clock.js'
import type { AudioChunk, Player, PlayerPosition } from './player.js'

/** An utterance that has not been heard to its end, as far as the server knows. */
interface Speech {
  readonly id: string
  /** Bytes on the wire, as the server counts them. */
  bytes: number
  /** Where the next byte belongs on the timeline. */
  nextMs: number
  /** Where the sound received so far ends. A skip at the end is never played. */
  soundMs: number
  /** When that has been heard, if nobody says otherwise. */
  heardAtMs: number
  /** The length of the whole, once it is known. */
  endMs?: number
}

/** The timeline of what is received and heard. */
export interface PlaybackTracker {
  /** Something received has not been heard to its end, as far as the server knows. */
  playing(): boolean
  /** How far the application's own player is. */
  hear(position: PlayerPosition): void
  /** Speech begins, changes, skips, ends, was heard or is resumed; other messages change nothing. */
  follow(message: ServerMessage): void
  /** The next stretch of speech, or undefined when nobody should hear it. */
  audio(bytes: Uint8Array): AudioChunk | undefined
  /** Drops everything up to and including `through`, and says where what was being heard was cut off. */
  clear(through: string): { readonly utterance_id: string; readonly played_ms: number }
  /** A session that knows nothing of what was said before. */
  reset(): void
  /** What to tell the server: the first utterance that it does not know to be over. */
  report(): PlaybackReport | null
  /** The report is on its way. */
  sent(report: PlaybackReport): void
}

/**
 * Binary frames have no header: this knows which utterance they belong to, where on its timeline, and what was heard.
 * Without a player and without reports of the application it takes speech to be heard as fast as it was spoken: a
 * server that got no reports would stop after two seconds.
 */
export function trackPlayback(player: Player | undefined, clock: Clock): PlaybackTracker {
  let speeches: Speech[] = []
  /** Where the others ended or were cut off: nothing of them is handed out again. */
  const finished = new Map<string, number>()
  let current: Speech | undefined
  let encoding: AudioEncoding = 'linear16'
  let sampleRate = 0
  let reported: PlayerPosition | null = null
  /** Comes again from a little before the position heard, not from where it was cut off. */
  let rewinding: string | undefined
  /** Bytes to come that the client has already. */
  let repeatedBytes = 0
  /** When everything held has been heard, if nobody says otherwise. */
  let silentAtMs = 0

  const find = (id: string) => speeches.find(speech => speech.id === id)
  const position = () => (player ? player.position() : reported)

  function start({
    utterance_id: id,
    from_bytes,
    from_ms,
  }: Extract<ServerMessage, { readonly type: 'tts_start' }>): void {
    // Speech comes in order: whatever came before has all it will ever get.
    for (const other of speeches) if (other.id !== id) other.endMs ??= other.nextMs
    current = find(id)
    repeatedBytes = 0
    if (!current && !finished.has(id)) {
      current = { id, bytes: 0, nextMs: 0, soundMs: 0, heardAtMs: 0 }
      speeches.push(current)
    }
    if (!current) return
    const repeated = current.bytes - from_bytes
    if (repeated > 0 && rewinding !== id) {
      repeatedBytes = repeated
      return
    }
    if (repeated > 0) {
      current.heardAtMs = silentAtMs -= current.soundMs - from_ms
      current.soundMs = from_ms
      player?.rewind(id, from_ms)
    }
    rewinding = undefined
    current.bytes = from_bytes
    current.nextMs = from_ms
  }

  function heardMs({ id, soundMs, endMs, heardAtMs }: Speech, at: PlayerPosition | null): number {
    const guessedMs = player ? 0 : soundMs - Math.max(0, heardAtMs - clock.now())
    // A player that is at a later utterance has finished this one.
    const passed = at && speeches.findIndex(speech => speech.id === at.utteranceId) > 0
    const ms = !at ? guessedMs : passed ? soundMs : at.utteranceId === id ? at.playedMs : 0
    // A skip at the end makes no sound, so it counts as heard with the sound before it.
    return Math.max(0, endMs !== undefined && ms >= soundMs - 1 ? endMs : ms)
  }

  function finish(speech: Speech | undefined): void {
    if (!speech) return
    speeches = speeches.filter(other => other !== speech)
    finished.set(speech.id, speech.endMs ?? speech.nextMs)
  }

  function clear(through: string): { readonly utterance_id: string; readonly played_ms: number } {
    const at = position()
    // An utterance that never began is later than all that did; one that has ended is earlier.
    const last = speeches.findIndex(speech => speech.id === through)
    const cleared = finished.has(through) ? [] : speeches.splice(0, last < 0 ? 1 / 0 : last + 1)
    const ids = cleared.map(speech => speech.id)
    const heard = at ? cleared[ids.indexOf(at.utteranceId)] : cleared[0]
    for (const id of [...ids, through]) finished.set(id, finished.get(id) ?? 0)
    if (heard) finished.set(heard.id, heardMs(heard, at))
    const utterance_id = heard?.id ?? through
    player?.clear(ids)
    reported = null
    silentAtMs = 0
    if (current && finished.has(current.id)) current = undefined
    return { utterance_id, played_ms: finished.get(utterance_id)! }
  }

  return {
    clear,
    playing: () => speeches.length > 0,
    hear(given) {
      reported = given
    },
    follow(message) {
      const { type } = message
      if (type === 'tts_start') start(message)
      if (type === 'tts_start' || type === 'tts_format') {
        encoding = message.encoding
        sampleRate = message.sample_rate
      } else if (type === 'resumed') rewinding = message.tts?.action === 'rewind' ? message.tts.utterance_id : undefined
      else if (type === 'tts_playback_complete') finish(find(message.utterance_id))
      else if (type === 'tts_skip' && current) current.nextMs += message.ms
      else if (type === 'tts_end' && current) {
        current.endMs = message.ms
        player?.end(current.id)
      }
    },
    audio(bytes) {
      const pcm = bytes.subarray(repeatedBytes)
      repeatedBytes -= bytes.length - pcm.length
      if (!current || pcm.length === 0) return undefined
      const chunk: AudioChunk = { utteranceId: current.id, pcm, sampleRate, encoding, fromMs: current.nextMs }
      const ms = bytesToMs({ encoding, sampleRate, channels: 1 }, pcm.length)
      current.bytes += pcm.length
      current.soundMs = current.nextMs += ms
      current.heardAtMs = silentAtMs = Math.max(silentAtMs, clock.now()) + ms
      player?.push(chunk)
      return chunk
    },
    reset() {
      const last = speeches.at(-1)
      if (last) clear(last.id)
      finished.clear()
    },
    report() {
      const speech = speeches[0]
      if (!speech) return null
      const at = position()
      return {
        utterance_id: speech.id,
        received_bytes: speech.bytes,
        played_ms: heardMs(speech, at),
        buffered_ms: at?.bufferedMs ?? Math.max(0, silentAtMs - clock.now()),
        underruns: at?.underruns ?? 0,
      }
    },
    sent({ utterance_id, played_ms }) {
      const speech = find(utterance_id)
      if (speech?.endMs !== undefined && played_ms >= speech.endMs) finish(speech)
    },
  }
}
