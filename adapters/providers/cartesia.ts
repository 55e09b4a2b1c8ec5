import type { SttProvider, TtsProvider } from '../../src/providers/contracts.js'
import { withDefaults } from '../../src/util/loose.js'
import { VendorAccount } from '../internal/vendor-account.js'
import { cartesiaLimits } from './cartesia/limits.js'
import { type CartesiaOptions, cartesiaVendor } from './cartesia/options.js'
import { CartesiaStt } from './cartesia/stt.js'
import { CartesiaTts } from './cartesia/tts.js'

export type { CartesiaLimits } from './cartesia/limits.js'
export type {
  CartesiaGenerationConfig,
  CartesiaOptions,
  CartesiaQuery,
  CartesiaSttOptions,
  CartesiaTtsOptions,
} from './cartesia/options.js'

/** Cartesia, for the `stt` list, the `tts` list, or both. */
export interface Cartesia {
  readonly stt: SttProvider
  readonly tts: TtsProvider
}

/**
 * Speech from and to text by Cartesia, over raw WebSockets.
 *
 * @throws {TypeError} when there is no key, or `baseUrl` is no URL.
 */
export function cartesia(options: CartesiaOptions = {}): Cartesia {
  const account = new VendorAccount(cartesiaVendor(options.version), options)
  const limits = withDefaults(cartesiaLimits, options.limits)
  return {
    stt: new CartesiaStt(account, options.stt ?? {}, limits),
    tts: new CartesiaTts(account, { voiceId: options.voiceId, options: options.tts ?? {}, limits }),
  }
}
