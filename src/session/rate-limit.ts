import type { Clock } from '../util/clock.js'

/** A token bucket that reads the clock only when it has run dry, so that taking is nearly free. */
export class RateLimit {
  private readonly clock: Clock
  private readonly perSecond: number
  private readonly burst: number
  private tokens: number
  private filledAtMs: number

  constructor(clock: Clock, perSecond: number, burst: number) {
    this.clock = clock
    this.perSecond = perSecond
    this.burst = burst
    this.tokens = burst
    this.filledAtMs = clock.now()
  }

  /** False when `count` is more than the rate allows; nothing is taken then. */
  take(count: number): boolean {
    if (this.tokens < count) this.refill()
    if (this.tokens < count) return false
    this.tokens -= count
    return true
  }

  private refill(): void {
    const nowMs = this.clock.now()
    this.tokens = Math.min(this.burst, this.tokens + ((nowMs - this.filledAtMs) / 1000) * this.perSecond)
    this.filledAtMs = nowMs
  }
}
