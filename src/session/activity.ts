import type { Deadlines, Expiring } from '../util/deadlines.js'

export interface ActivityPorts {
  /** Something is being said or answered, so the session is not idle. */
  busy(): boolean
  /** The session's time is nearly over: so much is left. */
  ending(leftMs: number): void
  /** Its time is over. */
  over(reason: 'session_limit' | 'idle'): void
}

/** How long before its end a session is told. */
const noticeMs = 60_000

/** Ends sessions that last too long or in which nothing happens. One shared deadline per session, no timer. */
export class Activity implements Expiring {
  private readonly deadlines: Deadlines
  private readonly limits: { readonly sessionMs: number; readonly idleMs: number | false }
  private readonly ports: ActivityPorts
  private readonly checkMs: number
  private startedAtMs = 0
  private activeAtMs = 0
  private seen = false
  private noticed = false

  constructor(
    deadlines: Deadlines,
    limits: { readonly sessionMs: number; readonly idleMs: number | false },
    ports: ActivityPorts,
  ) {
    this.deadlines = deadlines
    this.limits = limits
    this.ports = ports
    // Reading the clock per audio frame would cost more than the frame; a flag checked now and then does not.
    this.checkMs = Math.max(1, Math.min(10_000, (limits.idleMs || limits.sessionMs) / 8, limits.sessionMs / 8))
  }

  start(nowMs: number): void {
    this.startedAtMs = nowMs
    this.activeAtMs = nowMs
    this.deadlines.set(this, this.checkMs)
  }

  /** Something happened. Called per frame. */
  touch(): void {
    this.seen = true
  }

  stop(): void {
    this.deadlines.clear(this)
  }

  expire(nowMs: number): void {
    const ageMs = nowMs - this.startedAtMs
    if (this.seen || this.ports.busy()) this.activeAtMs = nowMs
    this.seen = false
    if (ageMs >= this.limits.sessionMs) return this.ports.over('session_limit')
    if (this.limits.idleMs !== false && nowMs - this.activeAtMs >= this.limits.idleMs) return this.ports.over('idle')
    const leftMs = this.limits.sessionMs - ageMs
    this.deadlines.set(this, Math.min(this.checkMs, leftMs))
    if (this.noticed || leftMs > noticeMs) return
    this.noticed = true
    this.ports.ending(leftMs)
  }
}
