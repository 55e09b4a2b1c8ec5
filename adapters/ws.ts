/// <reference lib="esnext.disposable" preserve="true" />
import { WebSocketServer } from 'ws'
import type { VoiceMount } from '../src/upgrade.js'
import { EarlyMessages } from './internal/early-messages.js'
import { watchLoad } from './internal/load-probe.js'
import { admit, type DialectOption, loggerOf, maxMessageBytes } from './internal/mount.js'
import {
  type Listener,
  type NodeRequest,
  type NodeSocket,
  offerOnly,
  upgradeRequestOf,
  watchLeaving,
} from './internal/node-request.js'
import { closeInstead, refuseUpgrade } from './internal/rejection.js'
import { mountUpgrade, type Unhandled, type UpgradeServer } from './internal/upgrade-router.js'
import { openWs, type WsLike, WsSocket } from './internal/ws-socket.js'

export type { NodeRequest, NodeSocket, Unhandled, UpgradeServer, WsLike }

/** The part of a `ws` server that its owner needs, so that these types compile without `@types/ws`. */
export interface VoiceServer {
  readonly options: {
    readonly noServer?: boolean
    readonly maxPayload?: number
    readonly perMessageDeflate?: unknown
    readonly maxPendingAutoPongs?: number
  }
  readonly clients: ReadonlySet<WsLike>
  on(event: string, listener: Listener): this
  off(event: string, listener: Listener): this
  emit(event: string, ...args: unknown[]): boolean
  handleUpgrade(request: NodeRequest, socket: NodeSocket, head: Uint8Array, opened: Listener): void
  close(): void
}

export interface AcceptOptions extends DialectOption {
  /** Makes `request.context`, which `authenticate` and `configure` see, from Node's request. Default: undefined. */
  readonly context?: ((request: NodeRequest) => unknown) | undefined
}

export interface AttachOptions extends AcceptOptions {
  /** The path to serve, without a query. Default `/voice`. */
  readonly path?: string | undefined
  /**
   * What happens to upgrades on other paths. Default: they are left to the server's other `upgrade` listeners, and
   * answered 404 when there are none, because an upgrade that everybody ignores hangs.
   */
  readonly onUnhandled?: Unhandled | undefined
}

export interface VoiceAttachment {
  /** Accepts the sockets. Its `clients` are the open ones. */
  readonly wss: VoiceServer
  /** Stops accepting. Open sockets live on; `voice.drain()` ends them. */
  detach(): void
  [Symbol.dispose](): void
}

/**
 * Serves voice on one path of an HTTP server: `http`, `https`, what Express's `app.listen()` returns, `fastify.server`.
 * Works beside any other `upgrade` listeners of that server, which keep every other path.
 *
 * @throws {TypeError} when `path` is malformed or taken.
 * @throws {Error} when the installed `ws` is older than 8.23.
 */
export function attachVoice(server: UpgradeServer, voice: VoiceMount, options: AttachOptions = {}): VoiceAttachment {
  const { path = '/voice', onUnhandled } = options
  if (!/^\/[^?#]*$/.test(path)) {
    throw new TypeError(`path: ${JSON.stringify(path)} must start with / and have no query, such as '/voice'`)
  }
  const wss = voiceServer(voice)
  const detach = mountUpgrade(
    server,
    path,
    (request, socket, head) => {
      upgrade(wss, voice, options, request, socket, head).catch(error => {
        loggerOf(voice).error({ err: error }, 'an upgrade failed')
        socket.destroy()
      })
    },
    onUnhandled,
  )
  return { wss, detach, [Symbol.dispose]: detach }
}

/**
 * Serves voice on a `ws` socket that somebody else accepted: a route of @fastify/websocket, a `ws` server of your own.
 * Call it in the same tick as the socket arrived; what the client sends meanwhile is kept. A refusal closes the
 * socket with the close code that says the same as the HTTP status.
 *
 * @param request the HTTP request of the upgrade; in Fastify `request.raw`.
 * @returns when the socket was handed over or refused. Never rejects.
 */
export async function acceptVoice(
  ws: WsLike,
  request: NodeRequest,
  voice: VoiceMount,
  options: AcceptOptions = {},
): Promise<void> {
  watchLoad(voice)
  const socket = new WsSocket(ws, request.socket, voice)
  if (!socket.open) return
  const early = new EarlyMessages(2 * maxMessageBytes(voice), () => socket.pause())
  socket.gate.attach(early)
  const answer = await admit(voice, options, () =>
    upgradeRequestOf(request, {
      signal: early.signal,
      context: options.context?.(request),
      // Only what was negotiated counts, and that is past.
      protocol: ws.protocol,
    }),
  )
  socket.resume()
  if (early.signal.aborted) return
  if (!answer.ok) {
    const { code, reason } = closeInstead(answer)
    return socket.close(code, reason)
  }
  socket.gate.attach(voice.open(socket, answer))
  early.replay(socket.gate)
}

/**
 * A `ws` server with the limits that voice-ws relies on. `attachVoice` makes its own; Hono is given this one:
 * `serve({ fetch: app.fetch, websocket: { server: voiceServer(voice) } })`.
 *
 * @throws {Error} when the installed `ws` is older than 8.23.
 */
export function voiceServer(voice: VoiceMount): VoiceServer {
  watchLoad(voice)
  const wss = new WebSocketServer({ noServer: true, ...voiceServerOptions(voice) }) as unknown as VoiceServer
  if (wss.options.maxPendingAutoPongs === undefined) {
    throw new Error('ws: this version lets a client that floods pings fill the memory; install ws 8.23.0 or newer')
  }
  return wss
}

/** Those limits, for a `ws` server that somebody else makes: `Object.assign(wss.options, voiceServerOptions(voice))`. */
export function voiceServerOptions(voice: VoiceMount): Record<string, number | boolean> {
  return {
    // Twice what core takes: core answers 1009 itself, after an `error` message, and alike on every transport.
    maxPayload: 2 * maxMessageBytes(voice),
    perMessageDeflate: false,
    // A message of that size comes in 1000 segments over the smallest common MTU. The defaults of `ws` let a client
    // make one message of 262,144 chunks, each with its own overhead.
    maxFragments: 1024,
    maxBufferedChunks: 4096,
    // Core cuts after 2 s what it closes itself; this bounds what `ws` closes because of a bad frame.
    closeTimeout: 2000,
  }
}

async function upgrade(
  wss: VoiceServer,
  voice: VoiceMount,
  options: AcceptOptions,
  request: NodeRequest,
  socket: NodeSocket,
  head: Uint8Array,
): Promise<void> {
  const leaving = watchLeaving(socket)
  const answer = await admit(voice, options, () =>
    upgradeRequestOf(request, { signal: leaving.signal, context: options.context?.(request) }),
  )
  if (leaving.signal.aborted) return
  if (!answer.ok) {
    refuseUpgrade(socket, answer)
    return
  }
  offerOnly(request, answer.protocol)
  wss.handleUpgrade(request, socket, head, (ws: WsLike) => {
    leaving.stop()
    openWs(voice, answer, ws, socket)
    wss.emit('connection', ws, request)
  })
}
