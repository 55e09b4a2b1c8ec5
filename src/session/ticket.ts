import type { Dialect } from '../protocol/dialect.js'
import type { UpgradeRequest } from '../upgrade.js'

/** What came of asking the application who somebody is. */
export type Verdict =
  | { readonly kind: 'principal'; readonly principal: unknown }
  | { readonly kind: 'deferred' }
  | { readonly kind: 'unauthenticated' }
  | { readonly kind: 'rejected'; readonly status: number; readonly retryAfterMs: number | undefined }
  /** The application threw or did not answer: our failure, so the client may retry. */
  | { readonly kind: 'failed' }

/** What an admitted upgrade carries into its socket. */
export interface Ticket {
  readonly request: UpgradeRequest
  readonly verdict: Extract<Verdict, { kind: 'principal' | 'deferred' }>
  /** The client's address, seen through trusted proxies. */
  readonly remoteAddress: string | undefined
  createDialect(): Dialect
}
