import { type Clock, systemClock } from '../../../src/util/clock.js'
import { withDefaults } from '../../../src/util/loose.js'
import { VendorSdk } from '../../internal/vendor-sdk.js'
import { type AzureLimits, azureLimits } from './limits.js'
import type { AzureOptions, AzureProperties } from './options.js'
import type { AzureSdk, AzureSpeechConfig } from './sdk.js'

/** Where and as whom the client connects. */
export class AzureAccount {
  readonly name: string
  readonly clock: Clock
  readonly limits: AzureLimits
  readonly #key: string
  readonly #region: string | undefined
  readonly #host: URL | undefined
  readonly #options: AzureOptions
  #sdk: VendorSdk<AzureSdk> | undefined

  /** @throws {TypeError} when there is no key, or neither a region nor a `baseUrl`. */
  constructor(options: AzureOptions) {
    const key = (options.apiKey ?? process.env.AZURE_SPEECH_KEY)?.trim()
    const region = (options.region ?? process.env.AZURE_SPEECH_REGION)?.trim()
    const { baseUrl } = options
    if (!key) throw new TypeError('apiKey: missing; pass it or set AZURE_SPEECH_KEY')
    if (!region && !baseUrl) throw new TypeError('region: missing; pass it or set AZURE_SPEECH_REGION')
    if (baseUrl !== undefined && (!URL.canParse(baseUrl) || !/^(?:ws|http)s?:/.test(baseUrl)))
      throw new TypeError(`baseUrl: '${baseUrl}' is no ws or http URL; use one such as wss://my-proxy.example`)
    this.name = options.name ?? 'azure'
    this.clock = options.clock ?? systemClock
    this.limits = withDefaults(azureLimits, options.limits)
    this.#key = key
    this.#region = region
    this.#host = baseUrl === undefined ? undefined : new URL(baseUrl.replace(/^http/, 'ws'))
    this.#options = options
  }

  /** @throws {Error} when the package is not installed. */
  get sdk(): VendorSdk<AzureSdk> {
    this.#sdk ??= new VendorSdk('microsoft-cognitiveservices-speech-sdk', this.#options.sdk)
    return this.#sdk
  }

  /** @param credentials `api_key` among a client's own goes before the account's key. */
  config(
    { SpeechConfig }: AzureSdk,
    credentials: Readonly<Record<string, unknown>> | undefined,
    properties: AzureProperties | undefined,
  ): AzureSpeechConfig {
    const own = credentials?.api_key
    const key = typeof own === 'string' ? own : this.#key
    const config = this.#host
      ? SpeechConfig.fromHost(this.#host, key)
      : SpeechConfig.fromSubscription(key, this.#region ?? '')
    for (const [name, value] of Object.entries({ ...this.#options.properties, ...properties }))
      config.setProperty(name, value)
    return config
  }
}
