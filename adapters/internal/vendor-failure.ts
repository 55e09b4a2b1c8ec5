import type { FailureClass, ProviderFailure } from '../../src/providers/contracts.js'
import { messageOf } from '../../src/util/errors.js'
import type { VendorEnd } from './vendor-socket.js'

/** What a vendor says beyond the standard meaning of a status or close code. Undefined: nothing special. */
export interface VendorVerdict {
  readonly class?: FailureClass | undefined
  readonly vendorCode?: string | undefined
  readonly requestId?: string | undefined
  /** The vendor's own words. */
  readonly reason?: string | undefined
}

const byStatus: Readonly<Record<number, FailureClass>> = {
  400: 'data',
  401: 'auth',
  402: 'quota',
  403: 'auth',
  404: 'data',
  405: 'data',
  413: 'data',
  415: 'data',
  422: 'data',
  429: 'rate',
}

/** Codes that say somebody sent what the other could not read. Everything else is worth another connection. */
const dataCloses: ReadonlySet<number> = new Set([1002, 1003, 1007, 1009, 1010])

/** Judges the end of a vendor's connection: what the vendor says goes before what codes usually mean. */
export function failureOf(end: VendorEnd, verdict: VendorVerdict = {}): ProviderFailure {
  return {
    class: verdict.class ?? usualClass(end),
    reason: verdict.reason || end.reason || describe(end),
    retryAfterMs: retryAfterMs(end.headers['retry-after']),
    httpStatus: end.httpStatus,
    closeCode: end.closeCode,
    vendorCode: verdict.vendorCode,
    requestId: verdict.requestId,
    cause: end.cause,
  }
}

/** What an HTTP status means, on an upgrade or inside a message. */
export function classOfStatus(status: number): FailureClass {
  return byStatus[status] ?? 'connection'
}

function usualClass({ httpStatus, closeCode, cause }: VendorEnd): FailureClass {
  if (httpStatus !== undefined) return classOfStatus(httpStatus)
  // Our own client could not read the vendor: that is the vendor's trouble, not a mistake in what we sent.
  if (isProtocolError(cause)) return 'connection'
  return closeCode !== undefined && dataCloses.has(closeCode) ? 'data' : 'connection'
}

function isProtocolError(cause: unknown): boolean {
  const { code } = (cause ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' && code.startsWith('WS_ERR_')
}

function describe({ httpStatus, closeCode, cause }: VendorEnd): string {
  if (httpStatus !== undefined) return `the upgrade was answered with ${httpStatus}`
  if (cause !== undefined) return messageOf(cause)
  return `closed with ${closeCode ?? 'no code'}`
}

function retryAfterMs(header: string | undefined): number | undefined {
  const seconds = Number(header)
  return header !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}
