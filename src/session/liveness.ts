import type { Deadlines, Expiring } from '../util/deadlines.js'

export interface KeepAliveTiming {
  /** Between pings, give or take 10 %. */
  readonly intervalMs: number
  /** How long a pong may take. */
  readonly timeoutMs: number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

export interface KeepAliveActions {
  /** False: this socket cannot ping, and so cannot be found dead. */
  ping(): boolean
  /** No pong came. A closing handshake with a dead peer would only wait: the socket must be cut. */
  dead(): void
}

/** Pings one socket and finds out when it died silently: battery empty, network gone, no FIN. */
export class KeepAlive implements Expiring {
  private readonly deadlines: Deadlines
  private readonly timing: KeepAliveTiming
  private readonly actions: KeepAliveActions
  private awaiting = false

  constructor(deadlines: Deadlines, timing: KeepAliveTiming, actions: KeepAliveActions) {
    this.deadlines = deadlines
    this.timing = timing
    this.actions = actions
  }

  start(): void {
    this.awaiting = false
    // Jitter keeps 10,000 sessions of one restart from pinging in step for ever.
    this.deadlines.set(this, this.timing.intervalMs * (0.9 + 0.2 * this.timing.random()))
  }

  /** Reads are paused: a pong cannot be seen, so its absence means nothing. */
  suspend(): void {
    this.stop()
  }

  stop(): void {
    this.awaiting = false
    this.deadlines.clear(this)
  }

  answered(): void {
    if (this.awaiting) this.start()
  }

  expire(): void {
    if (this.awaiting) {
      this.awaiting = false
      return this.actions.dead()
    }
    if (!this.actions.ping()) return this.start()
    this.awaiting = true
    this.deadlines.set(this, this.timing.timeoutMs)
  }
}
