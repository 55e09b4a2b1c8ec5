/** A path is unknown until its first answer; one that takes longer than this to come is slow on any path. */
const unknownPathMs = 1000

/**
 * What pings tell about the path. They share its queues with the audio, so the answer to one proves that whatever was
 * sent before it has arrived, and how much later than on the idle path.
 */
export class Probe {
  private sentAtMs = Number.NEGATIVE_INFINITY
  private outstanding = false
  /** No audio was on the way when the outstanding one left. */
  private alone = false
  private lastRttMs = Number.NaN
  private idleRttMs = Number.NaN
  private provenMs = Number.NEGATIVE_INFINITY

  /** The latest round trip, null before the first. */
  get rttMs(): number | null {
    return Number.isNaN(this.lastRttMs) ? null : this.lastRttMs
  }

  /** The round trip of the path without audio in its queues, null before the first answer. */
  get baselineMs(): number | null {
    return Number.isNaN(this.idleRttMs) ? null : this.idleRttMs
  }

  /** Everything sent before this moment has arrived. */
  get provenAtMs(): number {
    return this.provenMs
  }

  isDue(nowMs: number, periodMs: number): boolean {
    return !this.outstanding && nowMs - this.sentAtMs >= periodMs
  }

  /** @param queued false: the transport could not send it, try again in a period. */
  sent(nowMs: number, queued: boolean, lastAudioAtMs: number): void {
    this.sentAtMs = nowMs
    this.outstanding = queued
    this.alone = lastAudioAtMs <= this.provenMs
  }

  answered(nowMs: number): void {
    if (!this.outstanding) return
    this.outstanding = false
    this.provenMs = this.sentAtMs
    this.lastRttMs = nowMs - this.sentAtMs
    // A path may become longer for good (another route, somebody else's download). That is not our backlog.
    if (this.alone || !(this.idleRttMs <= this.lastRttMs)) this.idleRttMs = this.lastRttMs
  }

  /** How much later than on the idle path an answer comes; of an outstanding one its age counts. */
  lagMs(nowMs: number): number {
    const ageMs = this.outstanding ? nowMs - this.sentAtMs : 0
    if (Number.isNaN(this.idleRttMs)) return Math.max(0, ageMs - unknownPathMs)
    return Math.max(0, Math.max(this.lastRttMs, ageMs) - this.idleRttMs)
  }
}
