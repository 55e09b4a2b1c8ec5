import type { FailureClass, ProviderFailure } from '../../../src/providers/contracts.js'
import { failureOf } from '../../internal/vendor-failure.js'
import { parseMessage, textOf, type VendorMessage } from '../../internal/vendor-message.js'
import type { VendorEnd, VendorHeaders } from '../../internal/vendor-socket.js'

/** What Deepgram's codes mean where it is not what their close code means. */
const byCode: Readonly<Record<string, FailureClass>> = {
  // Undecodable audio, or an unknown command.
  'DATA-0000': 'data',
  // Text throughput of speech synthesis: 2,400 characters a minute.
  'DATA-0001': 'rate',
  // Nothing received within the window.
  'NET-0001': 'idle',
  // The 60 minutes of a synthesis connection are over.
  'NET-0003': 'lifetime',
  ASR_PAYMENT_REQUIRED: 'quota',
}

/** The end of a connection. A refused upgrade says why in headers and body, an open connection in its close reason. */
export function deepgramFailure(end: VendorEnd, requestId: string | undefined): ProviderFailure {
  const body = parseMessage(end.body)
  const vendorCode = codeIn(end.reason) ?? textOf(body?.err_code) ?? textOf(body?.category)
  return failureOf(end, {
    class: byCode[vendorCode ?? ''],
    vendorCode,
    requestId: requestId ?? requestIdOf(end.headers) ?? textOf(body?.request_id),
    reason: end.headers['dg-error'] ?? textOf(body?.err_msg) ?? textOf(body?.message),
  })
}

/** A message of type `Error`, after which the socket closes. */
export function deepgramError({ code, description }: VendorMessage, requestId: string | undefined): ProviderFailure {
  const vendorCode = textOf(code)
  return {
    class: byCode[codeIn(vendorCode ?? '') ?? ''] ?? 'connection',
    reason: textOf(description) ?? 'an error without a description',
    vendorCode,
    requestId,
  }
}

export function requestIdOf(headers: VendorHeaders): string | undefined {
  return headers['dg-request-id']
}

/**
 * A close reason is prose that ends in a link with the code: "... within the timeout window. See
 * https://dpgr.am/net0001" (deepgram-python-sdk issue 319).
 */
function codeIn(reason: string): string | undefined {
  const [, family, digits] = /(net|data|big|message)-?(\d{4})/i.exec(reason) ?? []
  return family && digits ? `${family.toUpperCase()}-${digits}` : undefined
}
