import type { SttProvider, TtsProvider } from '../../src/providers/contracts.js'
import { AzureAccount } from './azure/account.js'
import type { AzureOptions } from './azure/options.js'
import { AzureStt } from './azure/stt.js'
import { AzureTts } from './azure/tts.js'

export type { AzureLimits } from './azure/limits.js'
export type { AzureOptions, AzureProperties, AzureSttOptions, AzureTtsOptions } from './azure/options.js'
export type { AzureSdk } from './azure/sdk.js'

/** Azure, for the `stt` list, the `tts` list, or both. */
export interface Azure {
  readonly stt: SttProvider
  readonly tts: TtsProvider
}

/**
 * Speech from and to text by Azure, with Azure's own client, which is loaded with the first call.
 *
 * @throws {TypeError} when there is no key, or neither a region nor a `baseUrl`.
 * @throws {Error} when `microsoft-cognitiveservices-speech-sdk` is not installed.
 */
export function azure(options: AzureOptions = {}): Azure {
  const account = new AzureAccount(options)
  return { stt: new AzureStt(account, options.stt ?? {}), tts: new AzureTts(account, options.tts ?? {}) }
}
