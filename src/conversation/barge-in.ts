import type { Cancel, Clock } from '../util/clock.js'
import type { TurnOptions } from './turn-options.js'

export interface BargeInPorts {
  /** Something is being heard. */
  readonly speaking: boolean
  /** Something is being heard that may be interrupted. */
  readonly interruptible: boolean
  /** Something is on its way and nothing is being heard yet. */
  readonly preparing: boolean
  interrupt(): void
  /** Stops the audio without dropping it, or lets it go on. */
  hold(held: boolean): void
}

/** Voice without words for this long was none: a cough, a door, somebody else. */
const falseInterruptionMs = 1500

/** Decides when the user's voice stops the assistant's. */
export class BargeIn {
  readonly #clock: Clock
  readonly #ports: BargeInPorts
  #options: TurnOptions
  #cancelDoubt: Cancel | undefined
  #falseInterruptions = 0

  constructor(options: TurnOptions, clock: Clock, ports: BargeInPorts) {
    this.#options = options
    this.#clock = clock
    this.#ports = ports
  }

  /** Speech that was held and went on because no words came. */
  get falseInterruptions(): number {
    return this.#falseInterruptions
  }

  configure(options: TurnOptions): void {
    this.#options = options
  }

  /** The user's voice has lasted long enough to interrupt. */
  onset(): void {
    const { bargeIn, minWords, resumeFalseInterruption } = this.#options
    if (!bargeIn) return
    if (!this.#ports.interruptible) {
      // Nothing is lost by waiting a moment before talking into somebody's voice.
      if (this.#ports.preparing) this.#doubt()
    } else if (resumeFalseInterruption) {
      this.#doubt()
    } else if (minWords <= 1) {
      this.#ports.interrupt()
    }
  }

  /** The turn being said has `count` words; `certain` when they will not be taken back. */
  words(count: number, certain: boolean): void {
    const { bargeIn, minWords } = this.#options
    const { interruptible, preparing } = this.#ports
    if (!bargeIn || count === 0 || !(interruptible || preparing)) return
    // A guess is enough to stop talking, but not to give an answer up of which nothing was heard yet.
    if (count >= minWords && (interruptible || certain)) this.#ports.interrupt()
    else if (preparing || this.#isHolding) this.#doubt()
  }

  /** Whether what the user said in passing is no turn of its own. */
  isBackchannel(words: number): boolean {
    return words < this.#options.minWords && (this.#ports.speaking || this.#ports.preparing)
  }

  /** The doubt is over: what is held goes on, unless it has been purged. */
  release(): void {
    if (!this.#cancelDoubt) return
    this.#cancelDoubt()
    this.#cancelDoubt = undefined
    this.#ports.hold(false)
  }

  get #isHolding(): boolean {
    return this.#cancelDoubt !== undefined
  }

  #doubt(): void {
    if (this.#cancelDoubt) this.#cancelDoubt()
    else this.#ports.hold(true)
    this.#cancelDoubt = this.#clock.after(falseInterruptionMs, () => {
      this.#falseInterruptions++
      this.release()
    })
  }
}
