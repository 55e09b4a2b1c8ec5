import type { SttProvider, TtsProvider } from '../../src/providers/contracts.js'
import { withDefaults } from '../../src/util/loose.js'
import { VendorAccount } from '../internal/vendor-account.js'
import { openAiLimits } from './openai/limits.js'
import { type OpenAiOptions, openAiVendor } from './openai/options.js'
import { OpenAiStt } from './openai/stt.js'
import { OpenAiTts } from './openai/tts.js'

export type { OpenAiLimits } from './openai/limits.js'
export type {
  OpenAiOptions,
  OpenAiQuery,
  OpenAiSttOptions,
  OpenAiTtsOptions,
  OpenAiTurnDetection,
} from './openai/options.js'

/** OpenAI, for the `stt` list, the `tts` list, or both. */
export interface OpenAi {
  readonly stt: SttProvider
  readonly tts: TtsProvider
}

/**
 * Speech to text by OpenAI's realtime transcription, over a raw WebSocket, and text to speech over HTTP.
 *
 * @throws {TypeError} when there is no key, or `baseUrl` is no URL.
 */
export function openai(options: OpenAiOptions = {}): OpenAi {
  const account = new VendorAccount(openAiVendor, options)
  const limits = withDefaults(openAiLimits, options.limits)
  return {
    stt: new OpenAiStt(account, options.stt ?? {}, limits),
    tts: new OpenAiTts(account, { voiceId: options.voiceId, options: options.tts ?? {}, limits }),
  }
}
