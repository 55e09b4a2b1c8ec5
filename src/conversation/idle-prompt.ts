import type { Cancel, Clock } from '../util/clock.js'

/** Speaks up when nobody has said anything for a while. */
export class IdlePrompt {
  readonly #clock: Clock
  readonly #onIdle: (count: number) => void
  #afterMs: number | undefined
  #count = 0
  #cancel: Cancel | undefined

  /** @param afterMs undefined: never. */
  constructor(clock: Clock, afterMs: number | undefined, onIdle: (count: number) => void) {
    this.#clock = clock
    this.#afterMs = afterMs
    this.#onIdle = onIdle
  }

  configure(afterMs: number | undefined): void {
    this.stop()
    this.#afterMs = afterMs
  }

  /** The user did something: the next prompt is the first again. */
  reset(): void {
    this.#count = 0
    this.stop()
  }

  /** Nobody says anything from now on. */
  start(): void {
    if (this.#afterMs === undefined || this.#cancel) return
    this.#cancel = this.#clock.after(this.#afterMs, () => {
      this.#cancel = undefined
      this.#onIdle(++this.#count)
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
