import type { ProviderFailure } from '../../../src/providers/contracts.js'
import { classOfStatus, failureOf } from '../../internal/vendor-failure.js'
import { numberOf, parseMessage, textOf, type VendorMessage } from '../../internal/vendor-message.js'
import type { VendorEnd } from '../../internal/vendor-socket.js'

/** The end of a connection. A refused upgrade has the same error in its body that an open connection has in a message. */
export function cartesiaFailure(end: VendorEnd, requestId: string | undefined, idle: boolean): ProviderFailure {
  const body = parseMessage(end.body)
  return failureOf(end, {
    // A socket on which nothing happens is closed after minutes, normally or by whatever stands in between.
    class: idle && end.httpStatus === undefined && isQuiet(end.closeCode) ? 'idle' : undefined,
    vendorCode: textOf(body?.error_code),
    requestId: requestId ?? textOf(body?.request_id) ?? end.headers['x-request-id'],
    reason: reasonOf(body),
  })
}

/** A message of type `error`. Its status is an HTTP status. */
export function cartesiaError(message: VendorMessage, requestId: string | undefined): ProviderFailure {
  const httpStatus = numberOf(message.status_code)
  return {
    class: httpStatus === undefined ? 'connection' : classOfStatus(httpStatus),
    reason: reasonOf(message) ?? 'an error without a message',
    httpStatus,
    vendorCode: textOf(message.error_code),
    requestId: requestId ?? textOf(message.request_id),
  }
}

/** Versions before 2026-03-01 had one field `error`. */
function reasonOf(message: VendorMessage | undefined): string | undefined {
  return textOf(message?.message) ?? textOf(message?.error) ?? textOf(message?.title)
}

function isQuiet(closeCode: number | undefined): boolean {
  return closeCode === 1000 || closeCode === 1001 || closeCode === 1005
}
