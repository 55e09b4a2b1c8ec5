import type { Accept, Reject, UpgradeRequest, VoiceMount } from '../src/upgrade.js'
import { EventSocket, type HonoSocket } from './internal/event-socket.js'
import { admit, type DialectOption, loggerOf, maxMessageBytes } from './internal/mount.js'
import {
  type NodeRequest,
  offeredProtocols,
  offerOnly,
  upgradeRequestOf,
  watchLeaving,
} from './internal/node-request.js'
import { refuseUpgrade } from './internal/rejection.js'
import { isWsSocket, openWs, type WsLike } from './internal/ws-socket.js'

/** Hono's context, structurally: these types compile without Hono and infer the real type from the helper. */
export interface HonoContext {
  readonly req: { readonly url: string; readonly method: string; readonly raw: Request }
  readonly env: unknown
}

/** `upgradeWebSocket` of `@hono/node-server`, `@hono/node-ws`, `hono/bun`, `hono/deno` or `hono/cloudflare-workers`. */
export type UpgradeHelper<C> = (context: C, events: never, options?: never) => Promise<Response>

type Upgrade<C> = (context: C, events: SocketEvents, options: object) => Promise<Response>

export interface RouteOptions<C> extends DialectOption {
  /** Makes `request.context`, which `authenticate` and `configure` see. Default: Hono's context itself. */
  readonly context?: ((context: C) => unknown) | undefined
}

/** What the helpers are given, looked up anew for every event. */
interface SocketEvents {
  onOpen(event: unknown, ws: HonoSocket): void
  onMessage?: ((event: { readonly data: unknown }, ws: HonoSocket) => void) | undefined
  onClose?: ((event: CloseEventLike, ws: HonoSocket) => void) | undefined
  onError?: ((event: { readonly error?: unknown }, ws: HonoSocket) => void) | undefined
}

interface CloseEventLike {
  readonly code?: number
  readonly reason?: string
  readonly wasClean?: boolean
}

/** What tells the runtimes apart. */
interface Bindings {
  /** Node. */
  readonly incoming?: NodeRequest
  /** `@hono/node-server` 2. */
  readonly wss?: { readonly options: ServerOptions }
  /** Deno. */
  readonly remoteAddr?: { readonly hostname?: string }
  /** Bun, whose server is the bindings themselves or a member of them. */
  readonly server?: BunServer
  readonly requestIP?: BunServer['requestIP']
}

interface BunServer {
  requestIP?(request: Request): { readonly address: string } | null
}

interface ServerOptions {
  readonly maxPayload?: number
  readonly perMessageDeflate?: unknown
  readonly maxPendingAutoPongs?: number
}

const clientLeft: Reject = { ok: false, status: 499, headers: {}, body: 'the client left' }

/**
 * Serves voice on a Hono route: `app.get('/voice', voiceRoute(voice, upgradeWebSocket))`. Middleware runs first, and
 * what it refuses stays refused. A refusal of ours is a `Response`, so `app.onError` never sees it.
 *
 * On Node give Hono a `ws` server with the right limits: `voiceServer(voice)` of `voice-ws/ws`.
 */
export function voiceRoute<C extends HonoContext>(
  voice: VoiceMount,
  upgradeWebSocket: UpgradeHelper<C>,
  options: RouteOptions<C> = {},
): (context: C) => Promise<Response> {
  const upgrade = upgradeWebSocket as unknown as Upgrade<C>
  const checkServer = serverCheck(voice)
  return async context => {
    const { raw } = context.req
    if (raw.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      return new Response('this is a WebSocket endpoint', { status: 426, headers: { upgrade: 'websocket' } })
    }
    const { incoming, wss } = (context.env ?? {}) as Bindings
    if (wss) checkServer(wss.options)
    const leaving = incoming && watchLeaving(incoming.socket)
    const signal = leaving?.signal ?? raw.signal
    const answer = await admit(voice, options, () => {
      const details = { signal, context: options.context ? options.context(context) : context }
      return incoming ? upgradeRequestOf(incoming, details) : { ...fetchRequestOf(context), ...details }
    })
    if (signal.aborted) return refusal(context, clientLeft)
    if (!answer.ok) return refusal(context, answer)
    if (incoming) offerOnly(incoming, answer.protocol)
    const events = socketEvents(voice, answer, incoming, () => leaving?.stop())
    const response = await upgrade(context, events, answer.protocol ? { protocol: answer.protocol } : {})
    nameProtocol(response, answer.protocol)
    return response
  }
}

function socketEvents(
  voice: VoiceMount,
  accept: Accept,
  incoming: NodeRequest | undefined,
  opened: () => void,
): SocketEvents {
  let socket: EventSocket | undefined
  const events: SocketEvents = {
    onOpen(_event, ws) {
      opened()
      if (isWsSocket(ws.raw)) bypass(ws.raw)
      else openOnce(ws)
    },
    // Cloudflare has no open event: there the first message opens.
    onMessage: (event, ws) => openOnce(ws).received(event.data),
    onClose: event => socket?.ended(event.code ?? 1006, event.reason ?? '', event.wasClean ?? event.code !== 1006),
    onError: event => socket?.failed(event.error),
  }
  const openOnce = (ws: HonoSocket): EventSocket => {
    if (!socket) {
      socket = new EventSocket(ws, accept.protocol, voice)
      socket.gate.attach(voice.open(socket, accept))
    }
    return socket
  }
  /** On Node the `ws` socket itself is used: Hono copies every frame and makes an event object of it. */
  const bypass = (ws: WsLike): void => {
    const { gate } = openWs(voice, accept, ws, incoming?.socket)
    events.onClose = undefined
    events.onError = undefined
    // Right after this Hono hands over what arrived before, and from then on finds nobody to make events for.
    events.onMessage = ({ data }) => gate.message(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer))
    queueMicrotask(() => {
      events.onMessage = undefined
    })
  }
  return events
}

function fetchRequestOf({ req, env }: HonoContext): Omit<UpgradeRequest, 'signal' | 'context'> {
  const headers = new Map<string, string>()
  req.raw.headers.forEach((value, name) => {
    headers.set(name, value)
  })
  const { remoteAddr, server, requestIP } = (env ?? {}) as Bindings
  const bun = requestIP ? (env as BunServer) : server
  const offered = offeredProtocols(headers.get('sec-websocket-protocol'))
  return {
    url: req.url,
    method: req.method,
    headers,
    // Bun answers the first one offered, whatever is chosen.
    protocols: bun ? offered.slice(0, 1) : offered,
    remoteAddress: remoteAddr?.hostname ?? bun?.requestIP?.(req.raw)?.address ?? cloudflareAddress(req.raw),
    raw: req.raw,
  }
}

/** Only where Cloudflare made the request, which `cf` proves: elsewhere a client could send the header itself. */
function cloudflareAddress(request: Request): string | undefined {
  return 'cf' in request ? (request.headers.get('cf-connecting-ip') ?? undefined) : undefined
}

function refusal({ env }: HonoContext, reject: Reject): Response {
  const { incoming, wss } = (env ?? {}) as Bindings
  // `@hono/node-server` leaves refusals unanswered when it is not the only one listening for upgrades.
  if (incoming && wss && (incoming.socket.server?.listenerCount('upgrade') ?? 1) > 1) {
    refuseUpgrade(incoming.socket, reject)
  }
  return new Response(reject.body, { status: reject.status, headers: reject.headers })
}

/** Cloudflare's helper does not answer the subprotocol. Elsewhere the header is set already or cannot be. */
function nameProtocol({ status, headers }: Response, protocol: string): void {
  if (status !== 101 || protocol === '' || headers.has('sec-websocket-protocol')) return
  headers.set('sec-websocket-protocol', protocol)
}

/** Warns once about a `ws` server that undoes a limit. */
function serverCheck(voice: VoiceMount): (options: ServerOptions) => void {
  let checked = false
  return ({ maxPayload = 0, perMessageDeflate, maxPendingAutoPongs }) => {
    if (checked) return
    checked = true
    const wanted = 2 * maxMessageBytes(voice)
    const wrong: string[] = []
    if (maxPayload < wanted || maxPayload > 2 * wanted) wrong.push(`maxPayload is ${maxPayload}, not ${wanted}`)
    if (perMessageDeflate) wrong.push('perMessageDeflate is on; compressing audio costs 14 times the CPU of sending it')
    if (maxPendingAutoPongs === undefined) wrong.push('ws is older than 8.23; a flood of pings fills the memory')
    if (wrong.length === 0) return
    loggerOf(voice).warn({ wrong }, "give Hono the ws server that voiceServer() of 'voice-ws/ws' makes")
  }
}
