import type { Clock } from '../../../src/util/clock.js'

/** Counts flushes in a sliding window: Deepgram ignores those above its limit, and what was not flushed is never said. */
export class FlushQuota {
  private readonly clock: Clock
  private readonly max: number
  private readonly windowMs: number
  /** When the flushes of the window were sent, oldest first. */
  private readonly sentAt: number[] = []

  constructor(clock: Clock, max: number, windowMs: number) {
    this.clock = clock
    this.max = max
    this.windowMs = windowMs
  }

  /** How long the next flush has to wait. */
  get waitMs(): number {
    const now = this.clock.now()
    while (this.sentAt.length > 0 && this.sentAt[0]! <= now - this.windowMs) this.sentAt.shift()
    return this.sentAt.length < this.max ? 0 : this.sentAt[0]! + this.windowMs - now
  }

  /** Counts a flush that is sent now. */
  spend(): void {
    this.sentAt.push(this.clock.now())
  }

  /** Deepgram counted more than we did: nothing is left of this window. */
  exhaust(): void {
    this.sentAt.length = 0
    while (this.sentAt.length < this.max) this.spend()
  }
}
