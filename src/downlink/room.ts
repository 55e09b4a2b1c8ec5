import type { DownlinkPorts } from './ports.js'

/** How much audio a session may hold: beyond `maxQueuedMs` its synthesiser pauses, below half of it there is room. */
export class Room {
  private readonly maxQueuedMs: number
  private readonly session: DownlinkPorts
  private full = false
  private roomy = true

  constructor(maxQueuedMs: number, session: DownlinkPorts) {
    this.maxQueuedMs = maxQueuedMs
    this.session = session
  }

  /** It held too much, and has not come down to half since. */
  get isFull(): boolean {
    return this.full
  }

  /** Tells the session of every change. */
  update(queuedMs: number): void {
    if (!this.full && queuedMs > this.maxQueuedMs) {
      this.full = true
      this.session.congested(true)
    }
    if (queuedMs >= this.maxQueuedMs / 2) {
      this.roomy = false
      return
    }
    if (this.full) {
      this.full = false
      this.session.congested(false)
    }
    if (this.roomy) return
    this.roomy = true
    this.session.room()
  }
}
