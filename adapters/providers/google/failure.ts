import type { FailureClass, ProviderFailure } from '../../../src/providers/contracts.js'
import { messageOf } from '../../../src/util/errors.js'
import { listOf, numberOf, recordOf, textOf } from '../../internal/vendor-message.js'
import { durationMs } from './results.js'

/** What gRPC's codes mean where no text says better. Everything else is worth another call. */
const byCode: Readonly<Record<number, FailureClass>> = {
  3: 'data',
  5: 'data',
  7: 'auth',
  8: 'rate',
  9: 'data',
  12: 'data',
  16: 'auth',
}

const names = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED'],
  ...['INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
]

/** The end of a call that nobody asked for. */
export function googleFailure(error: unknown, requestId?: string): ProviderFailure {
  const fields = recordOf(error) ?? {}
  const code = numberOf(fields.code)
  const said = textOf(fields.details) || messageOf(error)
  const withoutCredentials = /could not load the default credentials/i.test(said)
  return {
    class: classOf(code, said),
    reason: withoutCredentials ? `${noCredentials} (${said})` : said,
    retryAfterMs: retryAfterMs(fields),
    vendorCode: names[code ?? -1],
    requestId,
    cause: error,
  }
}

const noCredentials = 'no credentials; pass keyFilename or credentials, or set GOOGLE_APPLICATION_CREDENTIALS'

function classOf(code: number | undefined, said: string): FailureClass {
  if (/credentials|invalid_grant|api key not valid/i.test(said)) return 'auth'
  switch (code) {
    case 7:
      return /billing/i.test(said) ? 'quota' : 'auth'
    // The same two codes end a stream that is too old and one on which nothing was said.
    case 10:
    case 11:
      if (/exceeded maximum allowed stream duration|max duration/i.test(said)) return 'lifetime'
      return /without (?:audio|input)/i.test(said) ? 'idle' : 'connection'
    default:
      return byCode[code ?? -1] ?? 'connection'
  }
}

/** Of `google.rpc.RetryInfo`, where the client has read it. */
function retryAfterMs({ statusDetails }: Readonly<Record<string, unknown>>): number | undefined {
  const delays = listOf(statusDetails).map(detail => recordOf(recordOf(detail)?.retryDelay))
  const told = delays.find(one => one !== undefined)
  return told && durationMs(told)
}
