import type { Loose } from '../../../src/util/loose.js'
import type { Vendor, VendorOptions } from '../../internal/vendor-account.js'
import type { DeepgramLimits } from './limits.js'

/** Query parameters as Deepgram spells them; arrays become repeated keys. */
export type DeepgramQuery = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Options of `deepgram()`. `apiKey` defaults to `DEEPGRAM_API_KEY`, `baseUrl` to `wss://api.deepgram.com`. */
export interface DeepgramOptions extends VendorOptions {
  readonly stt?: DeepgramSttOptions | undefined
  readonly tts?: DeepgramTtsOptions | undefined
  readonly limits?: Loose<DeepgramLimits> | undefined
}

export interface DeepgramSttOptions {
  /**
   * Default `nova-3`. A model whose name begins with `flux` is reached over version 2 of the endpoint, which finds the
   * ends of turns by meaning and not by silence.
   */
  readonly model?: string | undefined
  /** Not Flux: silence that ends an utterance, in milliseconds. Default 300. */
  readonly endpointing?: number | false | undefined
  /** Not Flux: gap between words that ends an utterance even in noise, in milliseconds, at least 1000. Default 1000. */
  readonly utteranceEndMs?: number | undefined
  /** Not Flux: punctuation, numerals, dates. Makes finals come later. Default false. */
  readonly smartFormat?: boolean | undefined
  /** Flux: confidence that ends a turn, 0.5 to 1; 1 leaves that to `finalize`. Default 0.7 (Deepgram's). */
  readonly eotThreshold?: number | undefined
  /** Flux: confidence, 0.3 to 0.9, at which a turn may be over; without it there is no `eagerEnd`. */
  readonly eagerEotThreshold?: number | undefined
  /** Flux: silence that ends a turn whatever the model thinks, 500 to 60000 ms. Default 5000 (Deepgram's). */
  readonly eotTimeoutMs?: number | undefined
  /** Any other query parameter. */
  readonly query?: DeepgramQuery | undefined
}

export interface DeepgramTtsOptions {
  /** A voice. Default `aura-2-thalia-en`. */
  readonly model?: string | undefined
  /** Any other query parameter. */
  readonly query?: DeepgramQuery | undefined
}

export const deepgramVendor: Vendor = {
  name: 'deepgram',
  environment: 'DEEPGRAM_API_KEY',
  baseUrl: 'wss://api.deepgram.com',
  authorize: key => ({ authorization: `Token ${key}` }),
}
