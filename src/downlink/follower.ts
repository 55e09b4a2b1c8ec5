import type { PlaybackReport } from '../protocol/messages.js'
import type { AudioLane } from './audio-lane.js'
import type { Congestion } from './congestion.js'
import type { KeepOptions } from './options.js'
import type { Pacer } from './pacer.js'
import type { Playback } from './playback.js'
import type { SentAudio } from './sent-audio.js'
import type { Utterance } from './utterance.js'

export interface FollowerParts {
  readonly lane: AudioLane
  readonly pacer: Pacer
  readonly sent: SentAudio
  readonly playback: Playback
  readonly congestion: Congestion
}

/** Takes the client's reports to everything that depends on how far the client is. */
export class Follower {
  private readonly parts: FollowerParts
  private readonly maxLeadMs: number

  constructor(parts: FollowerParts, maxLeadMs: number) {
    this.parts = parts
    this.maxLeadMs = maxLeadMs
  }

  /**
   * Takes a report.
   *
   * @param keep what is kept for another socket; false: nothing.
   * @returns false when it is about an utterance that is not on its way any more.
   */
  report(report: PlaybackReport | null, keep: KeepOptions | false, nowMs: number): boolean {
    const { playback, sent, congestion } = this.parts
    const utterance = report ? this.find(report.utterance_id) : undefined
    playback.onReport(utterance, report, nowMs)
    if (!report) return true
    if (!utterance) return false
    const { received_bytes: wireBytes, played_ms: playedMs, buffered_ms: bufferedMs } = report
    const beyondMs = bufferedMs - (utterance.sentMs - playedMs)
    if (sent.acknowledge(utterance, wireBytes, beyondMs, nowMs)) congestion.progress(nowMs)
    if (keep) sent.forgetPlayed(utterance, playedMs, keep.behindPlayedMs)
    sent.forgetBeyond(keep ? keep.capMs : 0)
    if (congestion.level === 'normal' && playedMs > 0 && bufferedMs > 0) this.follow(utterance, playedMs, nowMs)
    return true
  }

  /** The client holds as much as it may and does not play it: it sets the pace. */
  isAhead(nowMs: number): boolean {
    const { lane, playback, sent, congestion, pacer } = this.parts
    const { head } = lane
    const bufferedMs = playback.bufferedMs(nowMs)
    if (!head?.isAnchored || bufferedMs === 0) return false
    // One that plays will have played for as long as what is on its way still takes.
    const playedMs = playback.isPaused ? 0 : congestion.pathMs
    if (bufferedMs + sent.unackedMs - playedMs < this.maxLeadMs) return false
    pacer.holdTo(head, nowMs)
    return true
  }

  /** One that was heard to its end may still be what the client reports on. */
  private find(id: string): Utterance | undefined {
    const { lane, playback } = this.parts
    return lane.find(id) ?? (playback.current?.id === id ? playback.current : undefined)
  }

  /** A client that plays sooner or faster than was guessed needs its audio sooner. */
  private follow(utterance: Utterance, playedMs: number, nowMs: number): void {
    const { lane, pacer, congestion } = this.parts
    if (congestion.idleRttMs === null) return
    const movedMs = pacer.observe(utterance, playedMs, congestion.idleRttMs, nowMs)
    if (movedMs === 0) return
    for (const next of lane.after(utterance)) if (next.isAnchored) next.anchorMs += movedMs
  }
}
