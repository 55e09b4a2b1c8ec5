import type { Cancel, Clock } from '../util/clock.js'

/** A replacement is looked for this long before a provider ends a stream, at most a fifth of its life. */
const AGEING_MS = 30_000
/** And forced this long before: a connection may take 5 s. */
const ENDING_MS = 6000

export interface LifetimePorts {
  /** The stream should be replaced at the next quiet moment. */
  ageing(): void
  /** The stream must be replaced now. */
  ending(): void
}

/** The life of a stream that its provider limits. */
export class Lifetime {
  private readonly clock: Clock
  private readonly ports: LifetimePorts
  private cancel: Cancel | undefined

  constructor(clock: Clock, ports: LifetimePorts) {
    this.clock = clock
    this.ports = ports
  }

  /** @param limitMs undefined: it may live for ever. */
  start(limitMs: number | undefined): void {
    this.stop()
    if (limitMs === undefined) return
    const ageingMs = Math.min(AGEING_MS, limitMs / 5)
    const endingMs = Math.min(ENDING_MS, ageingMs / 2)
    this.cancel = this.clock.after(limitMs - ageingMs, () => {
      this.cancel = this.clock.after(ageingMs - endingMs, this.ports.ending)
      this.ports.ageing()
    })
  }

  stop(): void {
    this.cancel?.()
    this.cancel = undefined
  }
}
