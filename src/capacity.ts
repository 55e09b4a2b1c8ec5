import { Census } from './census.js'
import { LoadGauge, type LoadProbe } from './load.js'
import type { HandlerLimits } from './options.js'
import { principalKey } from './session/resume.js'
import type { Session } from './session/session.js'
import type { SetupFailure } from './session/setup.js'
import type { Clock } from './util/clock.js'

/** Upgrades that may be undecided at once. Measured: 512 in flight still stall live calls by no more than 50 ms. */
const maxPendingUpgrades = 512
/** When a client that found the server full may come back, at the soonest. */
const minRetryMs = 1000

export interface BusyUpgrade {
  readonly status: 429 | 503
  readonly retryAfterMs: number
}

/** Whether there is room for another session: in all, per address, per principal, and on this machine. */
export class Capacity {
  readonly #limits: HandlerLimits
  readonly #load: LoadGauge
  readonly #perIp = new Census()
  readonly #perPrincipal = new Census()
  #sessions = 0
  #isShut = false

  constructor(limits: HandlerLimits, clock: Clock) {
    this.#limits = limits
    this.#load = new LoadGauge(clock, limits)
  }

  get overloaded(): boolean {
    return this.#load.overloaded
  }

  watch(probe: LoadProbe): void {
    this.#load.use(probe)
  }

  /** From now on nothing new may begin. */
  shut(): void {
    this.#isShut = true
  }

  enter({ remoteAddress, principalKey: key }: Session): void {
    this.#sessions++
    this.#perIp.enter(remoteAddress ?? '')
    this.#perPrincipal.enter(key)
  }

  leave({ remoteAddress, principalKey: key }: Session): void {
    this.#sessions--
    this.#perIp.leave(remoteAddress ?? '')
    this.#perPrincipal.leave(key)
  }

  /** Why this upgrade may not even be judged. */
  refuseUpgrade(address: string | undefined, protocol: string, pending: number): BusyUpgrade | null {
    const retryAfterMs = this.retryMs
    if (this.#isShut || pending > maxPendingUpgrades) return { status: 503, retryAfterMs }
    // A voice.v1 client may want to resume, which always passes; it is judged by its first message.
    if (protocol !== '') return null
    if (this.#perIp.count(address ?? '') >= this.#limits.perIp) return { status: 429, retryAfterMs }
    return this.#isFull ? { status: 503, retryAfterMs } : null
  }

  /** Why no session may begin for this principal now. */
  refuseSession(address: string | undefined, principal: unknown): SetupFailure | null {
    const { perIp, perPrincipal } = this.#limits
    const isFull =
      this.#isShut ||
      this.#isFull ||
      this.#perIp.count(address ?? '') >= perIp ||
      this.#perPrincipal.count(principalKey(principal)) >= perPrincipal
    const message = 'the server is full; come back later'
    return isFull ? { closeCode: 1013, code: 'capacity', message, retryAfterMs: this.retryMs } : null
  }

  /** Half as long again as everybody here would need to come back: whoever was refused spreads over that. */
  get retryMs(): number {
    return Math.max(minRetryMs, Math.round((1500 * this.#sessions) / this.#limits.acceptsPerSecond))
  }

  get #isFull(): boolean {
    return this.#sessions >= this.#limits.maxSessions || this.#load.overloaded
  }
}
