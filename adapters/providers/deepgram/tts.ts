import type { AudioFormat } from '../../../src/audio/format.js'
import type { TtsCapabilities, TtsProvider, TtsRequest, TtsSink, TtsStream } from '../../../src/providers/contracts.js'
import type { VendorAccount } from '../../internal/vendor-account.js'
import { FlushQuota } from './flush-quota.js'
import type { DeepgramLimits } from './limits.js'
import type { DeepgramTtsOptions } from './options.js'
import { SpeakStream } from './speak.js'

const formats: readonly AudioFormat[] = [
  ...[24_000, 16_000, 48_000, 32_000, 8000].map(sampleRate => ({
    encoding: 'linear16' as const,
    sampleRate,
    channels: 1,
  })),
  { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
  { encoding: 'alaw', sampleRate: 8000, channels: 1 },
]

/** Text to speech over Deepgram's WebSocket endpoint, version 1. Voice and format are fixed per connection. */
export class DeepgramTts implements TtsProvider {
  readonly name: string
  readonly capabilities: TtsCapabilities
  readonly #account: VendorAccount
  readonly #options: DeepgramTtsOptions
  readonly #limits: DeepgramLimits

  constructor(account: VendorAccount, options: DeepgramTtsOptions, limits: DeepgramLimits) {
    this.name = account.name
    this.capabilities = {
      // A connection has one buffer and no context ids.
      contexts: 1,
      alignment: 'none',
      maxTextChars: limits.ttsMaxTextChars,
      keepAliveMs: limits.ttsKeepAliveMs,
      maxSessionMs: limits.ttsMaxSessionMs,
      formats,
    }
    this.#account = account
    this.#options = options
    this.#limits = limits
  }

  connect(request: TtsRequest, sink: TtsSink): TtsStream {
    const { format, options, signal, credentials } = request
    const query = {
      model: options.voiceId ?? options.model ?? this.#options.model ?? 'aura-2-thalia-en',
      encoding: format.encoding,
      sample_rate: format.sampleRate,
      speed: options.speakingRate,
      ...this.#options.query,
      ...options.vendor,
    }
    const { ttsFlushes, ttsFlushWindowMs } = this.#limits
    const quota = new FlushQuota(this.#account.clock, ttsFlushes, ttsFlushWindowMs)
    const route = { account: this.#account, path: '/v1/speak', query, signal, credentials }
    return new SpeakStream(route, request, quota, sink)
  }
}
