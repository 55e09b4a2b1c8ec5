import type { UpgradeRequest } from '../../src/upgrade.js'

// What the adapters use of Node's objects, structurally: published types need neither @types/node nor a server library.

// biome-ignore lint/suspicious/noExplicitAny: Node's type of listeners; nothing narrower is assignable both ways.
export type Listener = (...args: any[]) => void

export interface NodeSocket {
  readonly remoteAddress?: string | undefined
  readonly server?: { listenerCount(event: string): number } | undefined
  on(event: string, listener: Listener): unknown
  off(event: string, listener: Listener): unknown
  write(text: string, done: () => void): unknown
  end(text: string): unknown
  destroy(): unknown
  cork?(): void
  uncork?(): void
}

/** The part of `http.IncomingMessage` that a mount reads. */
export interface NodeRequest {
  readonly url?: string | undefined
  readonly method?: string | undefined
  readonly headers: Record<string, string | string[] | undefined>
  readonly socket: NodeSocket
}

export interface RequestDetails {
  readonly signal: AbortSignal
  readonly context: unknown
  /** The subprotocol of a socket that is open already. Default: what the request offers. */
  readonly protocol?: string | undefined
}

/** The request as plain data that stays valid after the connection was upgraded. */
export function upgradeRequestOf(request: NodeRequest, { signal, context, protocol }: RequestDetails): UpgradeRequest {
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, typeof value === 'string' ? value : value.join(', '))
  }
  return {
    url: request.url ?? '/',
    method: request.method ?? 'GET',
    headers,
    protocols: offeredProtocols(protocol ?? headers.get('sec-websocket-protocol')),
    remoteAddress: plainAddress(request.socket.remoteAddress),
    signal,
    context,
    raw: request,
  }
}

export function offeredProtocols(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
}

/**
 * Leaves only the subprotocol that core chose in the request. `ws` answers the first one offered, and rewriting the
 * offer is what reaches every `ws` server alike, foreign ones behind a framework included.
 */
export function offerOnly(request: NodeRequest, protocol: string): void {
  if (protocol === '') delete request.headers['sec-websocket-protocol']
  else request.headers['sec-websocket-protocol'] = protocol
}

/** IPv4 as IPv4, also where a dual-stack listener reports it inside IPv6, dotted (Node) or in hexadecimal (uWS). */
export function plainAddress(address: string | undefined): string | undefined {
  const mapped = /^(?:::|(?:0{1,4}:){5})ffff:(.+)$/i.exec(address ?? '')?.[1]
  if (mapped === undefined || mapped.includes('.')) return mapped ?? address
  const bytes = mapped.split(':').flatMap(group => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
  return bytes.join('.')
}

/**
 * A signal that aborts when the client leaves, and the way to stop watching. The connection keeps an error listener
 * throughout: without one, a reset while the application thinks takes the process down.
 */
export function watchLeaving(socket: NodeSocket): { readonly signal: AbortSignal; stop(): void } {
  const leaving = new AbortController()
  const gone = () => {
    leaving.abort(new Error('the client left'))
    // Node keeps its side of a half-closed connection open, and nobody else knows this one.
    socket.destroy()
  }
  socket.on('error', gone)
  socket.on('close', gone)
  socket.on('end', gone)
  return {
    signal: leaving.signal,
    stop() {
      socket.off('error', gone)
      socket.off('close', gone)
      socket.off('end', gone)
    },
  }
}
