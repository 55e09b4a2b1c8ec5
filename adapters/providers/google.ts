import type { SttProvider, TtsProvider } from '../../src/providers/contracts.js'
import { GoogleAccount } from './google/account.js'
import type { GoogleOptions } from './google/options.js'
import { GoogleStt } from './google/stt.js'
import { GoogleTts } from './google/tts.js'

export type { GoogleLimits } from './google/limits.js'
export type { GoogleOptions, GoogleSttOptions, GoogleTtsOptions } from './google/options.js'
export type {
  GoogleCall,
  GoogleClientOptions,
  GoogleSpeechClient,
  GoogleSpeechSdk,
  GoogleTextToSpeechClient,
  GoogleTextToSpeechSdk,
} from './google/sdk.js'

/** Google Cloud, for the `stt` list, the `tts` list, or both. Each wants its own package, when it is first used. */
export interface Google {
  /** @throws {Error} when `@google-cloud/speech` is not installed. */
  readonly stt: SttProvider
  /** @throws {Error} when `@google-cloud/text-to-speech` is not installed. */
  readonly tts: TtsProvider
}

/**
 * Speech from and to text by Google Cloud, with Google's own clients, which are loaded with the first call.
 *
 * @throws {TypeError} when `location` is none.
 */
export function google(options: GoogleOptions = {}): Google {
  const account = new GoogleAccount(options)
  let stt: SttProvider | undefined
  let tts: TtsProvider | undefined
  return {
    get stt() {
      stt ??= new GoogleStt(account, options.stt ?? {})
      return stt
    },
    get tts() {
      tts ??= new GoogleTts(account, options.tts ?? {})
      return tts
    },
  }
}
