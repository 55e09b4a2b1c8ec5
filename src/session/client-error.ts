import { type ErrorCode, errorCodes } from '../protocol/error-codes.js'
import type { ErrorMessage } from '../protocol/messages.js'

/** The `error` message of a documented code. */
export function clientError(code: ErrorCode, message: string, retryAfterMs?: number): ErrorMessage {
  return { type: 'error', code, message, ...errorCodes[code], retry_after_ms: retryAfterMs }
}
