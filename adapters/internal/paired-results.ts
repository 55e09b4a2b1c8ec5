import type { Cancel, Clock } from '../../src/util/clock.js'
import type { VendorMessage } from './vendor-message.js'

/**
 * Makes one result of the two that some vendors give: first a plain one, then the same with more in it. Now and then
 * they come in the other order, and now and then the second one never comes.
 */
export class PairedResults {
  private readonly clock: Clock
  private readonly waitMs: number
  private readonly keyOf: (result: VendorMessage) => unknown
  private readonly deliver: (result: VendorMessage) => void
  /** A plain one that waits for its twin. */
  private plain: VendorMessage | undefined
  /** The key of a full one whose plain twin has not come. */
  private early: unknown
  private cancelWait: Cancel | undefined

  /** @param keyOf what twins have in common. */
  constructor(
    clock: Clock,
    waitMs: number,
    keyOf: (result: VendorMessage) => unknown,
    deliver: (result: VendorMessage) => void,
  ) {
    this.clock = clock
    this.waitMs = waitMs
    this.keyOf = keyOf
    this.deliver = deliver
  }

  acceptPlain(result: VendorMessage): void {
    this.settle()
    const { early } = this
    this.early = undefined
    if (early !== undefined && early === this.keyOf(result)) return
    this.plain = result
    this.cancelWait = this.clock.after(this.waitMs, () => this.settle())
  }

  acceptFull(result: VendorMessage): void {
    if (this.plain) {
      this.cancelWait?.()
      this.plain = undefined
    } else {
      this.early = this.keyOf(result)
    }
    this.deliver(result)
  }

  /** Nothing more comes: what waits is delivered as it is. */
  settle(): void {
    const { plain } = this
    this.cancelWait?.()
    this.plain = undefined
    if (plain) this.deliver(plain)
  }

  /** What waits is not wanted any more. */
  drop(): void {
    this.cancelWait?.()
    this.plain = undefined
  }
}
