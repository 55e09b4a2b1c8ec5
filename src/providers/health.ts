import type { Clock } from '../util/clock.js'
import { Breaker, type BreakerState, type ConnectionAttempt, type ProviderLeg, type ProviderStatus } from './breaker.js'

export type { BreakerState, ConnectionAttempt, ProviderLeg, ProviderStatus }

export interface ProviderHealthOptions {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Told when a provider becomes unusable, is tried again, or serves again. Must not throw. */
  readonly onChange?: ((status: ProviderStatus) => void) | undefined
}

export interface AttemptOptions {
  /** Connect even though the breaker is open: there is nobody else to turn to. Default false. */
  readonly force?: boolean | undefined
  /** The client brought its own credentials: their refusal says nothing about the provider. Default false. */
  readonly ownCredentials?: boolean | undefined
}

/**
 * What the sessions of a handler learn about their providers from real traffic, shared so that one session's bad
 * experience spares the others theirs. Never connects by itself and holds no timer.
 */
export class ProviderHealth {
  readonly #options: ProviderHealthOptions
  readonly #breakers: Map<string, Breaker> = new Map()

  constructor(options: ProviderHealthOptions) {
    this.#options = options
  }

  /**
   * Asks to open one connection. Null: the breaker is open, or another session is already trying. The attempt must be
   * told how the connection went.
   */
  attempt(leg: ProviderLeg, provider: string, options: AttemptOptions = {}): ConnectionAttempt | null {
    return this.#breaker(leg, provider).attempt(options.force ?? false, options.ownCredentials ?? false)
  }

  /** Milliseconds until `attempt` may be granted. */
  coolDownMs(leg: ProviderLeg, provider: string): number {
    return this.#breakers.get(keyOf(leg, provider))?.coolDownMs ?? 0
  }

  /** Every provider that was ever tried. */
  snapshot(): ProviderStatus[] {
    return [...this.#breakers.values()].map(breaker => breaker.status)
  }

  #breaker(leg: ProviderLeg, provider: string): Breaker {
    const key = keyOf(leg, provider)
    let breaker = this.#breakers.get(key)
    if (!breaker) {
      breaker = new Breaker(leg, provider, this.#options.clock, this.#options.random, this.#options.onChange)
      this.#breakers.set(key, breaker)
    }
    return breaker
  }
}

function keyOf(leg: ProviderLeg, provider: string): string {
  return `${leg}:${provider}`
}
