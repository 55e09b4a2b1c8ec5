import type { AudioFormat } from '../audio/format.js'
import { bytesToMs } from '../audio/format.js'
import type {
  FailureClass,
  ProviderFailure,
  SttCapabilities,
  SttOptions,
  SttProvider,
  SttRequest,
  SttSink,
  SttStream,
  Transcript,
} from '../providers/contracts.js'
import type { Clock } from '../util/clock.js'
import { type RecogniserOptions, ScriptedRecogniser } from './scripted-recogniser.js'

type Method = 'connect' | 'push' | 'finalize' | 'keepAlive' | 'update' | 'close' | 'abort'

/** How one connection misbehaves. Milliseconds of audio are counted from the connection's first byte. */
export interface SttFault {
  /** Closes instead of opening. */
  readonly refuse?: FailureClass | ProviderFailure | undefined
  /** `never`, or milliseconds until it opens. Default: at once, within `connect`. */
  readonly opens?: 'never' | number | undefined
  /** Closes when it has been given so much audio. */
  readonly closeAfterMs?: number | undefined
  /** What it then closes with. Default `connection`. */
  readonly closeWith?: FailureClass | ProviderFailure | undefined
  /** From here on it takes audio and says nothing. */
  readonly deafAfterMs?: number | undefined
  /** From here on `push` returns false, once, until it drains. */
  readonly blockAfterMs?: number | undefined
  /** When it then drains. Default: never. */
  readonly drainAfterMs?: number | undefined
  /** Methods that throw. */
  readonly throws?: readonly Method[] | undefined
  /** Says every final twice. */
  readonly repeatsFinals?: boolean | undefined
  /** Closes twice, and goes on talking after it. */
  readonly closesTwice?: boolean | undefined
  /** Never answers `finalize`. */
  readonly ignoresFinalize?: boolean | undefined
}

export interface ScriptedSttOptions extends RecogniserOptions {
  /** Default `scripted`. */
  readonly name?: string | undefined
  readonly capabilities?: Partial<SttCapabilities> | undefined
  /** For faults and delays that take time. */
  readonly clock?: Clock | undefined
  /** The faults of the first, second, ... connection; further ones behave. Or of the n-th, from 0. */
  readonly faults?: readonly SttFault[] | ((connection: number) => SttFault) | undefined
  /** Milliseconds until a result arrives. Default 0: within the call that caused it. */
  readonly delayMs?: number | undefined
}

const defaultCapabilities: SttCapabilities = {
  interims: true,
  words: true,
  speechStarted: false,
  endpointing: false,
  finalize: 'ack',
  keepAliveMs: 0,
  chunkMs: { min: 20, ideal: 40, max: 1000 },
  formats: [
    { encoding: 'linear16', sampleRate: 16_000, channels: 1 },
    { encoding: 'linear16', sampleRate: 8000, channels: 1 },
  ],
}

/**
 * A recogniser without a vendor, for tests: it hears the words that `speak` and `speakPackets` make, and it fails as
 * and when its script says.
 */
export class ScriptedStt implements SttProvider {
  readonly name: string
  readonly capabilities: SttCapabilities
  /** Every connection that was ever asked for. */
  readonly connections: ScriptedSttStream[] = []
  readonly #options: ScriptedSttOptions

  constructor(options: ScriptedSttOptions = {}) {
    this.#options = options
    this.name = options.name ?? 'scripted'
    this.capabilities = { ...defaultCapabilities, ...options.capabilities }
  }

  /** Connections that hold resources at the vendor: 0 once everything was cleaned up. */
  get openStreams(): number {
    return this.connections.filter(connection => !connection.over).length
  }

  get last(): ScriptedSttStream {
    const last = this.connections.at(-1)
    if (!last) throw new Error('nobody has connected yet')
    return last
  }

  connect(request: SttRequest, sink: SttSink): SttStream {
    const { faults = [] } = this.#options
    const index = this.connections.length
    const fault = typeof faults === 'function' ? faults(index) : (faults[index] ?? {})
    const stream = new ScriptedSttStream(this.capabilities, request, sink, fault, this.#options)
    this.connections.push(stream)
    stream.start()
    return stream
  }
}

/** One connection to a scripted recogniser, with what it was given and the means to make it fail. */
export class ScriptedSttStream implements SttStream {
  readonly bufferedBytes = 0
  readonly request: SttRequest
  /** Sizes of the audio messages. */
  readonly messages: number[] = []
  readonly updates: SttOptions[] = []
  receivedBytes = 0
  finalizes = 0
  keepAlives = 0
  /** It has closed, or was told to. */
  over = false
  readonly #sink: SttSink
  readonly #fault: SttFault
  readonly #options: ScriptedSttOptions
  readonly #capabilities: SttCapabilities
  readonly #recogniser: ScriptedRecogniser
  #isOpen = false
  /** Undefined before it ever was. */
  #blocked: boolean | undefined

  constructor(
    capabilities: SttCapabilities,
    request: SttRequest,
    sink: SttSink,
    fault: SttFault,
    options: ScriptedSttOptions,
  ) {
    this.request = request
    this.#capabilities = capabilities
    this.#sink = sink
    this.#fault = fault
    this.#options = options
    this.#recogniser = new ScriptedRecogniser(request.format, capabilities, options)
  }

  get format(): AudioFormat {
    return this.request.format
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.over
  }

  /** Every word it heard, final or not. */
  get heard(): readonly string[] {
    return this.#recogniser.heard
  }

  get receivedMs(): number {
    return this.format.encoding === 'opus' ? this.#recogniser.positionMs : bytesToMs(this.format, this.receivedBytes)
  }

  /** Called by the provider. */
  start(): void {
    const { refuse, opens } = this.#fault
    this.#mayThrow('connect')
    if (refuse) return this.fail(refuse)
    if (opens === 'never') return
    if (typeof opens === 'number') this.#later(opens, () => this.open())
    else this.open()
  }

  open(): void {
    if (this.over || this.#isOpen) return
    this.#isOpen = true
    this.#sink.open({ requestId: 'scripted' })
  }

  /** Ends as a vendor ends it. */
  fail(failure: FailureClass | ProviderFailure = 'connection'): void {
    if (this.over) return
    this.over = true
    const event = { failure: typeof failure === 'string' ? { class: failure, reason: 'scripted' } : failure }
    this.#sink.closed(event)
    if (!this.#fault.closesTwice) return
    this.#sink.transcript({ kind: 'final', text: 'ghost', startMs: 0, endMs: 1000 })
    this.#sink.finalized()
    this.#sink.drain()
    this.#sink.closed(event)
  }

  /** Becomes writable again. */
  drain(): void {
    this.#blocked = false
    this.#sink.drain()
  }

  push(audio: Uint8Array): boolean {
    this.#mayThrow('push')
    if (this.over) return false
    this.messages.push(audio.length)
    this.receivedBytes += audio.length
    const results = this.#recogniser.push(audio)
    const { closeAfterMs, closeWith, deafAfterMs = Number.POSITIVE_INFINITY, blockAfterMs } = this.#fault
    if (this.receivedMs <= deafAfterMs) this.#say(results)
    if (closeAfterMs !== undefined && this.receivedMs >= closeAfterMs) this.fail(closeWith)
    if (this.#blocked !== undefined || blockAfterMs === undefined || this.receivedMs < blockAfterMs) {
      return this.#blocked !== true
    }
    this.#blocked = true
    if (this.#fault.drainAfterMs !== undefined) this.#later(this.#fault.drainAfterMs, () => this.drain())
    return false
  }

  finalize(): void {
    this.#mayThrow('finalize')
    this.finalizes++
    if (this.over || this.#capabilities.finalize === 'none') return
    if (this.#fault.ignoresFinalize || this.receivedMs > (this.#fault.deafAfterMs ?? Number.POSITIVE_INFINITY)) return
    this.#say(this.#recogniser.finalize())
    if (this.#capabilities.finalize === 'ack') this.#deliver(() => this.#sink.finalized())
  }

  keepAlive(): void {
    this.#mayThrow('keepAlive')
    this.keepAlives++
  }

  update(options: SttOptions): boolean {
    this.#mayThrow('update')
    this.updates.push(options)
    return false
  }

  close(): void {
    this.#mayThrow('close')
    if (this.over) return
    this.#say(this.#recogniser.finalize())
    this.#deliver(() => {
      this.over = true
      this.#sink.closed({})
    })
  }

  abort(): void {
    this.over = true
    this.#mayThrow('abort')
    this.#sink.closed({})
  }

  #say(results: readonly Transcript[]): void {
    const { repeatsFinals } = this.#fault
    for (const result of results) {
      const times = repeatsFinals && result.kind !== 'interim' ? 2 : 1
      for (let i = 0; i < times; i++) this.#deliver(() => this.#sink.transcript(result))
    }
    const started = this.#recogniser.takeSpeechStart()
    if (started !== null && this.#capabilities.speechStarted) {
      this.#deliver(() => this.#sink.speechStarted({ atMs: started }))
    }
  }

  /** A result on its way: also when the connection has ended meanwhile. */
  #deliver(event: () => void): void {
    const { delayMs = 0 } = this.#options
    if (delayMs === 0) event()
    else this.#later(delayMs, event)
  }

  #later(ms: number, event: () => void): void {
    const { clock } = this.#options
    if (!clock) throw new TypeError('clock: needed for faults and delays that take time')
    clock.after(ms, event)
  }

  #mayThrow(method: Method): void {
    if (this.#fault.throws?.includes(method)) throw new Error(`scripted: ${method} throws`)
  }
}
