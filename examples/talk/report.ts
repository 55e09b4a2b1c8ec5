import { levelDbfs } from '../../src/audio/pcm.js'

/** A stretch of speech in a recording, in milliseconds. */
export interface SpeechSegment {
  readonly startMs: number
  readonly endMs: number
}

export interface Turn {
  readonly user: string
  readonly agent: string
  /** From the end of the user's speech to the first reply audio. Null: no reply, or speech that was not found. */
  readonly latency_ms: number | null
}

const FRAME_MS = 20
/** Whatever is quieter is no speech at all. */
const SILENCE_DBFS = -55
/** A pause within speech. */
const PAUSE_MS = 300
/** Shorter sounds are clicks. */
const CLICK_MS = 60

/**
 * Where somebody speaks in a recording of 16 kHz mono, judged by its energy with the whole recording in view: more than
 * 10 dB over the quietest tenth of it and less than 30 dB under its loudest moment. It shares nothing with the server's
 * own detector, so the latency measured from it is not the server's opinion.
 */
export function speechSegments(pcm16k: Int16Array): SpeechSegment[] {
  const frame = FRAME_MS * 16
  const levels = Array.from({ length: Math.floor(pcm16k.length / frame) }, (_, i) =>
    levelDbfs(pcm16k.subarray(i * frame, (i + 1) * frame)),
  )
  const sorted = levels.toSorted((a, b) => a - b)
  const loudest = sorted.at(-1) ?? -Infinity
  if (loudest < SILENCE_DBFS) return []
  const quiet = sorted[Math.floor(sorted.length / 10)]!
  // Speech without a pause has no quiet tenth: never ask for more than 15 dB below its loudest moment.
  const threshold = Math.min(loudest - 15, Math.max(loudest - 30, quiet + 10))
  const segments: { startMs: number; endMs: number }[] = []
  levels.forEach((level, i) => {
    if (level < threshold) return
    const startMs = i * FRAME_MS
    const last = segments.at(-1)
    if (last && startMs - last.endMs <= PAUSE_MS) last.endMs = startMs + FRAME_MS
    else segments.push({ startMs, endMs: startMs + FRAME_MS })
  })
  return segments.filter(segment => segment.endMs - segment.startMs >= CLICK_MS)
}

interface OpenTurn {
  readonly user: string[]
  readonly agent: string[]
  replied: boolean
  firstAudioAtMs: number | undefined
}

/**
 * Puts transcripts and replies together into turns. An utterance answers the turn it began after, whether its text or
 * its sound comes first; one that began before any turn, such as a greeting, answers none.
 */
export class TurnLog {
  readonly #turns: OpenTurn[] = []
  readonly #turnOf: Map<string, OpenTurn | undefined> = new Map()

  /** Something was recognised for good. After a reply has begun it is a new turn. */
  final(text: string): void {
    if (text === '') return
    const last = this.#turns.at(-1)
    if (last && !last.replied) last.user.push(text)
    else this.#turns.push({ user: [text], agent: [], replied: false, firstAudioAtMs: undefined })
  }

  replyText(utteranceId: string, text: string): void {
    this.#answered(utteranceId)?.agent.push(text)
  }

  /** True when it is the first sound of a turn's reply. */
  firstAudio(utteranceId: string, atMs: number): boolean {
    const turn = this.#answered(utteranceId)
    if (!turn || turn.firstAudioAtMs !== undefined) return false
    turn.firstAudioAtMs = atMs
    return true
  }

  /** @param speechEndAtMs when the last speech that was over at a moment had been sent to its end; null: none was. */
  turns(speechEndAtMs: (atMs: number) => number | null): Turn[] {
    return this.#turns.map(turn => {
      const endAtMs = turn.firstAudioAtMs === undefined ? null : speechEndAtMs(turn.firstAudioAtMs)
      return {
        user: words(turn.user),
        agent: words(turn.agent),
        latency_ms: endAtMs === null ? null : Math.round(turn.firstAudioAtMs! - endAtMs),
      }
    })
  }

  /** The utterance begins, or goes on. */
  replyStarted(utteranceId: string): void {
    this.#answered(utteranceId)
  }

  #answered(utteranceId: string): OpenTurn | undefined {
    if (!this.#turnOf.has(utteranceId)) this.#turnOf.set(utteranceId, this.#turns.at(-1))
    const turn = this.#turnOf.get(utteranceId)
    if (turn) turn.replied = true
    return turn
  }
}

function words(parts: readonly string[]): string {
  return parts.join(' ').replace(/\s+/g, ' ').trim()
}
