import { type ErrorCode, errorCodes } from '../protocol/error-codes.js'
import type { ErrorMessage } from '../protocol/messages.js'
import type { VoiceError } from '../util/errors.js'

/** The `error` message of a documented code. */
export function clientError(code: ErrorCode, message: string, retryAfterMs?: number): ErrorMessage {
  return { type: 'error', code, message, ...errorCodes[code], retry_after_ms: retryAfterMs }
}

/** What a client is told of an error. Null: it concerns the application alone. */
export function errorMessageOf(error: VoiceError, utteranceId: string | undefined): ErrorMessage | null {
  const { code, message, retryable, retryAfterMs, scope } = error
  if (scope === 'app') return null
  return {
    type: 'error',
    code,
    message,
    class: error.class,
    retryable,
    retry_after_ms: retryAfterMs,
    utterance_id: utteranceId,
  }
}
