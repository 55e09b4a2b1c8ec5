import type { Accept, UpgradeRequest, VoiceMount } from '../src/upgrade.js'
import { watchLoad } from './internal/load-probe.js'
import { admit, type DialectOption, loggerOf, maxMessageBytes } from './internal/mount.js'
import { offeredProtocols, plainAddress } from './internal/node-request.js'
import { statusLine } from './internal/rejection.js'
import { textOf, type UwsSocket, UwsVoiceSocket } from './internal/uws-socket.js'

export type { UwsSocket }

// uWebSockets.js, structurally: these types compile without the library.

export interface UwsRequest {
  getUrl(): string
  getQuery(): string
  getMethod(): string
  forEach(fn: (name: string, value: string) => void): void
}

export interface UwsResponse {
  onAborted(fn: () => void): unknown
  cork(fn: () => void): unknown
  writeStatus(status: string): unknown
  writeHeader(name: string, value: string): unknown
  end(body?: string, closeConnection?: boolean): unknown
  getRemoteAddressAsText(): ArrayBuffer
  upgrade(userData: UwsUserData, key: string, protocol: string, extensions: string, context: unknown): unknown
}

/** What `ws.getUserData()` holds on a voice route. */
export interface UwsUserData {
  readonly request: UpgradeRequest
}

/** Handlers of your own. Each runs after that of voice-ws, which may have closed the socket by then. */
export interface UwsHandlers {
  readonly open?: ((ws: UwsSocket) => void) | undefined
  readonly message?: ((ws: UwsSocket, message: ArrayBuffer, isBinary: boolean) => void) | undefined
  readonly drain?: ((ws: UwsSocket) => void) | undefined
  readonly close?: ((ws: UwsSocket, code: number, message: ArrayBuffer) => void) | undefined
  readonly ping?: ((ws: UwsSocket, message: ArrayBuffer) => void) | undefined
  readonly pong?: ((ws: UwsSocket, message: ArrayBuffer) => void) | undefined
}

export interface UwsBehaviorOptions extends UwsHandlers, DialectOption {
  /** Makes `request.context`. Runs before anything is awaited, while uWS still allows reading both. */
  readonly context?: ((response: UwsResponse, request: UwsRequest) => unknown) | undefined
  /** Seconds without anything received after which uWS drops a socket, as a backstop: 0 (never) or 8 to 960. Default 120. */
  readonly idleTimeout?: number | undefined
  /** Minutes after which uWS ends a socket: 0 (never) to 240. Default 0. */
  readonly maxLifetime?: number | undefined
}

/** What `app.ws(path, ...)` takes. */
export interface UwsBehavior extends Required<{ [H in keyof UwsHandlers]: NonNullable<UwsHandlers[H]> }> {
  readonly maxPayloadLength: number
  readonly maxBackpressure: number
  readonly idleTimeout: number
  readonly maxLifetime: number
  readonly sendPingsAutomatically: boolean
  readonly upgrade: (response: UwsResponse, request: UwsRequest, context: unknown) => void
}

/**
 * Serves voice on a uWebSockets.js route: `app.ws('/voice', voiceBehavior(voice))`.
 *
 * @throws {TypeError} when `idleTimeout` or `maxLifetime` is a value on which uWS would abort the process.
 */
export function voiceBehavior(voice: VoiceMount, options: UwsBehaviorOptions = {}): UwsBehavior {
  const { idleTimeout = 120, maxLifetime = 0 } = options
  if (idleTimeout !== 0 && !(idleTimeout >= 8 && idleTimeout <= 960)) {
    throw new TypeError(`idleTimeout: ${idleTimeout} s aborts uWebSockets.js; use 0 or 8 to 960`)
  }
  if (!(maxLifetime >= 0 && maxLifetime <= 240)) {
    throw new TypeError(`maxLifetime: ${maxLifetime} min aborts uWebSockets.js; use 0 to 240`)
  }
  watchLoad(voice)
  return {
    maxPayloadLength: 2 * maxMessageBytes(voice),
    // Over this limit uWS drops pings and close frames with the data, so core's own limit must come far earlier.
    maxBackpressure: Math.max(1024 * 1024, 16 * maxMessageBytes(voice)),
    idleTimeout,
    maxLifetime,
    // Keep-alive is core's on every transport.
    sendPingsAutomatically: false,
    upgrade: (response, request, context) => void upgrade(voice, options, response, request, context),
    open: both(voice, ws => openVoice(voice, ws), options.open),
    message: both(
      voice,
      (ws, message, isBinary) => socketOf(ws).gate.message(isBinary ? new Uint8Array(message) : textOf(message)),
      options.message,
    ),
    drain: both(voice, ws => socketOf(ws).gate.drain(), options.drain),
    ping: both(voice, (_ws: UwsSocket, _payload: ArrayBuffer) => {}, options.ping),
    pong: both(voice, (ws, payload) => socketOf(ws).gate.pong(new Uint8Array(payload)), options.pong),
    close: both(voice, (ws, code, reason) => socketOf(ws).ended(code, textOf(reason)), options.close),
  }
}

/** uWS copies the properties of what `upgrade` is given into an object of its own, one per socket. */
interface VoiceData extends UwsUserData {
  readonly accept: Accept
  socket?: UwsVoiceSocket
}

function dataOf(ws: UwsSocket): VoiceData {
  return ws.getUserData() as VoiceData
}

function socketOf(ws: UwsSocket): UwsVoiceSocket {
  return dataOf(ws).socket!
}

function openVoice(voice: VoiceMount, ws: UwsSocket): void {
  const data = dataOf(ws)
  data.socket = new UwsVoiceSocket(ws, data.request, data.accept, voice)
  data.socket.gate.attach(voice.open(data.socket, data.accept))
}

async function upgrade(
  voice: VoiceMount,
  options: UwsBehaviorOptions,
  response: UwsResponse,
  request: UwsRequest,
  context: unknown,
): Promise<void> {
  const leaving = new AbortController()
  response.onAborted(() => leaving.abort(new Error('the client left')))
  let upgradeRequest = readRequest(response, request, leaving.signal)
  const answer = await admit(voice, options, () => {
    upgradeRequest = { ...upgradeRequest, context: options.context?.(response, request) }
    return upgradeRequest
  })
  // After an abort any use of the response throws.
  if (leaving.signal.aborted) return
  response.cork(() => {
    if (answer.ok) {
      const { headers } = upgradeRequest
      const data: VoiceData = { request: upgradeRequest, accept: answer }
      const key = headers.get('sec-websocket-key') ?? ''
      response.upgrade(data, key, answer.protocol, headers.get('sec-websocket-extensions') ?? '', context)
    } else {
      response.writeStatus(statusLine(answer.status))
      for (const [name, value] of Object.entries(answer.headers)) response.writeHeader(name, value)
      response.end(answer.body, true)
    }
  })
}

/** Everything there is to know, copied: the request is gone after the first await. */
function readRequest(response: UwsResponse, request: UwsRequest, signal: AbortSignal): UpgradeRequest {
  const headers = new Map<string, string>()
  request.forEach((name, value) => {
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  })
  const query = request.getQuery()
  return {
    url: query ? `${request.getUrl()}?${query}` : request.getUrl(),
    method: request.getMethod().toUpperCase(),
    headers,
    protocols: offeredProtocols(headers.get('sec-websocket-protocol')),
    remoteAddress: plainAddress(textOf(response.getRemoteAddressAsText())),
    signal,
    context: undefined,
    raw: response,
  }
}

/** Runs the user's handler after ours. What it throws would be an uncaught exception. */
function both<Args extends unknown[]>(
  voice: VoiceMount,
  ours: (...args: Args) => void,
  theirs: ((...args: Args) => void) | undefined,
): (...args: Args) => void {
  if (!theirs) return ours
  return (...args) => {
    ours(...args)
    try {
      theirs(...args)
    } catch (error) {
      loggerOf(voice).error({ err: error }, 'a handler given to voiceBehavior() failed')
    }
  }
}
