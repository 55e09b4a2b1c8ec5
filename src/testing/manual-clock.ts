import type { Cancel, Clock } from '../util/clock.js'

interface Entry {
  dueMs: number
  readonly order: number
  readonly periodMs: number | undefined
  readonly fn: () => void
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  readonly #startedAt: number
  readonly #entries: Set<Entry> = new Set()
  #nowMs = 0
  #order = 0

  /** @param startedAt wall time at `now() === 0`, in milliseconds since the Unix epoch. */
  constructor(startedAt = 1_700_000_000_000) {
    this.#startedAt = startedAt
  }

  /** Timers that would still fire: 0 once everything was cleaned up. */
  get pending(): number {
    return this.#entries.size
  }

  now(): number {
    return this.#nowMs
  }

  wallTime(): number {
    return this.#startedAt + this.#nowMs
  }

  after(delayMs: number, fn: () => void): Cancel {
    return this.#add(Math.max(0, delayMs), undefined, fn)
  }

  every(periodMs: number, fn: () => void): Cancel {
    if (!(periodMs > 0)) throw new RangeError(`periodMs: ${periodMs} must be above 0`)
    return this.#add(periodMs, periodMs, fn)
  }

  /** Lets `ms` pass, firing what falls due in the order of time and then of creation. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      if (next.periodMs === undefined) this.#entries.delete(next)
      else next.dueMs += next.periodMs
      next.fn()
    }
    this.#nowMs = endMs
  }

  /** Like `advance`, in steps of `stepMs`, letting promises settle before, between and after the steps. */
  async advanceAsync(ms: number, stepMs = 20): Promise<void> {
    await settle()
    for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
      this.advance(Math.min(stepMs, leftMs))
      await settle()
    }
  }

  #add(delayMs: number, periodMs: number | undefined, fn: () => void): Cancel {
    const entry: Entry = { dueMs: this.#nowMs + delayMs, order: this.#order++, periodMs, fn }
    this.#entries.add(entry)
    return () => {
      this.#entries.delete(entry)
    }
  }

  #next(untilMs: number): Entry | undefined {
    let first: Entry | undefined
    for (const entry of this.#entries) {
      if (entry.dueMs > untilMs) continue
      if (!first || entry.dueMs < first.dueMs || (entry.dueMs === first.dueMs && entry.order < first.order))
        first = entry
    }
    return first
  }
}

/** Lets everything that is already resolved run: enough rounds for the chains of promises in voice-ws. */
async function settle(): Promise<void> {
  for (let round = 0; round < 20; round++) await Promise.resolve()
}
