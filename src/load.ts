import type { Clock } from './util/clock.js'

/** How busy the event loop is. Core cannot measure it without the runtime's help: adapters do. */
export type LoadProbe = () => {
  /** The 99th percentile of the event-loop delay since the last call, in milliseconds. */
  readonly delayP99Ms: number
  /** Share of the time in which the loop was busy, 0 to 1. */
  readonly utilisation: number
}

export interface LoadLimits {
  /** Event-loop delay, 99th percentile over a second, above which no new session begins. */
  readonly maxLoopDelayMs: number
  /** Share of a second in which the loop is busy, likewise. */
  readonly maxUtilisation: number
}

/** A probe covers the time since it was last asked; shorter spans say little. */
const probeEveryMs = 1000

/** Whether this process has room for another session. */
export class LoadGauge {
  readonly #clock: Clock
  readonly #limits: LoadLimits
  #probe: LoadProbe | undefined
  #probedAtMs = Number.NEGATIVE_INFINITY
  #overloaded = false

  constructor(clock: Clock, limits: LoadLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  use(probe: LoadProbe): void {
    this.#probe ??= probe
  }

  get overloaded(): boolean {
    const nowMs = this.#clock.now()
    if (this.#probe && nowMs - this.#probedAtMs >= probeEveryMs) {
      this.#probedAtMs = nowMs
      const { delayP99Ms, utilisation } = this.#probe()
      this.#overloaded = delayP99Ms > this.#limits.maxLoopDelayMs || utilisation > this.#limits.maxUtilisation
    }
    return this.#overloaded
  }
}
