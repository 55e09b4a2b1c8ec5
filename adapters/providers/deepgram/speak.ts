import type {
  ProviderFailure,
  TtsRequest,
  TtsSink,
  TtsSpeakOptions,
  TtsStream,
} from '../../../src/providers/contracts.js'
import type { Cancel, Clock } from '../../../src/util/clock.js'
import { textOf, type VendorMessage } from '../../internal/vendor-message.js'
import type { VendorEnd, VendorHeaders } from '../../internal/vendor-socket.js'
import { VendorSpeech } from '../../internal/vendor-speech.js'
import type { VendorRoute } from '../../internal/vendor-stream.js'
import { deepgramFailure, requestIdOf } from './failure.js'
import type { FlushQuota } from './flush-quota.js'

/** A flush that must wait longer is not worth waiting for: another connection brings a quota of its own. */
const patienceMs = 500

interface Context {
  readonly id: string
  /** No more text comes. */
  ended: boolean
}

/**
 * A connection to `/v1/speak`. It has one buffer: audio belongs to whatever was said last, and is complete when every
 * flush has been answered.
 */
export class SpeakStream extends VendorSpeech implements TtsStream {
  private readonly clock: Clock
  private readonly quota: FlushQuota
  private context: Context | undefined
  /** Text of the context was sent that no flush has covered. */
  private unflushed = false
  /** Flushes of the context that Deepgram has not answered. */
  private flushes = 0
  /** Contexts whose `Clear` Deepgram has not answered: until then audio and answers are theirs. */
  private readonly clearing: string[] = []
  private cancelHeldFlush: Cancel | undefined

  constructor(route: VendorRoute, request: TtsRequest, quota: FlushQuota, sink: TtsSink) {
    super(route, request, sink)
    this.clock = route.account.clock
    this.quota = quota
  }

  speak(text: string, { contextId, flush = true, end = false }: TtsSpeakOptions): void {
    if (this.closing) return
    if (this.context && this.context.id !== contextId) return this.refuse(contextId, 'one context at a time')
    const said = this.context ? text : text.trimStart()
    if (said === '' && !this.context) return end ? this.doneUnspoken(contextId) : undefined
    this.context ??= { id: contextId, ended: false }
    if (this.context.ended) return
    if (said !== '') {
      this.unflushed = true
      this.socket.sendJson({ type: 'Speak', text: this.respelling.apply(said) })
    }
    if (flush || end) this.flushNow()
    if (end) this.endAll()
  }

  flush(contextId: string): void {
    if (this.context?.id === contextId) this.flushNow()
  }

  cancel(contextId: string): void {
    if (this.context?.id !== contextId) return
    this.forget()
    this.clearing.push(contextId)
    this.socket.sendJson({ type: 'Clear' })
  }

  keepAlive(): void {
    this.socket.ping()
  }

  protected override get idle(): boolean {
    return !this.context && this.clearing.length === 0
  }

  protected override endAll(): void {
    if (!this.context) return
    this.context.ended = true
    this.flushNow()
    this.soon(this.finish)
  }

  protected override sayGoodbye(): void {
    this.socket.close('{"type":"Close"}')
  }

  protected override opened(headers: VendorHeaders): void {
    this.requestId = requestIdOf(headers)
    super.opened(headers)
  }

  protected override judge(end: VendorEnd): ProviderFailure {
    return deepgramFailure(end, this.requestId)
  }

  protected override binary(audio: Uint8Array): void {
    if (this.context && this.clearing.length === 0) this.sink.audio(this.context.id, audio)
  }

  protected override closed(failure: ProviderFailure | undefined, answered: boolean): void {
    this.forget()
    super.closed(failure, answered)
  }

  protected override received(message: VendorMessage): void {
    // The published schema says `flushed`, the server `Flushed`.
    switch (textOf(message.type)?.toLowerCase()) {
      case 'flushed':
        return this.flushed()
      case 'cleared':
        return this.cleared()
      case 'warning':
        return this.warned(String(message.code), String(message.description))
    }
  }

  private flushed(): void {
    if (this.clearing.length > 0 || this.flushes === 0) return
    this.flushes--
    this.finish()
  }

  private cleared(): void {
    const contextId = this.clearing.shift()
    if (contextId !== undefined) this.done(contextId)
  }

  private flushNow(): void {
    if (!this.unflushed) return
    this.cancelHeldFlush?.()
    const { waitMs } = this.quota
    if (waitMs > 0) {
      this.cancelHeldFlush = this.clock.after(waitMs, () => this.flushNow())
      return
    }
    this.unflushed = false
    this.flushes++
    this.quota.spend()
    this.socket.sendJson({ type: 'Flush' })
  }

  private warned(code: string, message: string): void {
    this.sink.warning({ code, message })
    if (!/flush/i.test(`${code} ${message}`) || this.flushes === 0) return
    // The flush was ignored: what it covered is still to be said.
    this.flushes--
    this.unflushed = true
    this.quota.exhaust()
    this.flushNow()
  }

  private readonly finish = (): void => {
    if (!this.context?.ended || this.unflushed || this.flushes > 0) return
    const { id } = this.context
    this.forget()
    this.done(id)
    if (!this.closing && this.quota.waitMs > patienceMs) this.socket.fail(this.quotaSpent())
  }

  private forget(): void {
    this.cancelHeldFlush?.()
    this.context = undefined
    this.unflushed = false
    this.flushes = 0
  }

  private quotaSpent(): ProviderFailure {
    const { requestId } = this
    return { class: 'lifetime', reason: 'this connection has used up its flushes for a minute', requestId }
  }
}
