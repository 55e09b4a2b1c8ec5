import type { Clock } from '../util/clock.js'
import type { ProviderFailure } from './contracts.js'

/** What a provider does for a session. The same vendor's two services fail apart. */
export type ProviderLeg = 'stt' | 'tts'

/** `open`: to be left alone. `half-open`: one session tries whether it serves again. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** How a provider does, as the traffic of all sessions shows it. */
export interface ProviderStatus {
  readonly leg: ProviderLeg
  readonly provider: string
  readonly state: BreakerState
  /** Failures in a row. */
  readonly failures: number
  /** Until a session may try it again, in milliseconds. 0: now. */
  readonly coolDownMs: number
  /** The failure that made it unusable; absent while it serves. For logs, never for clients. */
  readonly failure?: ProviderFailure | undefined
}

/** Failures in a row that open it. */
const MAX_FAILURES = 5
/** A connection that lives shorter than this was of no use to anybody. */
export const QUICK_FAILURE_MS = 5000
/** Such connections in a row that open it: a handshake that succeeds proves nothing when a policy close follows. */
export const MAX_QUICK_FAILURES = 3
const FIRST_OPEN_MS = 1000
const LONGEST_OPEN_MS = 60_000
/** A trial by a user who stays silent must not keep the others out. */
const TRIAL_MS = 10_000

/** One connection to a provider, as its health sees it. Ends with `failed` or `ended`. */
export class ConnectionAttempt {
  readonly ownCredentials: boolean
  readonly #breaker: Breaker
  readonly #clock: Clock
  #openedAtMs: number | undefined
  #hadResult = false
  #over = false

  /** Made by `ProviderHealth.attempt`. */
  constructor(breaker: Breaker, clock: Clock, ownCredentials: boolean) {
    this.#breaker = breaker
    this.#clock = clock
    this.ownCredentials = ownCredentials
  }

  /** How long the connection has been open; undefined before `opened`. */
  get ageMs(): number | undefined {
    return this.#openedAtMs === undefined ? undefined : this.#clock.now() - this.#openedAtMs
  }

  opened(): void {
    this.#openedAtMs ??= this.#clock.now()
  }

  /** It serves: a transcript or audio came. Only the first call counts. */
  result(): void {
    if (this.#hadResult || this.#over || this.#openedAtMs === undefined) return
    this.#hadResult = true
    this.#breaker.served(this)
  }

  failed(failure: ProviderFailure): void {
    if (this.#over) return
    this.#over = true
    this.#breaker.failed(this, failure)
  }

  /** Closed because nobody wanted it any more: says nothing about the provider. */
  ended(): void {
    if (this.#over) return
    this.#over = true
    this.#breaker.released(this)
  }
}

/** Keeps sessions away from a provider that fails, longer each time, and lets one of them find out when it serves again. */
export class Breaker {
  readonly leg: ProviderLeg
  readonly provider: string
  readonly #clock: Clock
  readonly #random: () => number
  readonly #onChange: ((status: ProviderStatus) => void) | undefined
  #state: BreakerState = 'closed'
  #failures = 0
  #quickFailures = 0
  #openForMs = 0
  /** No attempt before this: the cool-down, a trial by somebody else, or what the provider asked for. */
  #heldUntilMs = Number.NEGATIVE_INFINITY
  #trial: ConnectionAttempt | undefined
  #cause: ProviderFailure | undefined

  constructor(
    leg: ProviderLeg,
    provider: string,
    clock: Clock,
    random: () => number,
    onChange: ((status: ProviderStatus) => void) | undefined,
  ) {
    this.leg = leg
    this.provider = provider
    this.#clock = clock
    this.#random = random
    this.#onChange = onChange
  }

  get status(): ProviderStatus {
    return {
      leg: this.leg,
      provider: this.provider,
      state: this.#state,
      failures: this.#failures,
      coolDownMs: this.coolDownMs,
      failure: this.#cause,
    }
  }

  get coolDownMs(): number {
    return Math.max(0, this.#heldUntilMs - this.#clock.now())
  }

  attempt(force: boolean, ownCredentials: boolean): ConnectionAttempt | null {
    const held = this.coolDownMs > 0
    if (held && !force) return null
    const attempt = new ConnectionAttempt(this, this.#clock, ownCredentials)
    if (this.#state !== 'closed' && !held) {
      this.#trial = attempt
      this.#heldUntilMs = this.#clock.now() + TRIAL_MS
      this.#become('half-open')
    }
    return attempt
  }

  served(attempt: ConnectionAttempt): void {
    this.#failures = 0
    if ((attempt.ageMs ?? 0) >= QUICK_FAILURE_MS) this.#quickFailures = 0
    this.#openForMs = 0
    this.#trial = undefined
    if (this.#state === 'closed') return
    this.#heldUntilMs = Number.NEGATIVE_INFINITY
    this.#cause = undefined
    this.#become('closed')
  }

  failed(attempt: ConnectionAttempt, failure: ProviderFailure): void {
    const isTrial = this.#trial === attempt
    if (!counts(attempt, failure)) return this.released(attempt)
    this.#failures++
    this.#countQuick(attempt)
    if (isTrial || (this.#state === 'closed' && this.#isTooMuch(failure))) this.#open(failure)
    if (failure.class === 'rate' && failure.retryAfterMs !== undefined) {
      this.#heldUntilMs = Math.max(this.#heldUntilMs, this.#clock.now() + failure.retryAfterMs)
    }
  }

  /** An attempt that ended without a verdict leaves the trial to the next session. */
  released(attempt: ConnectionAttempt): void {
    if (this.#trial !== attempt) return
    this.#trial = undefined
    this.#heldUntilMs = Number.NEGATIVE_INFINITY
    this.#become('open')
  }

  #countQuick(attempt: ConnectionAttempt): void {
    const { ageMs } = attempt
    if (ageMs === undefined) return
    this.#quickFailures = ageMs < QUICK_FAILURE_MS ? this.#quickFailures + 1 : 0
  }

  #isTooMuch(failure: ProviderFailure): boolean {
    if (isPermanent(failure)) return true
    return this.#failures >= MAX_FAILURES || this.#quickFailures >= MAX_QUICK_FAILURES
  }

  #open(failure: ProviderFailure): void {
    this.#trial = undefined
    this.#quickFailures = 0
    this.#openForMs = this.#openForMs === 0 ? FIRST_OPEN_MS : Math.min(LONGEST_OPEN_MS, 2 * this.#openForMs)
    // Sessions that failed together must not come back together.
    this.#heldUntilMs = this.#clock.now() + this.#openForMs * (0.75 + 0.5 * this.#random())
    this.#cause = failure
    this.#become('open')
  }

  #become(state: BreakerState): void {
    if (state === this.#state) return
    this.#state = state
    this.#onChange?.(this.status)
  }
}

/** Retrying with the same credentials never helps. */
export function isPermanent(failure: ProviderFailure): boolean {
  return failure.class === 'auth' || failure.class === 'quota'
}

/** Whether a failure says something about the provider that concerns other sessions. */
function counts(attempt: ConnectionAttempt, failure: ProviderFailure): boolean {
  switch (failure.class) {
    case 'connection':
      return true
    case 'auth':
    case 'quota':
    case 'rate':
      return !attempt.ownCredentials
    case 'data':
    case 'lifetime':
    case 'idle':
      return false
  }
}
