import type { SttProvider, TtsProvider } from '../../src/providers/contracts.js'
import { withDefaults } from '../../src/util/loose.js'
import { VendorAccount } from '../internal/vendor-account.js'
import { elevenLabsLimits } from './elevenlabs/limits.js'
import { type ElevenLabsOptions, elevenLabsVendor } from './elevenlabs/options.js'
import { ElevenLabsStt } from './elevenlabs/stt.js'
import { ElevenLabsTts } from './elevenlabs/tts.js'

export type { ElevenLabsLimits } from './elevenlabs/limits.js'
export type {
  ElevenLabsOptions,
  ElevenLabsPronunciationDictionary,
  ElevenLabsQuery,
  ElevenLabsRegion,
  ElevenLabsSttOptions,
  ElevenLabsTtsOptions,
  ElevenLabsVoiceSettings,
} from './elevenlabs/options.js'

/** ElevenLabs, for the `stt` list, the `tts` list, or both. */
export interface ElevenLabs {
  readonly stt: SttProvider
  readonly tts: TtsProvider
}

/**
 * Speech from and to text by ElevenLabs, over raw WebSockets.
 *
 * @throws {TypeError} when there is no key, or `baseUrl` or `region` is none.
 */
export function elevenlabs(options: ElevenLabsOptions = {}): ElevenLabs {
  const account = new VendorAccount(elevenLabsVendor(options.region), options)
  const limits = withDefaults(elevenLabsLimits, options.limits)
  return {
    stt: new ElevenLabsStt(account, options.stt ?? {}, limits),
    tts: new ElevenLabsTts(account, { voiceId: options.voiceId, options: options.tts ?? {}, limits }),
  }
}
