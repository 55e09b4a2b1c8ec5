import type {
  ProviderFailure,
  TimedText,
  TtsRequest,
  TtsSink,
  TtsSpeakOptions,
  TtsStream,
} from '../../../src/providers/contracts.js'
import { type TtsContext, TtsContexts } from '../../internal/tts-contexts.js'
import { listOf, numberOf, recordOf, textOf, type VendorMessage } from '../../internal/vendor-message.js'
import type { VendorEnd } from '../../internal/vendor-socket.js'
import { VendorSpeech } from '../../internal/vendor-speech.js'
import type { VendorRoute } from '../../internal/vendor-stream.js'
import { cartesiaError, cartesiaFailure } from './failure.js'

/** A connection to `/tts/websocket`. */
export class SonicStream extends VendorSpeech implements TtsStream {
  private readonly repeated: Readonly<Record<string, unknown>>
  private readonly contexts: TtsContexts

  /** @param repeated what every message of a context must say again. */
  constructor(route: VendorRoute, request: TtsRequest, repeated: Readonly<Record<string, unknown>>, sink: TtsSink) {
    super(route, request, sink)
    this.repeated = repeated
    this.contexts = new TtsContexts(sink)
  }

  speak(text: string, { contextId, flush = true, end = false }: TtsSpeakOptions): void {
    const open = this.contexts.get(contextId)
    if (this.closing || open?.ended) return
    const said = this.respelling.apply(open ? text : text.trimStart())
    if (said === '' && !open) return end ? this.doneUnspoken(contextId) : undefined
    const context = open ?? this.contexts.begin(contextId)
    context.ended = end
    if (said !== '' || end) this.send(contextId, said, !end)
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
    this.soon(() => this.finish(context))
  }

  protected override get idle(): boolean {
    return this.contexts.size === 0
  }

  protected override endAll(): void {
    for (const context of this.contexts.speaking) {
      context.ended = true
      this.send(context.id, '', false)
    }
  }

  /** There is no message for it. */
  protected override sayGoodbye(): void {
    this.socket.close()
  }

  protected override judge(end: VendorEnd): ProviderFailure {
    return cartesiaFailure(end, this.requestId, this.idle)
  }

  protected override closed(failure: ProviderFailure | undefined, answered: boolean): void {
    this.contexts.clear()
    super.closed(failure, answered)
  }

  protected override received(message: VendorMessage): void {
    const context = this.contexts.get(textOf(message.context_id) ?? '')
    if (message.type === 'error') return this.failed(message, context)
    if (!context) return
    switch (message.type) {
      case 'chunk':
        return this.contexts.audio(context, Buffer.from(textOf(message.data) ?? '', 'base64'))
      case 'timestamps':
        return this.contexts.timing(context, timedText(recordOf(message.word_timestamps) ?? {}))
      case 'done':
        return this.finish(context)
    }
  }

  /** An error ends its context and leaves the connection; one without a context cannot be placed. */
  private failed(message: VendorMessage, context: TtsContext | undefined): void {
    const failure = cartesiaError(message, this.requestId)
    if (context) this.finish(context, failure)
    else if (textOf(message.context_id) === undefined) this.socket.fail(failure)
  }

  private finish({ id }: TtsContext, failure?: ProviderFailure): void {
    if (this.contexts.end(id)) this.done(id, failure)
  }

  private send(contextId: string, transcript: string, more: boolean, flush?: true): void {
    this.socket.sendJson({ ...this.repeated, context_id: contextId, transcript, continue: more, flush })
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
