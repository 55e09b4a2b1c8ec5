import { CloseCode, retryHint } from '../../src/protocol/close-codes.js'
import type { Reject } from '../../src/upgrade.js'
import type { NodeSocket } from './node-request.js'

const statusTexts: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

export const notFound: Reject = { ok: false, status: 404, headers: {}, body: 'not found' }

export const contextFailed: Reject = { ok: false, status: 500, headers: {}, body: 'internal error' }

/** The status line of a refusal: `401 Unauthorized`. */
export function statusLine(status: number): string {
  return `${status} ${statusTexts[status] ?? 'Refused'}`
}

/** Answers an upgrade with a refusal, as the bytes of an HTTP response: nothing else writes to that connection. */
export function refuseUpgrade(socket: NodeSocket, { status, headers, body }: Reject): void {
  const lines = [`HTTP/1.1 ${statusLine(status)}`]
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  lines.push('Connection: close', 'Content-Type: text/plain; charset=utf-8')
  lines.push(`Content-Length: ${new TextEncoder().encode(body).length}`, '', body)
  const destroy = () => socket.destroy()
  socket.on('error', destroy)
  socket.on('finish', destroy)
  socket.end(lines.join('\r\n'))
}

/** The same refusal for a client whose socket is open already: the code tells it whether to come back. */
export function closeInstead({ status, headers, body }: Reject): { readonly code: number; readonly reason: string } {
  if (status === 429 || status >= 500) {
    const seconds = Number(headers['retry-after'])
    return { code: CloseCode.tryAgainLater, reason: seconds > 0 ? retryHint(seconds * 1000) : body }
  }
  if (status === 401) return { code: CloseCode.notAuthenticated, reason: body }
  if (status === 402) return { code: CloseCode.quotaExceeded, reason: body }
  if (status === 403) return { code: CloseCode.forbidden, reason: body }
  return { code: CloseCode.badMessage, reason: body }
}
