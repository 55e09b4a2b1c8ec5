import type { Loose } from '../../../src/util/loose.js'
import { regionUrl } from '../../internal/regions.js'
import type { Vendor, VendorOptions } from '../../internal/vendor-account.js'
import type { AssemblyAiLimits } from './limits.js'

/** Query parameters as AssemblyAI spells them; lists are sent as JSON. */
export type AssemblyAiQuery = Readonly<Record<string, string | number | boolean | undefined>>

/** Where audio is processed. */
export type AssemblyAiRegion = 'us' | 'eu'

/** Options of `assemblyai()`. `apiKey` defaults to `ASSEMBLYAI_API_KEY`, `baseUrl` to `wss://streaming.assemblyai.com`. */
export interface AssemblyAiOptions extends VendorOptions {
  /** The base URL of a region; `baseUrl` goes before it. Default `us`. */
  readonly region?: AssemblyAiRegion | undefined
  readonly stt?: AssemblyAiSttOptions | undefined
  readonly limits?: Loose<AssemblyAiLimits> | undefined
}

export interface AssemblyAiSttOptions {
  /** `speech_model`. Default `universal-3-5-pro`. Those that begin with `universal-streaming` are faster and cheaper, and tell no onset of speech. */
  readonly model?: string | undefined
  /** `universal-streaming` models: punctuation and case, for which the end of a turn waits. The others always have them. Default false. */
  readonly formatTurns?: boolean | undefined
  /** Silence after which a turn may be over, in milliseconds. */
  readonly minTurnSilence?: number | undefined
  /** Silence after which a turn is over whatever the model thinks, in milliseconds. */
  readonly maxTurnSilence?: number | undefined
  /** `universal-streaming` models: confidence, 0 to 1, that ends a turn. */
  readonly endOfTurnConfidenceThreshold?: number | undefined
  /** 0 to 1: what counts as speech. */
  readonly vadThreshold?: number | undefined
  /** Seconds without audio, 5 to 3600, after which AssemblyAI ends a stream that nobody keeps open. Default: never. */
  readonly inactivityTimeoutSecs?: number | undefined
  /** Any other query parameter. */
  readonly query?: AssemblyAiQuery | undefined
}

const regions: Readonly<Record<AssemblyAiRegion, string>> = {
  us: 'wss://streaming.assemblyai.com',
  eu: 'wss://streaming.eu.assemblyai.com',
}

/** @throws {TypeError} for a region there is not. */
export function assemblyAiVendor(region: AssemblyAiRegion = 'us'): Vendor {
  return {
    name: 'assemblyai',
    environment: 'ASSEMBLYAI_API_KEY',
    baseUrl: regionUrl(regions, region),
    authorize: key => ({ authorization: key }),
  }
}
