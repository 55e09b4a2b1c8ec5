import type { Loose } from '../../../src/util/loose.js'
import { regionUrl } from '../../internal/regions.js'
import type { Vendor, VendorOptions } from '../../internal/vendor-account.js'
import type { ElevenLabsLimits } from './limits.js'

/** Query parameters as ElevenLabs spells them; arrays become repeated keys. */
export type ElevenLabsQuery = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Where data stays. Each needs a key of its own workspace. */
export type ElevenLabsRegion = 'us' | 'eu' | 'in' | 'sg'

/** Options of `elevenlabs()`. `apiKey` defaults to `ELEVENLABS_API_KEY`, `baseUrl` to `wss://api.elevenlabs.io`. */
export interface ElevenLabsOptions extends VendorOptions {
  /** The base URL of a region; `baseUrl` goes before it. */
  readonly region?: ElevenLabsRegion | undefined
  /** Default `JBFqnCBsd6RMkjVDRZzb`, the voice of ElevenLabs' own quickstart. */
  readonly voiceId?: string | undefined
  readonly stt?: ElevenLabsSttOptions | undefined
  readonly tts?: ElevenLabsTtsOptions | undefined
  readonly limits?: Loose<ElevenLabsLimits> | undefined
}

export interface ElevenLabsSttOptions {
  /** `model_id`. Default `scribe_v2_realtime`. */
  readonly modelId?: string | undefined
  /** Who ends utterances. `vad`: ElevenLabs, by silence. `manual`: only `finalize`. Default `vad`. */
  readonly commitStrategy?: 'vad' | 'manual' | undefined
  /** Silence that ends an utterance, 0.3 to 3 seconds. Default 0.5. */
  readonly vadSilenceThresholdSecs?: number | undefined
  /** 0.1 to 0.9. */
  readonly vadThreshold?: number | undefined
  /** Times of words and the language. Default true; excludes the query parameter `filter_background_audio`. */
  readonly includeTimestamps?: boolean | undefined
  /** Any other query parameter. */
  readonly query?: ElevenLabsQuery | undefined
}

export interface ElevenLabsTtsOptions {
  /** `model_id`. Default `eleven_flash_v2_5`. The `eleven_v3` models do not speak over this endpoint. */
  readonly modelId?: string | undefined
  /** `voice_settings`, as ElevenLabs spells them. */
  readonly voiceSettings?: ElevenLabsVoiceSettings | undefined
  /** `chunk_length_schedule`: characters that are gathered before speech is made, 50 to 500 each. Flushes do not wait for it. */
  readonly chunkLengthSchedule?: readonly number[] | undefined
  /** Rates asked for, in Hz, preferred first. Default 24000, 16000, 22050, 8000: 44100 and 48000 depend on the plan. */
  readonly sampleRates?: readonly number[] | undefined
  readonly pronunciationDictionaries?: readonly ElevenLabsPronunciationDictionary[] | undefined
  /** Any other query parameter. */
  readonly query?: ElevenLabsQuery | undefined
}

export interface ElevenLabsVoiceSettings {
  readonly stability?: number | undefined
  readonly similarity_boost?: number | undefined
  readonly style?: number | undefined
  readonly use_speaker_boost?: boolean | undefined
  /** 0.7 to 1.2. A session's speaking rate goes before it. */
  readonly speed?: number | undefined
}

export interface ElevenLabsPronunciationDictionary {
  readonly pronunciation_dictionary_id: string
  readonly version_id?: string | undefined
}

const baseUrl = 'wss://api.elevenlabs.io'

const regions: Readonly<Record<ElevenLabsRegion, string>> = {
  us: 'wss://api.us.elevenlabs.io',
  eu: 'wss://api.eu.residency.elevenlabs.io',
  in: 'wss://api.in.residency.elevenlabs.io',
  sg: 'wss://api.sg.residency.elevenlabs.io',
}

/** @throws {TypeError} for a region there is not. */
export function elevenLabsVendor(region: ElevenLabsRegion | undefined): Vendor {
  return {
    name: 'elevenlabs',
    environment: 'ELEVENLABS_API_KEY',
    baseUrl: region === undefined ? baseUrl : regionUrl(regions, region),
    authorize: key => ({ 'xi-api-key': key }),
  }
}
