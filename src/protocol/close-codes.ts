import type { ErrorClass } from '../util/errors.js'

/** Every close code that means something to voice-ws. All above 3999 are final: what may be retried ends in a standard code. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Never sent: the peer closed without a code. */
  noStatus: 1005,
  /** Never sent: the connection broke. */
  abnormal: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  tooBig: 1009,
  extensionMissing: 1010,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badGateway: 1014,
  /** Never sent: the TLS handshake failed. */
  tlsFailure: 1015,
  /** IANA: Unauthorized. */
  unauthorized: 3000,
  /** IANA: Forbidden. */
  forbiddenByPeer: 3003,
  /** IANA: Timeout. */
  timeout: 3008,
  /** A wrong `config`, or too many wrong messages. */
  badMessage: 4400,
  notAuthenticated: 4401,
  quotaExceeded: 4402,
  forbidden: 4403,
  configTimeout: 4408,
  /** Another socket resumed the session. */
  takenOver: 4409,
  tooFast: 4429,
} as const

/** What a closed connection means for the client. */
export interface CloseVerdict {
  /** `NORMAL`: nothing failed. */
  readonly class: ErrorClass | 'NORMAL'
  /** `refresh`: get another token and connect with it; without a way to get one, stop. */
  readonly action: 'stop' | 'retry' | 'refresh'
  /** How many closes in a row may be answered by `action`; after that, stop. */
  readonly maxInARow: number
  /** The server's hint: connect at a uniformly random moment within so many milliseconds. */
  readonly retryWithinMs?: number | undefined
}

const normal: CloseVerdict = { class: 'NORMAL', action: 'stop', maxInARow: 0 }
const retry: CloseVerdict = { class: 'CONNECTION', action: 'retry', maxInARow: 1 / 0 }
const retryThrice: CloseVerdict = { ...retry, maxInARow: 3 }
const data: CloseVerdict = { class: 'DATA', action: 'stop', maxInARow: 0 }
const denied: CloseVerdict = { class: 'AUTH', action: 'stop', maxInARow: 0 }
const refresh: CloseVerdict = { class: 'AUTH', action: 'refresh', maxInARow: 1 }

const verdicts: Readonly<Record<number, CloseVerdict>> = {
  1000: normal,
  1001: retry,
  1002: data,
  1003: data,
  1005: retry,
  1006: retry,
  1007: data,
  1008: refresh,
  1009: data,
  1010: data,
  1011: retryThrice,
  1012: retry,
  1013: retry,
  1014: retry,
  // Mostly a wrong certificate, which no retry cures.
  1015: { ...retry, maxInARow: 2 },
  3000: refresh,
  3003: refresh,
  3008: retry,
  4400: data,
  4401: refresh,
  4402: denied,
  4403: denied,
  4408: data,
  // Two clients that retried it would take the session from each other for ever.
  4409: normal,
  4429: data,
}

/** Longer hints count as this: a client gives up after five minutes anyway. */
const longestHintMs = 300_000

/** What a client does about a close. The reason may carry the server's hint as JSON: `{"r":25000}`. */
export function classifyClose(code: number, reason: string): CloseVerdict {
  const verdict = verdicts[code] ?? classifyRange(code)
  const retryWithinMs = verdict.action === 'retry' ? readHint(reason) : undefined
  return retryWithinMs === undefined ? verdict : { ...verdict, retryWithinMs }
}

/** The reason of a retryable close that spreads the clients which come back over `withinMs`. */
export function retryHint(withinMs: number): string {
  return JSON.stringify({ r: Math.max(0, Math.round(withinMs)) })
}

/** True for what RFC 6455 and its registry let an endpoint send. */
export function isSendableCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false
  if (code >= 3000) return code <= 4999
  return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)
}

/** A close frame holds 125 bytes, two of which are the code. */
const maxReasonBytes = 123

/** The longest beginning of `reason` that fits into a close frame as UTF-8, without half a character at its end. */
export function fitCloseReason(reason: string): string {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(maxReasonBytes))
  return reason.slice(0, read)
}

function classifyRange(code: number): CloseVerdict {
  // Whoever uses the private range means "do not come back like this"; the library range is anybody's.
  if (code > 4000 && code <= 4999) return refresh
  if (code >= 3000 && code <= 4000) return data
  return retryThrice
}

function readHint(reason: string): number | undefined {
  try {
    const { r } = JSON.parse(reason) as { readonly r?: unknown }
    return typeof r === 'number' && r >= 0 ? Math.min(r, longestHintMs) : undefined
  } catch {
    return undefined
  }
}
