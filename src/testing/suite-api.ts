import type { FailureClass, StreamClosed } from '../providers/contracts.js'

/** The parts of a test framework that the suites use: those of vitest, jest and bun fit as they are. */
export interface SuiteApi {
  describe(name: string, define: () => void): unknown
  it(name: string, run: () => Promise<void>, timeoutMs?: number): unknown
  expect(actual: unknown): {
    toBe(expected: unknown): unknown
    toEqual(expected: unknown): unknown
    toContain(expected: unknown): unknown
    toBeGreaterThan(expected: number): unknown
    toBeGreaterThanOrEqual(expected: number): unknown
    toBeLessThanOrEqual(expected: number): unknown
  }
}

const FAILURE_CLASSES: readonly FailureClass[] = ['auth', 'quota', 'rate', 'data', 'lifetime', 'idle', 'connection']

/** The events of one provider stream, in order, and a way to wait for them. */
export class EventLog<Event extends { readonly type: string }> {
  readonly events: Event[] = []
  readonly #timeoutMs: number
  readonly #waiting: Set<() => void> = new Set()

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  get types(): string[] {
    return this.events.map(event => event.type)
  }

  count(type: Event['type']): number {
    return this.events.filter(event => event.type === type).length
  }

  all<T extends Event['type']>(type: T): Extract<Event, { readonly type: T }>[] {
    return this.events.filter((event): event is Extract<Event, { readonly type: T }> => event.type === type)
  }

  add(event: Event): void {
    this.events.push(event)
    for (const check of this.#waiting) check()
  }

  /** Resolves when `reached` is true, at once or after some event; rejects with what has come when it takes too long. */
  until(what: string, reached: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        reject(new Error(`waited ${this.#timeoutMs} ms for ${what}; came: ${this.types.join(', ') || 'nothing'}`))
      }, this.#timeoutMs)
      const check = () => {
        if (!reached()) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  untilFirst(type: Event['type']): Promise<void> {
    return this.until(`"${type}"`, () => this.count(type) > 0)
  }
}

/** Time for something that must not happen to happen. */
export function pause(ms: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(() => resolve(), ms)
  })
}

/** A stream that ended as it was asked to: opened at most once, first; closed once, last, without a failure. */
export function expectCleanEnd(
  { expect }: SuiteApi,
  log: EventLog<{ readonly type: string } & Partial<StreamClosed>>,
): void {
  expectOneLife({ expect }, log)
  expect(log.events.at(-1)?.failure).toBe(undefined)
}

/** Does `end` and expects a clean end with nothing but `closed` from then on. */
export async function expectSilentEnd(
  api: SuiteApi,
  log: EventLog<{ readonly type: string } & Partial<StreamClosed>>,
  settleMs: number,
  end: () => void,
): Promise<void> {
  const before = log.events.length
  end()
  await log.untilFirst('closed')
  await pause(settleMs)
  api.expect(log.types.slice(before)).toEqual(['closed'])
  expectCleanEnd(api, log)
}

/** A stream that did not come about: a failure of a known class and nothing else. */
export function expectFailedStart(
  { expect }: SuiteApi,
  log: EventLog<{ readonly type: string } & Partial<StreamClosed>>,
): void {
  expect(log.types).toEqual(['closed'])
  const failure = log.events[0]?.failure
  expect(FAILURE_CLASSES).toContain(failure?.class)
  expect(typeof failure?.reason).toBe('string')
}

function expectOneLife({ expect }: Pick<SuiteApi, 'expect'>, log: EventLog<{ readonly type: string }>): void {
  expect(log.types.lastIndexOf('open')).toBeLessThanOrEqual(0)
  expect(log.count('closed')).toBe(1)
  expect(log.types.at(-1)).toBe('closed')
}
