import { Census } from './census.js'
import { LoadGauge, type LoadProbe } from './load.js'
import type { HandlerLimits } from './options.js'
import { principalKey } from './session/resume.js'
import type { Session } from './session/session.js'
import type { SetupFailure } from './session/setup.js'
import type { Clock } from './util/clock.js'

/** Upgrades that may be undecided at once. Measured: 512 in flight still stall live calls by no more than 50 ms. */
const maxPendingUpgrades = 512
/** When a client that found the server full may come back, at the soonest and at the latest. */
const minRetryMs = 1000
const maxRetryMs = 30_000

export interface BusyUpgrade {
  readonly status: 429 | 503
  readonly retryAfterMs: number
}

/** Whether there is room for another session: in all, per address, per principal, and on this machine. */
export class Capacity {
  readonly #limits: HandlerLimits
  readonly #clock: Clock
  readonly #load: LoadGauge
  readonly #perIp = new Census()
  readonly #perPrincipal = new Census()
  #sessions = 0
  #isShut = false
  /** When the last of those who were refused comes back. */
  #lastReturnMs = 0

  constructor(limits: HandlerLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
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
    if (this.#isShut || pending > maxPendingUpgrades) return { status: 503, retryAfterMs: this.retryMs() }
    // A voice.v1 client may want to resume, which always passes; it is judged by its first message.
    if (protocol !== '') return null
    if (this.#perIp.count(address ?? '') >= this.#limits.perIp) return { status: 429, retryAfterMs: this.retryMs() }
    return this.#isFull ? { status: 503, retryAfterMs: this.retryMs() } : null
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
    return isFull ? { closeCode: 1013, code: 'capacity', message, retryAfterMs: this.retryMs() } : null
  }

  /**
   * How long one more client that was refused is to stay away: half as long again as everybody here would need to come
   * back, and until after all who were refused before. Otherwise a herd that finds a busy server keeps it busy by asking.
   */
  retryMs(): number {
    const { acceptsPerSecond } = this.#limits
    const nowMs = this.#clock.now()
    const afterOthersMs = Math.max(minRetryMs, this.#lastReturnMs + 1000 / acceptsPerSecond - nowMs)
    this.#lastReturnMs = nowMs + Math.min(maxRetryMs, afterOthersMs)
    return Math.round(Math.max((1500 * this.#sessions) / acceptsPerSecond, this.#lastReturnMs - nowMs))
  }

  get #isFull(): boolean {
    return this.#sessions >= this.#limits.maxSessions || this.#load.overloaded
  }
}
