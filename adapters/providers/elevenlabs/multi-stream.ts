import { type AudioFormat, bytesToMs } from '../../../src/audio/format.js'
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
import { elevenLabsError, elevenLabsFailure } from './failure.js'

/** The sixth context on a socket ends it for all of them (docs, Multi-Context WebSocket). */
const maxContexts = 5

/** A connection to `/v1/text-to-speech/{voice}/multi-stream-input`. */
export class MultiStream extends VendorSpeech implements TtsStream {
  private readonly format: AudioFormat
  private readonly firstMessage: object
  private readonly contexts: TtsContexts

  /** @param firstMessage what the message that opens a context carries. */
  constructor(route: VendorRoute, request: TtsRequest, firstMessage: object, sink: TtsSink) {
    super(route, request, sink)
    this.format = request.format
    this.firstMessage = firstMessage
    this.contexts = new TtsContexts(sink)
  }

  speak(text: string, { contextId, flush = true, end = false }: TtsSpeakOptions): void {
    const open = this.contexts.get(contextId)
    if (this.closing || open?.ended) return
    const said = this.respelling.apply(open ? text : text.trimStart())
    if (said === '' && !open) return end ? this.doneUnspoken(contextId) : undefined
    if (!open && this.contexts.size >= maxContexts) return this.refuse(contextId, `${maxContexts} contexts at a time`)
    const context = open ?? this.begin(contextId)
    const flushes = flush || end
    // A message without text would only keep the context alive.
    if (said !== '')
      this.socket.sendJson({ text: flushes ? spaced(said) : said, context_id: contextId, flush: flushes })
    else if (flushes) this.flush(contextId)
    if (end) this.end(context)
  }

  flush(contextId: string): void {
    // A flush for a context that is not open would open it.
    if (this.contexts.get(contextId)?.ended === false) this.socket.sendJson({ context_id: contextId, flush: true })
  }

  cancel(contextId: string): void {
    const context = this.contexts.get(contextId)
    if (!context || context.cancelled) return
    context.cancelled = true
    if (!context.ended) this.end(context)
  }

  keepAlive(): void {
    for (const { id } of this.contexts.speaking) this.socket.sendJson({ context_id: id, text: '' })
  }

  protected override get idle(): boolean {
    return this.contexts.size === 0
  }

  protected override endAll(): void {
    for (const context of this.contexts.speaking) {
      this.flush(context.id)
      this.end(context)
    }
  }

  protected override sayGoodbye(): void {
    this.socket.close('{"close_socket":true}')
  }

  protected override judge(end: VendorEnd): ProviderFailure {
    return elevenLabsFailure(end, this.requestId)
  }

  protected override closed(failure: ProviderFailure | undefined, answered: boolean): void {
    this.contexts.clear()
    super.closed(failure, answered)
  }

  protected override received(message: VendorMessage): void {
    const error = textOf(message.error)
    // Documentation and server spell these two differently.
    const context = this.contexts.get(textOf(message.contextId ?? message.context_id) ?? '')
    if (error !== undefined) return this.failed(elevenLabsError(error, message, this.requestId), context)
    if (!context) return
    const audio = textOf(message.audio)
    if (audio) this.heard(context, Buffer.from(audio, 'base64'), recordOf(message.alignment))
    if (message.isFinal === true || message.is_final === true) this.finish(context)
  }

  /** Without a context the error is the socket's, and a close frame follows. */
  private failed(failure: ProviderFailure, context: TtsContext | undefined): void {
    if (context) this.finish(context, failure)
    else this.socket.fail(failure)
  }

  private finish({ id }: TtsContext, failure?: ProviderFailure): void {
    if (this.contexts.end(id)) this.done(id, failure)
  }

  private heard(context: TtsContext, audio: Uint8Array, alignment: VendorMessage | undefined): void {
    const startMs = bytesToMs(this.format, context.audioBytes)
    this.contexts.audio(context, audio)
    if (alignment) this.contexts.timing(context, timedText(alignment, startMs))
  }

  private begin(contextId: string): TtsContext {
    this.socket.sendJson({ text: ' ', context_id: contextId, ...this.firstMessage })
    return this.contexts.begin(contextId)
  }

  /** What was flushed before is still spoken. */
  private end(context: TtsContext): void {
    context.ended = true
    this.socket.sendJson({ context_id: context.id, close_context: true })
  }
}

/** Text must end with a blank, or its last word may be taken for the beginning of a longer one. */
function spaced(text: string): string {
  return /\s$/.test(text) ? text : `${text} `
}

/** Times count from the first audio of the message they came with. */
function timedText({ chars, charStartTimesMs, charDurationsMs }: VendorMessage, startMs: number): TimedText[] {
  const starts = listOf(charStartTimesMs)
  const durations = listOf(charDurationsMs)
  return listOf(chars).flatMap((char, index) => {
    const text = textOf(char)
    const at = numberOf(starts[index])
    const duration = numberOf(durations[index])
    if (text === undefined || at === undefined || duration === undefined) return []
    return { text, startMs: startMs + at, endMs: startMs + at + duration }
  })
}
