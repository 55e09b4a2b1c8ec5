import { type Clock, systemClock } from '../../../src/util/clock.js'
import { withDefaults } from '../../../src/util/loose.js'
import type { VendorMessage } from '../../internal/vendor-message.js'
import { type GoogleLimits, googleLimits } from './limits.js'
import type { GoogleOptions } from './options.js'
import type { GoogleClientOptions } from './sdk.js'

/**
 * A call keeps what it writes for a retry, although streams are never retried, and takes it for sent. By default that is a
 * megabyte, half a minute of audio that hides that nobody reads it.
 */
const withSmallBuffer = { 'grpc.per_rpc_retry_buffer_size': 64 * 1024 }
/** By default a client that could not connect tries for two minutes less and less often, and every call fails until then. */
const withShortBackoff = { 'grpc.max_reconnect_backoff_ms': 2000 }
/** Without it all clients of a process share one connection. */
const withOwnConnection = { 'grpc.use_local_subchannel_pool': 1 }

/** Where and as whom Google's clients call. */
export class GoogleAccount {
  readonly name: string
  readonly clock: Clock
  readonly limits: GoogleLimits
  readonly location: string
  readonly projectId: string | undefined
  readonly onMessage: ((message: VendorMessage) => void) | undefined
  readonly #options: GoogleOptions

  /** @throws {TypeError} when `location` is none. */
  constructor(options: GoogleOptions) {
    const { name = 'google', clock = systemClock, location = 'global' } = options
    if (!/^[a-z][a-z0-9-]*$/.test(location))
      throw new TypeError(`location: '${location}' is none; use one such as global, eu or europe-west4`)
    this.name = name
    this.clock = clock
    this.location = location
    this.projectId = options.projectId
    this.onMessage = options.onMessage
    this.limits = withDefaults(googleLimits, options.limits)
    this.#options = options
  }

  /** @param host of the service at the location `global`. Elsewhere the location goes before it. */
  clientOptions(host: string): GoogleClientOptions {
    const { keyFilename, credentials, apiKey, projectId, clientOptions } = this.#options
    const given = { keyFilename, credentials, apiKey, projectId }
    return {
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      ...(this.location !== 'global' && { apiEndpoint: `${this.location}-${host}` }),
      ...withSmallBuffer,
      ...withShortBackoff,
      ...withOwnConnection,
      ...clientOptions,
    }
  }
}
