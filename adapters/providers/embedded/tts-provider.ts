import { type AudioFormat, bytesPerSecond } from '../../../src/audio/format.js'
import type {
  ProviderFailure,
  TtsProvider,
  TtsRequest,
  TtsSink,
  TtsSpeakOptions,
  TtsStream,
} from '../../../src/providers/contracts.js'
import { isVoice, VOICES, type Voice } from './flite.js'
import type { FromSynthesiser, ToSynthesiser } from './messages.js'
import { checkName } from './options.js'
import { synthesisers } from './pools.js'
import { notInstalled, wrongFormat } from './refusal.js'
import type { Lease } from './worker-pool.js'

export interface EmbeddedTtsOptions {
  /** What the provider is called among the others of a handler. Default `embedded`. */
  readonly name?: string | undefined
  /** Voice for requests that name none: `slt`, `rms`, `kal16`, `awb` at 16 kHz, `kal` at 8 kHz. Default `slt`. */
  readonly voice?: Voice | undefined
}

/** Sound handed over in one piece: a clause arrives whole, its listeners like small pieces. */
const SLICE_MS = 100
const MAX_CONTEXTS = 8
const MAX_TEXT_CHARS = 5_000
/** The program turns speech slower or faster than this into noise. */
const SLOWEST = 0.5
const FASTEST = 2
/** The synthesis worker is one for all streams; it stays loaded. */
const IDLE_WORKERS = 1

/**
 * Speech synthesis inside this process, without key or network: Flite in a worker thread, shared by all streams.
 * American English; it sounds synthetic and starts within 100 ms.
 *
 * @throws TypeError naming the option that is wrong.
 */
export function embeddedTts(options: EmbeddedTtsOptions = {}): TtsProvider {
  const name = checkName('name', options.name ?? 'embedded')
  const defaultVoice = options.voice ?? 'slt'
  if (!isVoice(defaultVoice))
    throw new TypeError(
      `voice: ${String(defaultVoice)} does not exist; choose one of ${Object.keys(VOICES).join(', ')}`,
    )
  const format: AudioFormat = { encoding: 'linear16', sampleRate: VOICES[defaultVoice], channels: 1 }
  const voices = Object.keys(VOICES).filter(voice => VOICES[voice as Voice] === format.sampleRate)
  return {
    name,
    capabilities: {
      contexts: MAX_CONTEXTS,
      alignment: 'word',
      maxTextChars: MAX_TEXT_CHARS,
      keepAliveMs: 0,
      formats: [format],
      languages: ['en'],
      voices,
    },
    connect(request, sink) {
      const refusal = refuse(request, format, voices)
      return refusal ? new RefusedStream(sink, refusal) : new EmbeddedTtsStream(request, sink, format, defaultVoice)
    },
  }
}

function refuse(
  { format, options: { voiceId } }: TtsRequest,
  wanted: AudioFormat,
  voices: readonly string[],
): ProviderFailure | undefined {
  if (voiceId !== undefined && !voices.includes(voiceId))
    return { class: 'data', reason: `embedded: voice ${voiceId}, wanted one of ${voices.join(', ')}` }
  return wrongFormat(format, wanted) ?? notInstalled()
}

/** What a caller holds whose connection was refused. */
class RefusedStream implements TtsStream {
  constructor(sink: TtsSink, failure: ProviderFailure) {
    queueMicrotask(() => sink.closed({ failure }))
  }

  speak(): void {}
  cancel(): void {}
  close(): void {}
  abort(): void {}
}

interface Context {
  readonly name: string
  readonly number: number
  cancelled: boolean
}

class EmbeddedTtsStream implements TtsStream {
  private readonly sink: TtsSink
  private readonly signal: AbortSignal
  private readonly sliceBytes: number
  private readonly lease: Lease<ToSynthesiser>
  /** Open and not cancelled, by the caller's name. */
  private readonly byName = new Map<string, Context>()
  /** Not done, by number. */
  private readonly byNumber = new Map<number, Context>()
  private nextContext = 0
  private closing = false
  private ended = false

  constructor(request: TtsRequest, sink: TtsSink, format: AudioFormat, defaultVoice: Voice) {
    this.sink = sink
    this.signal = request.signal
    this.sliceBytes = (bytesPerSecond(format) * SLICE_MS) / 1000
    this.lease = synthesisers.open({
      message: message => this.receive(message),
      lost: reason => this.end({ class: 'connection', reason: `embedded: ${reason}` }),
    })
    const { voiceId, speakingRate = 1 } = request.options
    this.lease.post({
      type: 'open',
      stream: this.lease.stream,
      voice: voiceId !== undefined && isVoice(voiceId) ? voiceId : defaultVoice,
      speakingRate: Math.min(FASTEST, Math.max(SLOWEST, speakingRate)),
    })
    if (this.signal.aborted) this.abort()
    else this.signal.addEventListener('abort', this.abort, { once: true })
  }

  speak(text: string, { contextId, flush = true, end = false }: TtsSpeakOptions): void {
    if (this.closing) return
    const context = this.byName.get(contextId) ?? this.openContext(contextId)
    if (end) this.byName.delete(contextId)
    this.lease.post({ type: 'speak', stream: this.lease.stream, context: context.number, text, flush, end })
  }

  flush(contextId: string): void {
    if (this.byName.has(contextId)) this.speak('', { contextId })
  }

  cancel(contextId: string): void {
    this.byName.delete(contextId)
    for (const context of this.byNumber.values()) {
      if (context.name !== contextId || context.cancelled) continue
      context.cancelled = true
      this.lease.post({ type: 'cancel', stream: this.lease.stream, context: context.number })
    }
  }

  pause(): void {
    this.lease.post({ type: 'pause', stream: this.lease.stream, paused: true })
  }

  resume(): void {
    this.lease.post({ type: 'pause', stream: this.lease.stream, paused: false })
  }

  close(): void {
    if (this.closing) return
    this.closing = true
    this.lease.post({ type: 'close', stream: this.lease.stream })
  }

  readonly abort = (): void => {
    if (this.ended) return
    this.lease.post({ type: 'abort', stream: this.lease.stream })
    this.release()
    queueMicrotask(() => this.sink.closed({}))
  }

  private openContext(name: string): Context {
    const context = { name, number: this.nextContext++, cancelled: false }
    this.byName.set(name, context)
    this.byNumber.set(context.number, context)
    return context
  }

  private receive(message: FromSynthesiser): void {
    if (message.type === 'opened') return this.sink.open()
    if (message.type === 'closed') return this.end()
    const context = this.byNumber.get(message.context)
    if (!context) return
    switch (message.type) {
      case 'audio':
        return this.deliver(context, message.audio)
      case 'timing':
        if (!context.cancelled) this.sink.timing(context.name, message.items)
        return
      case 'done':
        return this.finish(context, message.failure)
    }
  }

  private deliver(context: Context, audio: Uint8Array): void {
    for (let offset = 0; offset < audio.length; offset += this.sliceBytes) {
      // A listener may have cancelled or aborted.
      if (context.cancelled || this.ended) return
      this.sink.audio(context.name, audio.subarray(offset, offset + this.sliceBytes))
    }
  }

  private finish(context: Context, failure: ProviderFailure | undefined): void {
    this.byNumber.delete(context.number)
    if (this.byName.get(context.name) === context) this.byName.delete(context.name)
    this.sink.done(context.name, failure)
  }

  private end(failure?: ProviderFailure): void {
    if (this.ended) return
    this.release()
    this.sink.closed(failure ? { failure } : {})
  }

  /** From here on nothing of the worker reaches the sink. */
  private release(): void {
    this.ended = true
    this.closing = true
    this.byName.clear()
    this.byNumber.clear()
    this.signal.removeEventListener('abort', this.abort)
    this.lease.close(IDLE_WORKERS)
  }
}
