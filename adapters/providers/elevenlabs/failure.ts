import type { FailureClass, ProviderFailure } from '../../../src/providers/contracts.js'
import { classOfStatus, failureOf } from '../../internal/vendor-failure.js'
import { parseMessage, recordOf, textOf, type VendorMessage } from '../../internal/vendor-message.js'
import type { VendorEnd } from '../../internal/vendor-socket.js'

/**
 * What the names of errors mean. Close code 1008 says nothing: it comes for bad keys, spent quotas, idle sockets and
 * too many contexts alike. The names ending in `_error` are older spellings.
 */
const byName: Readonly<Record<string, FailureClass>> = {
  auth_error: 'auth',
  authentication_error: 'auth',
  invalid_api_key: 'auth',
  missing_permissions: 'auth',
  unaccepted_terms: 'auth',
  unaccepted_terms_error: 'auth',
  quota_exceeded: 'quota',
  quota_exceeded_error: 'quota',
  rate_limited: 'rate',
  resource_exhausted: 'rate',
  queue_overflow: 'rate',
  too_many_concurrent_requests: 'rate',
  max_active_conversations: 'rate',
  system_busy: 'rate',
  input_error: 'data',
  invalid_request: 'data',
  chunk_size_exceeded: 'data',
  voice_not_found: 'data',
  model_not_found: 'data',
  output_format_not_allowed: 'data',
  session_time_limit_exceeded: 'lifetime',
  insufficient_audio_activity: 'idle',
  input_timeout_exceeded: 'idle',
  transcriber_error: 'connection',
  error: 'connection',
}

/** What close reasons say when no message with a name came before; they are cut at 123 bytes. */
const byReason: readonly (readonly [RegExp, string])[] = [
  [/not received a new text input within/i, 'input_timeout_exceeded'],
  [/maximum simultaneous contexts/i, 'max_active_conversations'],
  [/exceed\w* your (?:\w+ )?quota/i, 'quota_exceeded'],
  [/api.key/i, 'invalid_api_key'],
]

/** The end of a connection. A refused upgrade has the name in its body: `{ "detail": { "status": "quota_exceeded", ... } }`. */
export function elevenLabsFailure(end: VendorEnd, requestId: string | undefined): ProviderFailure {
  const detail = recordOf(parseMessage(end.body)?.detail)
  const vendorCode = textOf(detail?.status) ?? byReason.find(([pattern]) => pattern.test(end.reason))?.[1]
  return failureOf(end, {
    // Without audio or text a socket is closed normally, and nothing is said (observed by users).
    class: byName[vendorCode ?? ''] ?? (end.closeCode === 1000 ? 'idle' : undefined),
    vendorCode,
    requestId: requestId ?? end.headers['request-id'] ?? end.headers['x-trace-id'],
    reason: textOf(detail?.message),
  })
}

/**
 * A message that reports an error: `{ message_type, error }` from recognition, where the type is the error's name, and
 * `{ error, message, code }` from synthesis, where `error` is it and `code` the close code that follows.
 */
export function elevenLabsError(
  name: string,
  { error, message, code }: VendorMessage,
  requestId: string | undefined,
): ProviderFailure {
  return {
    class: byName[name] ?? (typeof code === 'number' && code < 1000 ? classOfStatus(code) : 'connection'),
    reason: textOf(message) ?? textOf(error) ?? name,
    vendorCode: name,
    requestId,
  }
}
