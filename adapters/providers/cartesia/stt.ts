import type { SttCapabilities, SttProvider, SttRequest, SttSink, SttStream } from '../../../src/providers/contracts.js'
import type { VendorAccount } from '../../internal/vendor-account.js'
import { encodingOf, formatsOf } from './formats.js'
import type { CartesiaLimits } from './limits.js'
import { ManualStream } from './manual.js'
import type { CartesiaSttOptions } from './options.js'
import { TurnsStream } from './turns.js'

/** Speech to text over one of Cartesia's two realtime endpoints. */
export class CartesiaStt implements SttProvider {
  readonly name: string
  readonly capabilities: SttCapabilities
  readonly #account: VendorAccount
  readonly #options: CartesiaSttOptions
  readonly #manual: boolean

  constructor(account: VendorAccount, options: CartesiaSttOptions, limits: CartesiaLimits) {
    const manual = options.endpoint === 'manual'
    this.name = account.name
    this.capabilities = {
      interims: true,
      words: manual,
      speechStarted: !manual,
      endpointing: !manual,
      finalize: manual ? 'ack' : 'none',
      keepAliveMs: limits.sttKeepAliveMs,
      chunkMs: { min: 20, ideal: 100, max: 1000 },
      formats: formatsOf([16_000, 8000, 24_000, 44_100, 48_000]),
      models: manual ? ['ink-2', 'ink-whisper'] : ['ink-2'],
    }
    this.#account = account
    this.#options = options
    this.#manual = manual
  }

  connect(request: SttRequest, sink: SttSink): SttStream {
    const { signal, credentials } = request
    const route = { account: this.#account, query: this.#query(request), signal, credentials }
    return this.#manual
      ? new ManualStream({ ...route, path: '/stt/websocket' }, request, sink)
      : new TurnsStream({ ...route, path: '/stt/turns/websocket' }, request, sink)
  }

  #query({ format, options }: SttRequest): Readonly<Record<string, unknown>> {
    const own = this.#options
    return {
      model: options.model ?? own.model ?? 'ink-2',
      encoding: encodingOf(format),
      sample_rate: format.sampleRate,
      keyterm: options.keyterms,
      ...(this.#manual ? { language: options.language?.split('-')[0] } : turnQuery(own)),
      ...own.query,
      ...options.vendor,
    }
  }
}

function turnQuery(own: CartesiaSttOptions): Readonly<Record<string, unknown>> {
  return {
    turn_start_threshold: own.turnStartThreshold,
    turn_eager_end_threshold: own.turnEagerEndThreshold,
    turn_end_threshold: own.turnEndThreshold,
    turn_end_timeout_ms: own.turnEndTimeoutMs,
  }
}
