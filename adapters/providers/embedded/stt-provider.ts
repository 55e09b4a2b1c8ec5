import { availableParallelism } from 'node:os'
import type {
  ProviderFailure,
  SttCapabilities,
  SttProvider,
  SttRequest,
  SttSink,
  SttStream,
} from '../../../src/providers/contracts.js'
import { FRAME_BYTES, FRAME_MS, SAMPLE_RATE } from './frames.js'
import type { FromRecogniser, ToRecogniser } from './messages.js'
import { checkInteger, checkName } from './options.js'
import { recognisers } from './pools.js'
import { notInstalled, wrongFormat } from './refusal.js'
import type { Lease } from './worker-pool.js'

export interface EmbeddedSttOptions {
  /** What the provider is called among the others of a handler. Default `embedded`. */
  readonly name?: string | undefined
  /**
   * Streams at once; each has a worker of its own (about 160 MB, 0.3 of a core). One more is refused with a failure
   * of class `rate`, code `capacity`. Default: the number of cores.
   */
  readonly maxSessions?: number | undefined
  /** Workers that stay loaded while no stream needs them. Default 1. */
  readonly idleWorkers?: number | undefined
  /** Quiet that ends an utterance, in milliseconds. Default 500. */
  readonly endpointMs?: number | undefined
}

const FORMAT = { encoding: 'linear16', sampleRate: SAMPLE_RATE, channels: 1 } as const
/** The decoder's second pass grows with the utterance: 1-2 s after 15 s of noisy speech. */
const MAX_UTTERANCE_MS = 15_000
/** Sound the worker may be behind before `push` says stop: 50 frames, one second. */
const WINDOW_BYTES = 50 * FRAME_BYTES
/** Writing starts again at half of it, so that a slow decoder does not cause a stop and a go per frame. */
const RESUME_BYTES = WINDOW_BYTES / 2
/** A stream that was refused for capacity may find a place after about one utterance. */
const CAPACITY_RETRY_MS = 2_000

const CAPABILITIES: SttCapabilities = {
  interims: true,
  words: false,
  speechStarted: true,
  endpointing: true,
  finalize: 'ack',
  keepAliveMs: 0,
  chunkMs: { min: FRAME_MS, ideal: 40, max: 1_000 },
  formats: [FORMAT],
  languages: ['en'],
}

interface Settings {
  readonly endpointMs: number
  readonly idleWorkers: number
}

/**
 * Speech recognition inside this process, without key or network: PocketSphinx in worker threads. English only, lower
 * case, no punctuation; made for demonstrations and honest tests, not for production accuracy.
 *
 * @throws TypeError naming the option that is wrong.
 */
export function embeddedStt(options: EmbeddedSttOptions = {}): SttProvider {
  const name = checkName('name', options.name ?? 'embedded')
  const maxSessions = checkInteger('maxSessions', options.maxSessions ?? Math.max(1, availableParallelism()), 1, 1_024)
  const settings: Settings = {
    endpointMs: checkInteger('endpointMs', options.endpointMs ?? 500, FRAME_MS, 10_000),
    idleWorkers: checkInteger('idleWorkers', options.idleWorkers ?? 1, 0, 1_024),
  }
  let open = 0
  return {
    name,
    capabilities: CAPABILITIES,
    connect(request, sink) {
      const refusal = refuse(request) ?? (open >= maxSessions ? full(maxSessions) : undefined)
      if (refusal) return new RefusedStream(sink, refusal)
      open++
      return new EmbeddedSttStream(request, sink, settings, () => open--)
    },
  }
}

function refuse({ format, options: { language } }: SttRequest): ProviderFailure | undefined {
  if (language !== undefined && !/^en(?:-|$)/i.test(language))
    return { class: 'data', reason: `embedded: language ${language}, wanted en` }
  return wrongFormat(format, FORMAT) ?? notInstalled()
}

function full(maxSessions: number): ProviderFailure {
  return {
    class: 'rate',
    vendorCode: 'capacity',
    retryAfterMs: CAPACITY_RETRY_MS,
    reason: `embedded: out of capacity, all ${maxSessions} recognisers are in use (option maxSessions)`,
  }
}

/** What a caller holds whose connection was refused. */
class RefusedStream implements SttStream {
  readonly bufferedBytes = 0

  constructor(sink: SttSink, failure: ProviderFailure) {
    queueMicrotask(() => sink.closed({ failure }))
  }

  push(): boolean {
    return true
  }

  finalize(): void {}
  close(): void {}
  abort(): void {}
}

class EmbeddedSttStream implements SttStream {
  private readonly sink: SttSink
  private readonly signal: AbortSignal
  private readonly settings: Settings
  private readonly onEnd: () => void
  private readonly lease: Lease<ToRecogniser>
  private pushedBytes = 0
  private processedBytes = 0
  private writable = true
  /** No more audio is taken. */
  private closing = false
  private ended = false

  constructor(request: SttRequest, sink: SttSink, settings: Settings, onEnd: () => void) {
    this.sink = sink
    this.signal = request.signal
    this.settings = settings
    this.onEnd = onEnd
    this.lease = recognisers.open({
      message: message => this.receive(message),
      lost: reason => this.end({ class: 'connection', reason: `embedded: ${reason}` }),
    })
    this.lease.post({
      type: 'open',
      stream: this.lease.stream,
      endpointMs: settings.endpointMs,
      maxUtteranceMs: MAX_UTTERANCE_MS,
    })
    if (this.signal.aborted) this.abort()
    else this.signal.addEventListener('abort', this.abort, { once: true })
  }

  get bufferedBytes(): number {
    return this.pushedBytes - this.processedBytes
  }

  push(audio: Uint8Array): boolean {
    if (this.closing || audio.length === 0) return this.writable
    const copy = new Uint8Array(audio)
    this.lease.post({ type: 'audio', stream: this.lease.stream, audio: copy }, [copy.buffer])
    this.pushedBytes += audio.length
    if (this.bufferedBytes > WINDOW_BYTES) this.writable = false
    return this.writable
  }

  finalize(): void {
    this.lease.post({ type: 'finalize', stream: this.lease.stream })
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

  private receive(message: FromRecogniser): void {
    switch (message.type) {
      case 'opened':
        return this.sink.open()
      case 'heard':
        return this.hear(message)
      case 'finalized':
        return this.sink.finalized()
      case 'closed':
        return this.end()
    }
  }

  private hear(message: FromRecogniser & { type: 'heard' }): void {
    this.processedBytes = message.processedBytes
    for (const event of message.events) {
      // A listener may have aborted this stream.
      if (this.ended) return
      if (event.kind === 'started') this.sink.speechStarted({ atMs: event.atMs })
      else this.sink.transcript(event)
    }
    if (this.ended) return
    this.sink.progress({ processedMs: (message.processedBytes / FRAME_BYTES) * FRAME_MS })
    if (this.writable || this.ended || this.bufferedBytes > RESUME_BYTES) return
    this.writable = true
    this.sink.drain()
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
    this.signal.removeEventListener('abort', this.abort)
    this.lease.close(this.settings.idleWorkers)
    this.onEnd()
  }
}
