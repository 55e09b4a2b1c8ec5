import type { Loose } from '../../../src/util/loose.js'
import type { Vendor, VendorOptions } from '../../internal/vendor-account.js'
import type { CartesiaLimits } from './limits.js'

/** Query parameters as Cartesia spells them; arrays become repeated keys. */
export type CartesiaQuery = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Options of `cartesia()`. `apiKey` defaults to `CARTESIA_API_KEY`, `baseUrl` to `wss://api.cartesia.ai`. */
export interface CartesiaOptions extends VendorOptions {
  /** Default `e07c00bc-4134-4eae-9ea4-1a55fb45746b`, the voice of Cartesia's own quickstart. */
  readonly voiceId?: string | undefined
  /** `Cartesia-Version`: messages change with it. Default `2026-08-14`, which this adapter was written for. */
  readonly version?: string | undefined
  readonly stt?: CartesiaSttOptions | undefined
  readonly tts?: CartesiaTtsOptions | undefined
  readonly limits?: Loose<CartesiaLimits> | undefined
}

export interface CartesiaSttOptions {
  /** Default `ink-2`. */
  readonly model?: string | undefined
  /**
   * Who ends utterances. `turns`: Cartesia, by meaning; no times of words, and `finalize` is not possible. `manual`:
   * `finalize`, which push to talk needs. Default `turns`, as Cartesia advises for agents.
   */
  readonly endpoint?: 'turns' | 'manual' | undefined
  /** `turns`: a turn starts above it, 0.5 to 0.9. Default 0.8 (Cartesia's). */
  readonly turnStartThreshold?: number | undefined
  /** `turns`: a turn may be over below it, 0.3 to 0.6. Default 0.4 (Cartesia's). */
  readonly turnEagerEndThreshold?: number | undefined
  /** `turns`: a turn is over below it, 0.05 to 0.5. Default 0.2 (Cartesia's). */
  readonly turnEndThreshold?: number | undefined
  /** `turns`: silence that ends a turn whatever the model thinks, 640 to 11200 ms. Default 5600 (Cartesia's). */
  readonly turnEndTimeoutMs?: number | undefined
  /** Any other query parameter. */
  readonly query?: CartesiaQuery | undefined
}

export interface CartesiaTtsOptions {
  /** `model_id`. Default `sonic-3.5`. */
  readonly modelId?: string | undefined
  /** `generation_config`. A session's speaking rate goes before its speed. */
  readonly generationConfig?: CartesiaGenerationConfig | undefined
  /** `max_buffer_delay_ms`, 0 to 5000: how long text waits for more. Default 0, because whole sentences are sent. */
  readonly maxBufferDelayMs?: number | undefined
  readonly pronunciationDictId?: string | undefined
  /** Any other field of every request. */
  readonly request?: Readonly<Record<string, unknown>> | undefined
}

export interface CartesiaGenerationConfig {
  /** 0.6 to 1.5. */
  readonly speed?: number | undefined
  /** 0.5 to 2. */
  readonly volume?: number | undefined
  readonly emotion?: string | undefined
}

export function cartesiaVendor(version = '2026-08-14'): Vendor {
  return {
    name: 'cartesia',
    environment: 'CARTESIA_API_KEY',
    baseUrl: 'wss://api.cartesia.ai',
    authorize: key => ({ authorization: `Bearer ${key}`, 'cartesia-version': version }),
  }
}
