import { type Clock, systemClock } from '../../src/util/clock.js'
import type { VendorMessage } from './vendor-message.js'

/** Options that every vendor has. */
export interface VendorOptions {
  /** Default: the vendor's usual environment variable, read when the provider is created. */
  readonly apiKey?: string | undefined
  /** What the provider is called among the others of a handler. Two of one vendor in one list need two names. */
  readonly name?: string | undefined
  /** Of a regional or self-hosted endpoint, or a proxy; `http` and `https` mean `ws` and `wss`. */
  readonly baseUrl?: string | undefined
  /** Sent with every upgrade, after the vendor's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Sees every JSON message of the vendor before it is read, for diagnosis. It may hold what was said. */
  readonly onMessage?: ((message: VendorMessage) => void) | undefined
  /** Default: the runtime's. */
  readonly clock?: Clock | undefined
}

/** What is known of a vendor before anybody has an account there. */
export interface Vendor {
  readonly name: string
  readonly environment: string
  readonly baseUrl: string
  /** The headers that carry a key. */
  authorize(key: string): Readonly<Record<string, string>>
}

/** A query; arrays become repeated keys, undefined is left out. */
export type VendorQuery = Readonly<Record<string, unknown>>

/** Where and as whom a vendor's connections are made. */
export class VendorAccount {
  readonly name: string
  readonly clock: Clock
  readonly onMessage: ((message: VendorMessage) => void) | undefined
  readonly #vendor: Vendor
  readonly #key: string
  readonly #baseUrl: string
  readonly #headers: Readonly<Record<string, string>>

  /** @throws {TypeError} when there is no key, or `baseUrl` is no URL. */
  constructor(vendor: Vendor, options: VendorOptions) {
    // Keys come from files and shells, with a line break at the end.
    const key = (options.apiKey ?? process.env[vendor.environment])?.trim()
    if (!key) throw new TypeError(`apiKey: missing; pass it or set ${vendor.environment}`)
    const { baseUrl = vendor.baseUrl } = options
    if (!URL.canParse(baseUrl) || !/^(?:ws|http)s?:/.test(baseUrl))
      throw new TypeError(`baseUrl: '${baseUrl}' is no ws or http URL; use one such as ${vendor.baseUrl}`)
    this.name = options.name ?? vendor.name
    this.clock = options.clock ?? systemClock
    this.onMessage = options.onMessage
    this.#vendor = vendor
    this.#key = key
    this.#baseUrl = baseUrl.replace(/^http/, 'ws').replace(/\/+$/, '')
    this.#headers = options.headers ?? {}
  }

  /** Headers of an upgrade. `api_key` among a client's own credentials goes before the account's key. */
  headersFor(credentials: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, string>> {
    const own = credentials?.api_key
    return { ...this.#vendor.authorize(typeof own === 'string' ? own : this.#key), ...this.#headers }
  }

  httpUrl(path: string): URL {
    return new URL(this.#baseUrl.replace(/^ws/, 'http') + path)
  }

  url(path: string, query: VendorQuery): URL {
    const url = new URL(this.#baseUrl + path)
    for (const [name, value] of Object.entries(query)) {
      for (const one of Array.isArray(value) ? value : [value])
        if (one !== undefined) url.searchParams.append(name, String(one))
    }
    return url
  }
}
