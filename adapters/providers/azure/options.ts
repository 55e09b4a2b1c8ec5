import type { Clock } from '../../../src/util/clock.js'
import type { Loose } from '../../../src/util/loose.js'
import type { AzureLimits } from './limits.js'
import type { AzureSdk } from './sdk.js'

/** Settings of the client by the names of its `PropertyId`, such as `Speech_SegmentationMaximumTimeMs`. */
export type AzureProperties = Readonly<Record<string, string>>

/** Options of `azure()`. */
export interface AzureOptions {
  /** Of a Speech resource. Default: `AZURE_SPEECH_KEY`, read when the provider is created. */
  readonly apiKey?: string | undefined
  /** Of the resource, such as `westeurope`. Default: `AZURE_SPEECH_REGION`. */
  readonly region?: string | undefined
  /** Instead of a region: a private endpoint, a container or a proxy, without a path. */
  readonly baseUrl?: string | undefined
  /** What the provider is called among the others of a handler. Default `azure`. */
  readonly name?: string | undefined
  /** The package `microsoft-cognitiveservices-speech-sdk`, where it cannot be found by itself, as in a bundle. */
  readonly sdk?: AzureSdk | undefined
  /** Settings of both directions. */
  readonly properties?: AzureProperties | undefined
  readonly stt?: AzureSttOptions | undefined
  readonly tts?: AzureTtsOptions | undefined
  readonly limits?: Loose<AzureLimits> | undefined
  /** Default: the runtime's. */
  readonly clock?: Clock | undefined
}

export interface AzureSttOptions {
  /** Default `en-US`. */
  readonly language?: string | undefined
  /** A custom model: the id of its deployment. */
  readonly endpointId?: string | undefined
  /** Silence that ends an utterance, in milliseconds, 100 to 5000. Default: Azure's. */
  readonly segmentationSilenceMs?: number | undefined
  /** `Speech_SegmentationStrategy`: whether utterances are ended by silence alone or by meaning too. Default: Azure's. */
  readonly segmentationStrategy?: 'Default' | 'Time' | 'Semantic' | undefined
  readonly properties?: AzureProperties | undefined
}

export interface AzureTtsOptions {
  /** Default `en-US-AvaMultilingualNeural`. */
  readonly voice?: string | undefined
  /** `mstts:express-as` style, such as `chat`, of voices that have one. */
  readonly style?: string | undefined
  readonly properties?: AzureProperties | undefined
}
