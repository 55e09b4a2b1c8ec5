import type { SttProvider, TtsProvider } from '../../src/providers/contracts.js'
import { withDefaults } from '../../src/util/loose.js'
import { VendorAccount } from '../internal/vendor-account.js'
import { deepgramLimits } from './deepgram/limits.js'
import { type DeepgramOptions, deepgramVendor } from './deepgram/options.js'
import { DeepgramStt } from './deepgram/stt.js'
import { DeepgramTts } from './deepgram/tts.js'

export type { DeepgramLimits } from './deepgram/limits.js'
export type { DeepgramOptions, DeepgramQuery, DeepgramSttOptions, DeepgramTtsOptions } from './deepgram/options.js'

/** Deepgram, for the `stt` list, the `tts` list, or both. */
export interface Deepgram {
  readonly stt: SttProvider
  readonly tts: TtsProvider
}

/**
 * Speech from and to text by Deepgram, over raw WebSockets.
 *
 * @throws {TypeError} when there is no key, or `baseUrl` is no URL.
 */
export function deepgram(options: DeepgramOptions = {}): Deepgram {
  const account = new VendorAccount(deepgramVendor, options)
  const limits = withDefaults(deepgramLimits, options.limits)
  return {
    stt: new DeepgramStt(account, options.stt ?? {}, limits),
    tts: new DeepgramTts(account, options.tts ?? {}, limits),
  }
}
