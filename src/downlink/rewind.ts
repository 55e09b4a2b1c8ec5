import type { PlaybackReport } from '../protocol/messages.js'
import type { AudioLane } from './audio-lane.js'
import type { Ledger } from './ledger.js'
import type { SentAudio } from './sent-audio.js'
import type { Utterance } from './utterance.js'

/** How far before the point of silence speech is taken up again: less than a word, enough to recognise one by. */
const repeatMs = 300

export type ResumeAction = 'continue' | 'rewind' | 'discard'

export interface Resumption {
  readonly utterance_id: string
  readonly action: ResumeAction
}

export interface RewindParts {
  readonly lane: AudioLane
  readonly sent: SentAudio
  readonly ledger: Ledger
}

/**
 * Goes back to where a client on a new socket needs its audio from. One that never ran dry goes on after the last
 * byte it has; one that fell silent hears a little again.
 *
 * @param report what the client holds; null: nothing.
 * @param playedMs what was heard of an utterance as far as the server knows, for a client that holds nothing.
 * @returns null when nothing was being heard.
 */
export function rewind(
  parts: RewindParts,
  report: PlaybackReport | null,
  playedMs: (utterance: Utterance) => number,
): Resumption | null {
  const { lane } = parts
  const reported = report ? lane.find(report.utterance_id) : undefined
  const utterance = reported ?? lane.all().find(({ started }) => started)
  if (report && !reported) {
    // What follows it may have arrived in part; only from its start on can both sides be sure.
    if (utterance) takeBack(parts, utterance, () => true)
    return lane.outcome(report.utterance_id)?.basis === 'ack' && report.buffered_ms === 0
      ? null
      : { utterance_id: report.utterance_id, action: 'discard' }
  }
  if (!utterance) return null
  const ranDry = !report || (report.buffered_ms === 0 && report.received_bytes < utterance.wireBytes)
  if (report && !ranDry) {
    takeBack(parts, utterance, frame => frame.wireEnd > report.received_bytes)
    utterance.wireBytes = Math.min(report.received_bytes, utterance.wireBytes)
    return { utterance_id: utterance.id, action: 'continue' }
  }
  const fromMs = (report ? report.played_ms : playedMs(utterance)) - repeatMs
  takeBack(parts, utterance, frame => utterance.msOf(frame.endByte) > fromMs)
  return { utterance_id: utterance.id, action: 'rewind' }
}

/** Queues again what `wanted` selects of `utterance`, and everything after it, as far as it is kept. */
function takeBack(
  { lane, sent, ledger }: RewindParts,
  utterance: Utterance,
  wanted: (frame: { readonly endByte: number; readonly wireEnd: number }) => boolean,
): void {
  for (let frame = sent.last(); frame; frame = sent.last()) {
    const owner = frame.utterance!
    if (owner.order < utterance.order || (owner === utterance && !wanted(frame))) break
    // Audio that was dropped is not kept, so that nothing before it can follow.
    if (frame.startByte < owner.pcm.keptFrom) break
    sent.takeBack()
    const bytes = owner.pcm.position - frame.startByte
    owner.pcm.seek(frame.startByte)
    owner.wireBytes = frame.wireStart
    owner.audibleMs = owner.sentMs
    owner.skippedMs = 0
    owner.anchorMs = Number.NaN
    ledger.audioTakenBack(bytes, owner.msOf(bytes))
  }
  lane.reopen(utterance)
}
