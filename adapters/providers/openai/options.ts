import type { Loose } from '../../../src/util/loose.js'
import type { Vendor, VendorOptions } from '../../internal/vendor-account.js'
import type { OpenAiLimits } from './limits.js'

/** Query parameters as OpenAI spells them; arrays become repeated keys. */
export type OpenAiQuery = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/**
 * Options of `openai()`. `apiKey` defaults to `OPENAI_API_KEY`, `baseUrl` to `wss://api.openai.com/v1`. Servers that
 * speak as OpenAI does are reached by their own `baseUrl`, `/v1` included.
 */
export interface OpenAiOptions extends VendorOptions {
  /** Default `coral`. */
  readonly voiceId?: string | undefined
  readonly stt?: OpenAiSttOptions | undefined
  readonly tts?: OpenAiTtsOptions | undefined
  readonly limits?: Loose<OpenAiLimits> | undefined
}

export interface OpenAiSttOptions {
  /**
   * Default `gpt-live-transcribe`, which OpenAI recommends: words come while they are spoken. It and
   * `gpt-realtime-whisper` end no utterances; `gpt-transcribe` and the older ones do, and give no words before.
   */
  readonly model?: string | undefined
  /**
   * Who ends utterances: OpenAI, by silence or by meaning, or only `finalize` (`null`). Default `server_vad` for models
   * that can, else `null`.
   */
  readonly turnDetection?: OpenAiTurnDetection | null | undefined
  /** `prompt`: what to expect. Not for `gpt-realtime-whisper`. */
  readonly prompt?: string | undefined
  readonly noiseReduction?: 'near_field' | 'far_field' | undefined
  /** Asks for the probabilities of tokens, from which confidence is made. Not every model has them. Default false. */
  readonly logprobs?: boolean | undefined
  /** Any other field of `session.audio.input.transcription`. */
  readonly transcription?: Readonly<Record<string, unknown>> | undefined
  /** Any other query parameter. Gateways want `model`, which OpenAI itself refuses here. */
  readonly query?: OpenAiQuery | undefined
}

/** `turn_detection`, as OpenAI spells it. */
export type OpenAiTurnDetection =
  | {
      readonly type: 'server_vad'
      /** 0 to 1. Default 0.5 (OpenAI's). */
      readonly threshold?: number | undefined
      /** Audio before the speech that belongs to it. Default 300 (OpenAI's). */
      readonly prefix_padding_ms?: number | undefined
      /** Silence that ends an utterance. Default 500 (OpenAI's). */
      readonly silence_duration_ms?: number | undefined
    }
  | { readonly type: 'semantic_vad'; readonly eagerness?: 'low' | 'medium' | 'high' | 'auto' | undefined }

export interface OpenAiTtsOptions {
  /** Default `gpt-4o-mini-tts`. */
  readonly model?: string | undefined
  /** How to speak, in words. Not for `tts-1` and `tts-1-hd`. */
  readonly instructions?: string | undefined
  /** Any other field of every request. */
  readonly request?: Readonly<Record<string, unknown>> | undefined
}

export const openAiVendor: Vendor = {
  name: 'openai',
  environment: 'OPENAI_API_KEY',
  baseUrl: 'wss://api.openai.com/v1',
  authorize: key => ({ authorization: `Bearer ${key}` }),
}
