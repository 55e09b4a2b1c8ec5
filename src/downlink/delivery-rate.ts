/** The rate is that of the last one to two of these: longer than the gap between reports, short enough to follow. */
const windowMs = 500
/** Acknowledgements come in lumps; only when one is this late does the time since the last count against the rate. */
const lumpMs = 300

/**
 * How fast acknowledgements come in, which is how fast the way delivers while it has something to deliver. From what
 * is on the way it follows how long anything sent now will wait; the age of what is on the way tells only how long
 * that had to wait.
 */
export class DeliveryRate {
  private fromMs = 0
  private fromBytes = 0
  private midMs = 0
  private midBytes = 0
  private lastMs = 0
  private lastBytes = 0

  /** The way has been empty and is no more. */
  begin(nowMs: number, deliveredBytes: number): void {
    this.fromMs = nowMs
    this.midMs = nowMs
    this.lastMs = nowMs
    this.fromBytes = deliveredBytes
    this.midBytes = deliveredBytes
    this.lastBytes = deliveredBytes
  }

  /** An acknowledgement came. */
  delivered(nowMs: number, deliveredBytes: number): void {
    if (nowMs - this.midMs >= windowMs) {
      this.fromMs = this.midMs
      this.fromBytes = this.midBytes
      this.midMs = nowMs
      this.midBytes = deliveredBytes
    }
    this.lastMs = nowMs
    this.lastBytes = deliveredBytes
  }

  /** NaN when nothing has come in since the way was empty. */
  bytesPerSecond(nowMs: number): number {
    const bytes = this.lastBytes - this.fromBytes
    return bytes === 0 ? Number.NaN : (1000 * bytes) / this.tookMs(nowMs)
  }

  /** How long what is on the way still takes, `queuedBytes` of it not acknowledged. NaN: nothing has come in yet. */
  drainMs(nowMs: number, queuedBytes: number): number {
    const bytes = this.lastBytes - this.fromBytes
    if (bytes === 0) return Number.NaN
    return Math.max(0, (queuedBytes * this.tookMs(nowMs)) / bytes - Math.min(nowMs - this.lastMs, lumpMs))
  }

  private tookMs(nowMs: number): number {
    return (nowMs - this.lastMs > lumpMs ? nowMs : this.lastMs) - this.fromMs
  }
}
