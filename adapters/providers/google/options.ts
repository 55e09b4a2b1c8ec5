import type { Clock } from '../../../src/util/clock.js'
import type { Loose } from '../../../src/util/loose.js'
import type { VendorMessage } from '../../internal/vendor-message.js'
import type { GoogleLimits } from './limits.js'
import type { GoogleClientOptions, GoogleSpeechSdk, GoogleTextToSpeechSdk } from './sdk.js'

/**
 * Options of `google()`. Credentials are looked for as everywhere at Google: these options, then the file that
 * `GOOGLE_APPLICATION_CREDENTIALS` names, then `gcloud auth application-default login`, then the machine's own account.
 */
export interface GoogleOptions {
  /** What the provider is called among the others of a handler. Default `google`. */
  readonly name?: string | undefined
  /** Path of a service account's JSON file. */
  readonly keyFilename?: string | undefined
  /** A service account. */
  readonly credentials?: { readonly client_email: string; readonly private_key: string } | undefined
  readonly apiKey?: string | undefined
  /** Default: of the credentials. Version 2 of recognition needs one. */
  readonly projectId?: string | undefined
  /** Where speech is processed, such as `eu`, `us` or `europe-west4`. Default `global`. */
  readonly location?: string | undefined
  /** Anything else for the constructors of Google's clients, such as `apiEndpoint`, `port` or `sslCreds`. */
  readonly clientOptions?: GoogleClientOptions | undefined
  /** Sees every response before it is read, for diagnosis. It may hold what was said. */
  readonly onMessage?: ((message: VendorMessage) => void) | undefined
  readonly stt?: GoogleSttOptions | undefined
  readonly tts?: GoogleTtsOptions | undefined
  readonly limits?: Loose<GoogleLimits> | undefined
  /** Default: the runtime's. */
  readonly clock?: Clock | undefined
}

export interface GoogleSttOptions {
  /** The package `@google-cloud/speech`, where it cannot be found by itself, as in a bundle. */
  readonly sdk?: GoogleSpeechSdk | undefined
  /** Version of the API. Default `v1`; `chirp` models need `v2` and a `location` that has them. */
  readonly api?: 'v1' | 'v2' | undefined
  /** Default `latest_long`. */
  readonly model?: string | undefined
  /** Default `en-US`. */
  readonly language?: string | undefined
  /** `enableVoiceActivityEvents`: when speech begins, and when an utterance ends. Default true. */
  readonly voiceActivityEvents?: boolean | undefined
  /** Version 2: a recognizer's id or full name. Default `_`: none, everything is said in the request. */
  readonly recognizer?: string | undefined
  /** Any other field of `RecognitionConfig`, in Google's spelling. */
  readonly config?: Readonly<Record<string, unknown>> | undefined
}

export interface GoogleTtsOptions {
  /** The package `@google-cloud/text-to-speech`, where it cannot be found by itself, as in a bundle. */
  readonly sdk?: GoogleTextToSpeechSdk | undefined
  /** A voice. Default `en-US-Chirp3-HD-Charon`. */
  readonly voice?: string | undefined
  /**
   * Whether audio comes while it is made. Default: for the voices that can, Chirp 3 HD and Gemini. Others answer with the
   * audio of a whole sentence at once.
   */
  readonly streaming?: boolean | undefined
  /** Any other field of `voice`, such as `modelName`. */
  readonly voiceParams?: Readonly<Record<string, unknown>> | undefined
  /** Any other field of `audioConfig`, such as `pitch`; with streaming, of `streamingAudioConfig`. */
  readonly audioConfig?: Readonly<Record<string, unknown>> | undefined
}
