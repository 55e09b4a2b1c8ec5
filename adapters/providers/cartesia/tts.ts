import type { TtsCapabilities, TtsProvider, TtsRequest, TtsSink, TtsStream } from '../../../src/providers/contracts.js'
import type { VendorAccount } from '../../internal/vendor-account.js'
import { encodingOf, formatsOf } from './formats.js'
import type { CartesiaLimits } from './limits.js'
import type { CartesiaTtsOptions } from './options.js'
import { SonicStream } from './sonic.js'

const defaultVoice = 'e07c00bc-4134-4eae-9ea4-1a55fb45746b'
/** What `speed` may be (the SDK's documentation of `GenerationConfig`). */
const slowest = 0.6
const fastest = 1.5

export interface CartesiaTtsSetup {
  readonly voiceId: string | undefined
  readonly options: CartesiaTtsOptions
  readonly limits: CartesiaLimits
}

/** Text to speech over Cartesia's WebSocket: one connection, many contexts. */
export class CartesiaTts implements TtsProvider {
  readonly name: string
  readonly capabilities: TtsCapabilities
  readonly #account: VendorAccount
  readonly #setup: CartesiaTtsSetup

  constructor(account: VendorAccount, setup: CartesiaTtsSetup) {
    this.name = account.name
    this.capabilities = {
      contexts: setup.limits.ttsContexts,
      alignment: 'word',
      maxTextChars: setup.limits.ttsMaxTextChars,
      // It has no message for it and closes after 5 idle minutes (docs, Concurrency Limits and Timeouts).
      keepAliveMs: 0,
      formats: formatsOf([24_000, 16_000, 22_050, 44_100, 48_000, 8000]),
      models: ['sonic-3.5', 'sonic-3', 'sonic-latest'],
    }
    this.#account = account
    this.#setup = setup
  }

  connect(request: TtsRequest, sink: TtsSink): TtsStream {
    const { signal, credentials } = request
    const route = { account: this.#account, path: '/tts/websocket', query: {}, signal, credentials }
    return new SonicStream(route, request, this.#repeatedOf(request), sink)
  }

  #repeatedOf({ format, options }: TtsRequest): Readonly<Record<string, unknown>> {
    const { voiceId, options: own } = this.#setup
    const { speakingRate } = options
    return {
      model_id: options.model ?? own.modelId ?? 'sonic-3.5',
      voice: { mode: 'id', id: options.voiceId ?? voiceId ?? defaultVoice },
      output_format: { container: 'raw', encoding: encodingOf(format), sample_rate: format.sampleRate },
      language: options.language?.split('-')[0],
      add_timestamps: true,
      max_buffer_delay_ms: own.maxBufferDelayMs ?? 0,
      generation_config:
        speakingRate === undefined ? own.generationConfig : { ...own.generationConfig, speed: clamped(speakingRate) },
      pronunciation_dict_id: own.pronunciationDictId,
      ...own.request,
      ...options.vendor,
    }
  }
}

function clamped(rate: number): number {
  return Math.min(fastest, Math.max(slowest, rate))
}
