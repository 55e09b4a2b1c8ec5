import type { FailureClass, ProviderFailure } from '../../../src/providers/contracts.js'
import { failureOf } from '../../internal/vendor-failure.js'
import { parseMessage, recordOf, textOf, type VendorMessage } from '../../internal/vendor-message.js'
import type { VendorEnd, VendorHeaders } from '../../internal/vendor-socket.js'

/** What codes and types of errors mean where their HTTP status or close code says less, or something else. */
const byCode: Readonly<Record<string, FailureClass>> = {
  invalid_api_key: 'auth',
  account_deactivated: 'auth',
  mismatched_organization: 'auth',
  unsupported_country_region_territory: 'auth',
  authentication_error: 'auth',
  permission_error: 'auth',
  // Told with 429, like a rate, but no waiting helps.
  insufficient_quota: 'quota',
  billing_hard_limit_reached: 'quota',
  billing_not_active: 'quota',
  rate_limit_exceeded: 'rate',
  rate_limit_error: 'rate',
  session_expired: 'lifetime',
  server_error: 'connection',
  invalid_request_error: 'data',
}

const expired = /maximum duration of \d+ minutes/i

/**
 * The end of a connection or a request. A refusal has the error in its body; a socket that was open has it in a message
 * before, or in a close reason such as `invalid_request_error.invalid_api_key`.
 */
export function openAiFailure(end: VendorEnd, requestId?: string, lastError: VendorMessage = {}): ProviderFailure {
  const [type, code] = /^([a-z_]+)\.([a-z_]+)$/.exec(end.reason)?.slice(1) ?? []
  const told = recordOf(parseMessage(end.body)?.error) ?? { ...lastError, ...(code && { type, code }) }
  return failureOf(end, {
    class: expired.test(end.reason) ? 'lifetime' : classOf(told),
    vendorCode: textOf(told.code) ?? textOf(told.type),
    requestId: requestId ?? requestIdOf(end.headers),
    reason: textOf(told.message),
  })
}

/** An `error` as it stands in messages and in the result of a failed transcription. */
export function openAiError(error: VendorMessage, requestId: string | undefined): ProviderFailure {
  return {
    class: classOf(error) ?? 'connection',
    reason: textOf(error.message) ?? 'an error without a message',
    vendorCode: textOf(error.code) ?? textOf(error.type),
    requestId,
  }
}

export function requestIdOf(headers: VendorHeaders): string | undefined {
  return headers['x-request-id']
}

function classOf({ code, type, message }: VendorMessage): FailureClass | undefined {
  if (expired.test(textOf(message) ?? '')) return 'lifetime'
  return byCode[textOf(code) ?? ''] ?? byCode[textOf(type) ?? '']
}
