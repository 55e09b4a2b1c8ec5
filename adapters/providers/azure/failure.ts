import type { FailureClass, ProviderFailure } from '../../../src/providers/contracts.js'
import { classOfStatus } from '../../internal/vendor-failure.js'

/** What the client's `CancellationErrorCode` means. Everything else is worth another connection. */
const byCode: Readonly<Record<number, FailureClass>> = { 1: 'auth', 2: 'data', 3: 'rate', 8: 'auth' }

const names = [
  ...['NoError', 'AuthenticationFailure', 'BadRequestParameters', 'TooManyRequests', 'ConnectionFailure'],
  ...['ServiceTimeout', 'ServiceError', 'RuntimeError', 'Forbidden'],
]

const dataCloses: ReadonlySet<number> = new Set([1002, 1003, 1007])

/** What the client says of an end: it hides the status of a refusal and the code of a close in its prose. */
export function azureFailure(details: string, requestId?: string, errorCode?: number): ProviderFailure {
  const said = withoutUrls(details)
  const httpStatus = numberIn(/unexpected server response: (\d{3})/i, said)
  const closeCode = numberIn(/websocket error code: (\d{4})/i, said)
  return {
    class: classOf({ said, httpStatus, closeCode, errorCode }),
    reason: said || 'the connection was closed',
    httpStatus,
    closeCode,
    vendorCode: names[errorCode ?? -1],
    requestId,
  }
}

interface End {
  readonly said: string
  readonly httpStatus: number | undefined
  readonly closeCode: number | undefined
  readonly errorCode: number | undefined
}

function classOf({ said, httpStatus, closeCode, errorCode }: End): FailureClass {
  if (/quota exceeded|out of call volume/i.test(said)) return 'quota'
  if (/idle|inactivity/i.test(said)) return 'idle'
  if (httpStatus !== undefined) return classOfStatus(httpStatus)
  if (closeCode !== undefined && dataCloses.has(closeCode)) return 'data'
  return byCode[errorCode ?? -1] ?? 'connection'
}

/** The client copies its headers into the URL, and with them the key. */
function withoutUrls(text: string): string {
  return text
    .replace(/\b(?:wss?|https?):\/\/\S+/gi, '(url)')
    .replace(/\s+/g, ' ')
    .trim()
}

function numberIn(pattern: RegExp, text: string): number | undefined {
  const [, found] = pattern.exec(text) ?? []
  return found === undefined ? undefined : Number(found)
}
