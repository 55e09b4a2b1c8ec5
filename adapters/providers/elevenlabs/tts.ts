import type { AudioFormat } from '../../../src/audio/format.js'
import type { TtsCapabilities, TtsProvider, TtsRequest, TtsSink, TtsStream } from '../../../src/providers/contracts.js'
import type { VendorAccount } from '../../internal/vendor-account.js'
import type { ElevenLabsLimits } from './limits.js'
import { MultiStream } from './multi-stream.js'
import type { ElevenLabsTtsOptions } from './options.js'

const defaultRates = [24_000, 16_000, 22_050, 8000] as const
const defaultVoice = 'JBFqnCBsd6RMkjVDRZzb'
/** What `speed` may be (the SDK's documentation of voice settings). */
const slowest = 0.7
const fastest = 1.2

export interface ElevenLabsTtsSetup {
  readonly voiceId: string | undefined
  readonly options: ElevenLabsTtsOptions
  readonly limits: ElevenLabsLimits
}

/** Text to speech over ElevenLabs' multi-context WebSocket. Voice and format are fixed per connection. */
export class ElevenLabsTts implements TtsProvider {
  readonly name: string
  readonly capabilities: TtsCapabilities
  readonly #account: VendorAccount
  readonly #setup: ElevenLabsTtsSetup

  constructor(account: VendorAccount, setup: ElevenLabsTtsSetup) {
    const { options, limits } = setup
    this.name = account.name
    this.capabilities = {
      contexts: limits.ttsContexts,
      alignment: 'char',
      maxTextChars: limits.ttsMaxTextChars,
      keepAliveMs: limits.ttsKeepAliveMs,
      formats: formatsOf(options.sampleRates ?? defaultRates),
      models: ['eleven_flash_v2_5', 'eleven_flash_v2', 'eleven_turbo_v2_5', 'eleven_multilingual_v2'],
    }
    this.#account = account
    this.#setup = setup
  }

  connect(request: TtsRequest, sink: TtsSink): TtsStream {
    const { format, options, signal, credentials } = request
    const { voiceId, options: own, limits } = this.#setup
    const voice = options.voiceId ?? voiceId ?? defaultVoice
    const path = `/v1/text-to-speech/${encodeURIComponent(voice)}/multi-stream-input`
    const model = options.model ?? own.modelId ?? 'eleven_flash_v2_5'
    const query = {
      model_id: model,
      output_format: outputFormat(format),
      // Other models refuse it (docs, WebSocket API reference).
      language_code: model.endsWith('_v2_5') ? options.language?.split('-')[0] : undefined,
      inactivity_timeout: limits.ttsInactivitySecs,
      // Times of characters then come with the audio they belong to.
      sync_alignment: true,
      ...own.query,
      ...options.vendor,
    }
    const firstMessage = {
      voice_settings: { ...own.voiceSettings, ...speedOf(options.speakingRate) },
      generation_config: own.chunkLengthSchedule && { chunk_length_schedule: own.chunkLengthSchedule },
      pronunciation_dictionary_locators: own.pronunciationDictionaries,
    }
    const route = { account: this.#account, path, query, signal, credentials }
    return new MultiStream(route, request, firstMessage, sink)
  }
}

function formatsOf(rates: readonly number[]): readonly AudioFormat[] {
  return [
    ...rates.map(sampleRate => ({ encoding: 'linear16' as const, sampleRate, channels: 1 })),
    { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    { encoding: 'alaw', sampleRate: 8000, channels: 1 },
  ]
}

function outputFormat({ encoding, sampleRate }: AudioFormat): string {
  const names = { linear16: 'pcm', mulaw: 'ulaw', alaw: 'alaw', opus: 'opus' } as const
  return `${names[encoding]}_${sampleRate}`
}

function speedOf(rate: number | undefined): { readonly speed?: number } {
  return rate === undefined ? {} : { speed: Math.min(fastest, Math.max(slowest, rate)) }
}
