import type { AudioFormat } from '../../../src/audio/format.js'
import type { SttCapabilities, SttProvider, SttRequest, SttSink, SttStream } from '../../../src/providers/contracts.js'
import type { VendorAccount } from '../../internal/vendor-account.js'
import { type FluxFeatures, FluxStream, fluxQuery } from './flux.js'
import type { DeepgramLimits } from './limits.js'
import { ListenStream, listenQuery } from './listen.js'
import type { DeepgramSttOptions } from './options.js'

const rates = [16_000, 8000, 24_000, 44_100, 48_000] as const

const formats: readonly AudioFormat[] = [
  ...rates.map(sampleRate => ({ encoding: 'linear16' as const, sampleRate, channels: 1 })),
  { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
  { encoding: 'alaw', sampleRate: 8000, channels: 1 },
  { encoding: 'opus', sampleRate: 48_000, channels: 1 },
]

/** Speech to text over Deepgram's live endpoint: version 2 for Flux models, version 1 for all others. */
export class DeepgramStt implements SttProvider {
  readonly name: string
  readonly capabilities: SttCapabilities
  readonly #account: VendorAccount
  readonly #options: DeepgramSttOptions
  readonly #features: FluxFeatures = { forceEndTurn: true }

  constructor(account: VendorAccount, options: DeepgramSttOptions, limits: DeepgramLimits) {
    this.name = account.name
    this.capabilities = isFlux(options.model) ? fluxCapabilities(limits) : listenCapabilities(limits)
    this.#account = account
    this.#options = options
  }

  connect(request: SttRequest, sink: SttSink): SttStream {
    const { signal, credentials } = request
    const model = request.options.model ?? this.#options.model ?? 'nova-3'
    const route = { account: this.#account, signal, credentials }
    if (isFlux(model)) {
      const query = fluxQuery(model, this.#options, request)
      return new FluxStream({ ...route, path: '/v2/listen', query }, request, this.#features, sink)
    }
    const query = listenQuery(model, this.#options, request)
    return new ListenStream({ ...route, path: '/v1/listen', query }, request, sink)
  }
}

function isFlux(model: string | undefined): boolean {
  return model?.startsWith('flux') ?? false
}

function listenCapabilities(limits: DeepgramLimits): SttCapabilities {
  return {
    interims: true,
    words: true,
    speechStarted: true,
    endpointing: true,
    // Answered only when a noticeable amount of audio was buffered (docs, Finalize).
    finalize: 'best-effort',
    keepAliveMs: limits.sttKeepAliveMs,
    // 20 to 250 ms, 100 recommended (docs, Measuring Streaming Latency).
    chunkMs: { min: 20, ideal: 100, max: 250 },
    maxRealtimeFactor: limits.sttMaxRealtimeFactor,
    formats,
    models: ['nova-3', 'nova-3-general', 'nova-3-medical', 'nova-2', 'nova-2-general', 'nova-2-phonecall'],
  }
}

function fluxCapabilities(limits: DeepgramLimits): SttCapabilities {
  return {
    interims: true,
    words: true,
    speechStarted: true,
    endpointing: true,
    // Ends the turn that is open; without one there is nothing to answer (docs, Force End Turn).
    finalize: 'best-effort',
    keepAliveMs: limits.fluxKeepAliveMs,
    // 80 ms are "strongly recommended" (docs, Getting Started with Flux).
    chunkMs: { min: 20, ideal: 80, max: 250 },
    maxRealtimeFactor: limits.sttMaxRealtimeFactor,
    formats,
    models: ['flux-general-en', 'flux-general-multi'],
  }
}
