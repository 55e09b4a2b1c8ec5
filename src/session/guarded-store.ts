import type { Clock } from '../util/clock.js'
import type { Logger } from '../util/logger.js'
import { within } from '../util/within.js'
import type { SessionRecord, SessionStore } from './store.js'

/** A store slower than this has failed: clients wait for what it knows. */
const deadlineMs = 250
/** Failures in a row after which it is left alone, at first for the shorter time, then for twice as long each time. */
const maxFailures = 5
const firstPauseMs = 1000
const longestPauseMs = 60_000

const late = Symbol('late')

/** A store of the application: it gets a deadline, and peace while it is down. What it fails to do rejects. */
export class GuardedStore implements SessionStore {
  readonly #store: SessionStore
  readonly #clock: Clock
  readonly #logger: Logger
  #failures = 0
  #pauseMs = 0
  #pausedUntilMs = Number.NEGATIVE_INFINITY

  constructor(store: SessionStore, clock: Clock, logger: Logger) {
    this.#store = store
    this.#clock = clock
    this.#logger = logger
  }

  get(id: string): Promise<SessionRecord | null> {
    return this.#ask(() => this.#store.get(id))
  }

  put(record: SessionRecord): Promise<boolean> {
    return this.#ask(() => this.#store.put(record))
  }

  claim(id: string, epoch: number): Promise<SessionRecord | null> {
    return this.#ask(() => this.#store.claim(id, epoch))
  }

  delete(id: string): Promise<void> {
    return this.#ask(() => this.#store.delete(id))
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#clock.now() < this.#pausedUntilMs) throw new Error('the session store is left alone after it failed')
    try {
      const answer = await within(this.#clock, deadlineMs, question(), late)
      if (answer === late) throw new Error(`no answer within ${deadlineMs} ms`)
      this.#failures = 0
      this.#pauseMs = 0
      return answer as T
    } catch (error) {
      this.#failed(error)
      throw error
    }
  }

  #failed(error: unknown): void {
    // Those that were asked before it was left alone say nothing new.
    if (this.#clock.now() < this.#pausedUntilMs) return
    this.#failures++
    if (this.#failures >= maxFailures) {
      this.#pauseMs = Math.min(longestPauseMs, 2 * this.#pauseMs || firstPauseMs)
      this.#pausedUntilMs = this.#clock.now() + this.#pauseMs
    }
    const pauseMs = this.#failures >= maxFailures ? this.#pauseMs : 0
    this.#logger.warn({ err: error, pauseMs }, 'the session store failed; sessions go on without it')
  }
}
