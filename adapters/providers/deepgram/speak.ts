import type { ProviderFailure, TtsSink, TtsSpeakOptions, TtsStream } from '../../../src/providers/contracts.js'
import type { Cancel, Clock } from '../../../src/util/clock.js'
import { textOf, type VendorMessage } from '../../internal/vendor-message.js'
import type { VendorEnd, VendorHeaders } from '../../internal/vendor-socket.js'
import { type VendorRoute, VendorStream } from '../../internal/vendor-stream.js'
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
export class SpeakStream extends VendorStream<TtsSink> implements TtsStream {
  private readonly clock: Clock
  private readonly quota: FlushQuota
  private context: Context | undefined
  /** Text was sent that no flush has covered. */
  private unflushed = false
  /** Flushes that Deepgram has not answered. */
  private flushes = 0
  /** A `Clear` was sent and not answered: audio until then belongs to what was cleared. */
  private clearing = false
  private cancelHeldFlush: Cancel | undefined

  constructor(route: VendorRoute, quota: FlushQuota, sink: TtsSink) {
    super(route, sink)
    this.clock = route.account.clock
    this.quota = quota
  }

  speak(text: string, { contextId, flush = true, end = false }: TtsSpeakOptions): void {
    this.context ??= { id: contextId, ended: false }
    if (this.context.id !== contextId) return this.refuse(contextId)
    if (this.clearing) return
    if (text !== '') {
      this.unflushed = true
      this.socket.sendJson({ type: 'Speak', text })
    }
    this.context.ended ||= end
    if (flush || end) this.flushNow()
    if (end) this.soon(this.finish)
  }

  flush(contextId: string): void {
    if (this.context?.id === contextId) this.flushNow()
  }

  cancel(contextId: string): void {
    if (this.context?.id !== contextId || this.clearing) return
    this.cancelHeldFlush?.()
    this.unflushed = false
    this.flushes = 0
    this.context.ended = true
    this.clearing = true
    this.socket.sendJson({ type: 'Clear' })
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  keepAlive(): void {
    this.socket.ping()
  }

  close(): void {
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
    if (this.context && !this.clearing) this.sink.audio(this.context.id, audio)
  }

  protected override closed(failure: ProviderFailure | undefined, answered: boolean): void {
    this.cancelHeldFlush?.()
    this.context = undefined
    super.closed(failure, answered)
  }

  protected override received(message: VendorMessage): void {
    // The published schema says `flushed`, the server `Flushed`.
    switch (textOf(message.type)?.toLowerCase()) {
      case 'flushed':
        if (!this.clearing && this.flushes > 0) this.flushes--
        return this.finish()
      case 'cleared':
        this.clearing = false
        return this.finish()
      case 'warning':
        return this.warned(String(message.code), String(message.description))
    }
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
    if (!this.context?.ended || this.unflushed || this.flushes > 0 || this.clearing) return
    const { id } = this.context
    this.context = undefined
    this.sink.done(id)
    if (this.quota.waitMs > patienceMs) this.socket.fail(this.quotaSpent())
  }

  private quotaSpent(): ProviderFailure {
    const { requestId } = this
    return { class: 'lifetime', reason: 'this connection has used up its flushes for a minute', requestId }
  }

  private refuse(contextId: string): void {
    const reason = 'a connection speaks one context at a time'
    this.soon(() => this.sink.done(contextId, { class: 'rate', reason, requestId: this.requestId }))
  }
}
