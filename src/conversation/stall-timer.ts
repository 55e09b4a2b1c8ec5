import type { Cancel, Clock } from '../util/clock.js'

/**
 * Notices that something awaited does not come. Progress only notes the time; the timer looks at it when it fires, so
 * that progress 50 times a second costs no timer.
 */
export class StallTimer {
  private readonly clock: Clock
  private readonly limitMs: number
  private readonly onStall: () => void
  private lastMs = 0
  private cancel: Cancel | undefined

  constructor(clock: Clock, limitMs: number, onStall: () => void) {
    this.clock = clock
    this.limitMs = limitMs
    this.onStall = onStall
  }

  /** Begins to wait, or has seen progress. */
  touch(): void {
    this.lastMs = this.clock.now()
    this.cancel ??= this.clock.after(this.limitMs, () => this.check())
  }

  stop(): void {
    this.cancel?.()
    this.cancel = undefined
  }

  private check(): void {
    this.cancel = undefined
    const leftMs = this.lastMs + this.limitMs - this.clock.now()
    if (leftMs > 0) this.cancel = this.clock.after(leftMs, () => this.check())
    else this.onStall()
  }
}
