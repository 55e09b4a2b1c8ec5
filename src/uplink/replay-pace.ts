/** What may be sent at once: covers the jitter of a live client and chunks of any provider. */
const BURST_MS = 500
/** Of `SttCapabilities.maxRealtimeFactor`. */
const DEFAULT_FACTOR = 2

/** How fast a stream may be given audio that has piled up: providers limit it, and one session must not hog them. */
export class ReplayPace {
  private readonly factor: number
  private allowedMs = BURST_MS

  constructor(factor: number = DEFAULT_FACTOR) {
    this.factor = factor
  }

  /** Time passed. */
  refill(elapsedMs: number): void {
    this.allowedMs = Math.min(BURST_MS, this.allowedMs + elapsedMs * this.factor)
  }

  get allows(): boolean {
    return this.allowedMs > 0
  }

  /** Audio of `ms` was sent. The allowance may go below zero, by one chunk. */
  spend(ms: number): void {
    this.allowedMs -= ms
  }
}
