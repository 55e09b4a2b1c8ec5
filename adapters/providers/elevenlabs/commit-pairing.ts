import type { Cancel, Clock } from '../../../src/util/clock.js'
import { textOf, type VendorMessage } from '../../internal/vendor-message.js'

/**
 * Makes one result of the two that a commit gets when times of words are asked for: the plain text, and the same text
 * with its words. Usually they come in that order, sometimes in the other, and now and then the second one never comes.
 */
export class CommitPairing {
  private readonly clock: Clock
  private readonly waitMs: number
  private readonly deliver: (committed: VendorMessage) => void
  /** A plain one that waits for its twin. */
  private plain: VendorMessage | undefined
  /** The text of one with words whose plain twin has not come. */
  private early: string | undefined
  private cancelWait: Cancel | undefined

  constructor(clock: Clock, waitMs: number, deliver: (committed: VendorMessage) => void) {
    this.clock = clock
    this.waitMs = waitMs
    this.deliver = deliver
  }

  acceptPlain(committed: VendorMessage): void {
    this.settle()
    const { early } = this
    this.early = undefined
    if (early !== undefined && early === textOf(committed.text)) return
    this.plain = committed
    this.cancelWait = this.clock.after(this.waitMs, () => this.settle())
  }

  acceptTimed(committed: VendorMessage): void {
    if (this.plain) {
      this.cancelWait?.()
      this.plain = undefined
    } else {
      this.early = textOf(committed.text)
    }
    this.deliver(committed)
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
