import type {
  ProviderFailure,
  TimedText,
  TtsSink,
  TtsSpeakOptions,
  TtsStream,
} from '../../../src/providers/contracts.js'
import { type TtsContext, TtsContexts } from '../../internal/tts-contexts.js'
import { listOf, numberOf, recordOf, textOf, type VendorMessage } from '../../internal/vendor-message.js'
import type { VendorEnd } from '../../internal/vendor-socket.js'
import { type VendorRoute, VendorStream } from '../../internal/vendor-stream.js'
import { cartesiaError, cartesiaFailure } from './failure.js'

/** A connection to `/tts/websocket`. */
export class SonicStream extends VendorStream<TtsSink> implements TtsStream {
  private readonly request: Readonly<Record<string, unknown>>
  private readonly contexts: TtsContexts

  constructor(route: VendorRoute, request: Readonly<Record<string, unknown>>, sink: TtsSink) {
    super(route, sink)
    this.request = request
    this.contexts = new TtsContexts(sink)
  }

  speak(text: string, { contextId, flush = true, end = false }: TtsSpeakOptions): void {
    const open = this.contexts.get(contextId)
    if (open?.ended) return
    if (text === '' && !open) return this.endUnspoken(contextId, end)
    const context = open ?? this.contexts.begin(contextId)
    context.ended = end
    if (text !== '' || end) this.send(contextId, text, !end)
    if (flush && !end) this.flush(contextId)
  }

  /** A flush is a request of its own. */
  flush(contextId: string): void {
    if (this.contexts.get(contextId)?.ended === false) this.send(contextId, '', true, true)
  }

  /** Nothing is promised to follow, so the context is over here; what still comes of it belongs to nobody. */
  cancel(contextId: string): void {
    const context = this.contexts.get(contextId)
    if (!context || context.cancelled) return
    context.cancelled = true
    this.socket.sendJson({ context_id: contextId, cancel: true })
    this.soon(() => this.contexts.finish(contextId))
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /** There is no message for it. */
  close(): void {
    this.socket.close()
  }

  protected override judge(end: VendorEnd): ProviderFailure {
    return cartesiaFailure(end, this.requestId, this.contexts.size === 0)
  }

  protected override closed(failure: ProviderFailure | undefined, answered: boolean): void {
    this.contexts.clear()
    super.closed(failure, answered)
  }

  protected override received(message: VendorMessage): void {
    const context = this.contexts.get(textOf(message.context_id) ?? '')
    switch (message.type) {
      case 'chunk':
        if (context) this.contexts.audio(context, Buffer.from(textOf(message.data) ?? '', 'base64'))
        return
      case 'timestamps':
        if (context) this.contexts.timing(context, timedText(recordOf(message.word_timestamps) ?? {}))
        return
      case 'done':
        if (context) this.contexts.finish(context.id)
        return
      case 'error':
        return this.failed(message, context)
    }
  }

  /** An error ends its context and leaves the connection; one without a context cannot be placed. */
  private failed(message: VendorMessage, context: TtsContext | undefined): void {
    const failure = cartesiaError(message, this.requestId)
    if (context) this.contexts.finish(context.id, failure)
    else if (textOf(message.context_id) === undefined) this.socket.fail(failure)
  }

  private send(contextId: string, transcript: string, more: boolean, flush?: true): void {
    this.socket.sendJson({ ...this.request, context_id: contextId, transcript, continue: more, flush })
  }

  private endUnspoken(contextId: string, end: boolean): void {
    if (end) this.soon(() => this.sink.done(contextId))
  }
}

function timedText({ words, start, end }: VendorMessage): TimedText[] {
  const starts = listOf(start)
  const ends = listOf(end)
  return listOf(words).flatMap((word, index) => {
    const text = textOf(word)
    const from = numberOf(starts[index])
    const to = numberOf(ends[index])
    return text === undefined || from === undefined || to === undefined
      ? []
      : { text, startMs: from * 1000, endMs: to * 1000 }
  })
}
