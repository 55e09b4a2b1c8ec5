import type { ProviderFailure, TtsRequest, TtsSink } from '../../src/providers/contracts.js'
import type { Cancel, Clock } from '../../src/util/clock.js'
import { Respelling } from './respelling.js'
import { type VendorRoute, VendorStream } from './vendor-stream.js'

/** How long what was given before `close` may take to be spoken. */
const lastWordsMs = 10_000

/** What all synthesis streams over a vendor's WebSocket have in common. */
export abstract class VendorSpeech extends VendorStream<TtsSink> {
  protected closing = false
  protected readonly respelling: Respelling
  private readonly lastWordsClock: Clock
  private cancelLastWords: Cancel | undefined

  constructor(route: VendorRoute, { options }: TtsRequest, sink: TtsSink) {
    super(route, sink)
    this.respelling = new Respelling(options.pronunciations)
    this.lastWordsClock = route.account.clock
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /** Speaks what it was given, then says goodbye. */
  close(): void {
    if (this.closing) return
    this.closing = true
    this.socket.resume()
    this.endAll()
    if (this.idle) return this.sayGoodbye()
    this.cancelLastWords = this.lastWordsClock.after(lastWordsMs, () => this.sayGoodbye())
  }

  /** No context is open. */
  protected abstract readonly idle: boolean

  /** No context gets more text. */
  protected abstract endAll(): void

  protected abstract sayGoodbye(): void

  /** Every context is done exactly once: whoever calls this has just forgotten it. */
  protected done(contextId: string, failure?: ProviderFailure): void {
    this.sink.done(contextId, failure)
    if (this.closing && this.idle) this.sayGoodbye()
  }

  /** A context with nothing to say, of which the vendor never hears. */
  protected doneUnspoken(contextId: string, failure?: ProviderFailure): void {
    this.soon(() => this.sink.done(contextId, failure))
  }

  protected refuse(contextId: string, reason: string): void {
    this.doneUnspoken(contextId, { class: 'rate', reason, requestId: this.requestId })
  }

  protected override closed(failure: ProviderFailure | undefined, answered: boolean): void {
    this.cancelLastWords?.()
    super.closed(failure, answered)
  }
}
