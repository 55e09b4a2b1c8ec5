import type { Clock } from '../util/clock.js'
import {
  type ConnectionAttempt,
  isPermanent,
  MAX_QUICK_FAILURES,
  type ProviderLeg,
  QUICK_FAILURE_MS,
} from './breaker.js'
import type { ProviderFailure } from './contracts.js'
import type { ProviderHealth } from './health.js'

/** What a chain needs to know of the providers it chooses from. */
export interface ChainCandidate {
  readonly provider: { readonly name: string }
  readonly credentials?: Readonly<Record<string, unknown>> | undefined
}

/** A provider to connect to, and the attempt to report on. */
export interface Connectable<C> {
  readonly candidate: C
  readonly attempt: ConnectionAttempt
}

/** Waits before the retries of one provider. The first is immediate: most drops are a server that went away. */
const retryDelaysMs = [0, 250, 500, 1000, 2000] as const
const MAX_RATE_FAILURES = 2
/** A provider that asks for a longer pause is left alone while another one can serve. */
const LONGEST_WAIT_MS = 2000
/** How long a session stays away from a provider that it left, doubling each time. */
const FIRST_HOLD_MS = 5000
const LONGEST_HOLD_MS = 60_000

interface Standing<C> {
  readonly candidate: C
  /** Retries since it last served for a while. */
  retries: number
  rateFailures: number
  quickFailures: number
  departures: number
  /** Not to be returned to before this. */
  heldUntilMs: number
  /** Of no use to this session: a retry cannot succeed. */
  barred: boolean
}

export interface FailoverOptions<C> {
  readonly leg: ProviderLeg
  readonly health: ProviderHealth
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Whether audio or text that one provider rejected as malformed may suit another. Default: never. */
  readonly differs?: ((rejecting: C, other: C) => boolean) | undefined
}

/**
 * The failover order of one session: which provider to connect to next, and after which wait. The first candidate is
 * the preferred one. The last one that is left is tried for ever, breaker or not; whoever uses the chain gives up.
 */
export class FailoverChain<C extends ChainCandidate> {
  readonly #options: FailoverOptions<C>
  readonly #standings: Standing<C>[]
  #index = 0

  /** @param candidates at least one. */
  constructor(candidates: readonly C[], options: FailoverOptions<C>) {
    this.#options = options
    this.#standings = candidates.map(candidate => ({
      candidate,
      retries: 0,
      rateFailures: 0,
      quickFailures: 0,
      departures: 0,
      heldUntilMs: Number.NEGATIVE_INFINITY,
      barred: false,
    }))
  }

  /** The provider in use, or to be tried next. */
  get current(): C {
    return this.#standings[this.#index]!.candidate
  }

  /** The first provider that may be connected to, from the current one on; null when none is left. */
  next(): Connectable<C> | null {
    const { length } = this.#standings
    for (let step = 0; step < length; step++) {
      const index = (this.#index + step) % length
      const attempt = this.#attempt(this.#standings[index]!, false)
      if (!attempt) continue
      this.#index = index
      return { candidate: this.current, attempt }
    }
    if (this.#standings[this.#index]!.barred && !this.#advance()) return null
    const standing = this.#standings[this.#index]!
    const attempt = this.#attempt(standing, true)
    return attempt && { candidate: standing.candidate, attempt }
  }

  /**
   * The current provider failed: decides who is next.
   *
   * @param livedMs how long the connection was open; undefined when it never opened.
   * @param patient false when trying the same one again would waste the user's time: it took too long to connect.
   * @returns the wait before `next()`, or null when nothing is left to try.
   */
  failed(failure: ProviderFailure, livedMs: number | undefined, patient = true): number | null {
    const standing = this.#standings[this.#index]!
    countLife(standing, livedMs)
    if (isPermanent(failure)) {
      standing.barred = true
    } else if (failure.class === 'data') {
      this.#barAlike(standing.candidate)
    } else if (patient && this.#worthRetrying(standing, failure)) {
      return failure.class === 'rate' && failure.retryAfterMs !== undefined
        ? failure.retryAfterMs
        : this.#delayMs(standing)
    } else {
      this.#hold(standing)
    }
    if (!this.#advance()) return standing.barred ? null : (failure.retryAfterMs ?? this.#delayMs(standing))
    const next = this.#standings[this.#index]!
    return next.retries === 0 ? 0 : this.#delayMs(next)
  }

  /** Another provider than the current one, if one may be connected to now. Becomes current by `use`. */
  alternative(): Connectable<C> | null {
    const nowMs = this.#options.clock.now()
    for (let step = 1; step < this.#standings.length; step++) {
      const standing = this.#standings[(this.#index + step) % this.#standings.length]!
      if (standing.heldUntilMs > nowMs) continue
      const attempt = this.#attempt(standing, false)
      if (attempt) return { candidate: standing.candidate, attempt }
    }
    return null
  }

  /** A provider preferred to the current one whose cool-down has passed. Becomes current by `use`. */
  preferred(): Connectable<C> | null {
    const nowMs = this.#options.clock.now()
    for (const standing of this.#standings.slice(0, this.#index)) {
      if (standing.heldUntilMs > nowMs) continue
      const attempt = this.#attempt(standing, false)
      if (attempt) return { candidate: standing.candidate, attempt }
    }
    return null
  }

  /** The candidate serves now. False when it is none of the chain's. */
  use(candidate: C): boolean {
    const index = this.#standings.findIndex(standing => standing.candidate === candidate)
    if (index >= 0) this.#index = index
    return index >= 0
  }

  /** A candidate that was tried beside the serving one failed. */
  declined(candidate: C, failure: ProviderFailure): void {
    const standing = this.#standings.find(other => other.candidate === candidate)
    if (!standing) return
    if (isPermanent(failure) || failure.class === 'data') standing.barred = true
    else this.#hold(standing)
  }

  #attempt(standing: Standing<C>, force: boolean): ConnectionAttempt | null {
    if (standing.barred) return null
    const { leg, health } = this.#options
    const { provider, credentials } = standing.candidate
    return health.attempt(leg, provider.name, { force, ownCredentials: credentials !== undefined })
  }

  #worthRetrying(standing: Standing<C>, failure: ProviderFailure): boolean {
    if (failure.class === 'rate') {
      standing.rateFailures++
      return standing.rateFailures < MAX_RATE_FAILURES && (failure.retryAfterMs ?? 0) <= LONGEST_WAIT_MS
    }
    if (this.#coolDownMs(standing) > 0 && this.#othersReady()) return false
    return standing.quickFailures < MAX_QUICK_FAILURES && standing.retries < retryDelaysMs.length
  }

  #coolDownMs({ candidate }: Standing<C>): number {
    const { leg, health } = this.#options
    return health.coolDownMs(leg, candidate.provider.name)
  }

  #othersReady(): boolean {
    return this.#standings.some((standing, index) => {
      return index !== this.#index && !standing.barred && this.#coolDownMs(standing) === 0
    })
  }

  /** Half to one and a half times the schedule, so that sessions which failed together come back apart. */
  #delayMs(standing: Standing<C>): number {
    const delayMs = retryDelaysMs[Math.min(standing.retries, retryDelaysMs.length - 1)]!
    standing.retries++
    return delayMs * (0.5 + this.#options.random())
  }

  #hold(standing: Standing<C>): void {
    const holdMs = Math.min(LONGEST_HOLD_MS, FIRST_HOLD_MS * 2 ** standing.departures)
    standing.departures++
    // Whoever comes back to it comes back to a retry.
    standing.retries = Math.max(1, standing.retries)
    standing.heldUntilMs = this.#options.clock.now() + holdMs
  }

  #barAlike(rejecting: C): void {
    const { differs } = this.#options
    for (const standing of this.#standings) {
      if (standing.candidate === rejecting || !differs?.(rejecting, standing.candidate)) standing.barred = true
    }
  }

  /** Moves on to the next usable provider; false when there is no other. */
  #advance(): boolean {
    for (let step = 1; step < this.#standings.length; step++) {
      const index = (this.#index + step) % this.#standings.length
      if (this.#standings[index]!.barred) continue
      this.#index = index
      return true
    }
    return false
  }
}

function countLife(standing: Standing<ChainCandidate>, livedMs: number | undefined): void {
  if (livedMs === undefined) return
  if (livedMs < QUICK_FAILURE_MS) {
    standing.quickFailures++
    return
  }
  standing.retries = 0
  standing.rateFailures = 0
  standing.quickFailures = 0
}
