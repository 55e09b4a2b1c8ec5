import type { SinkGate } from '../../src/sink-gate.js'
import type { SendStatus, SocketCapabilities, VoiceSocket } from '../../src/socket.js'
import type { Accept, VoiceMount } from '../../src/upgrade.js'
import { gateOf } from './mount.js'
import { type Listener, type NodeSocket, plainAddress } from './node-request.js'

/** The part of a `ws` socket that the adapters use. */
export interface WsLike {
  readonly readyState: number
  readonly protocol: string
  readonly bufferedAmount: number
  on(event: string, listener: Listener): unknown
  send(data: string | Uint8Array, options: object): void
  ping(payload?: Uint8Array): void
  pause(): void
  resume(): void
  close(code?: number, reason?: string): void
  terminate(): void
}

/** The bytes that `ws` hands out, a Node Buffer. */
interface WsData extends Uint8Array {
  toString(): string
}

const capabilities: SocketCapabilities = {
  backlog: 'batch',
  drain: true,
  ping: true,
  pauseReads: true,
  reliableClose: true,
}

// Compressing audio costs 14 times the CPU of sending it and hides the backlog, so a server that negotiated it is overruled.
const textFrame = { binary: false, compress: false } as const
const binaryFrame = { binary: true, compress: false } as const

const OPEN = 1

/** True for sockets of the `ws` library, which frameworks hand out as their raw socket. */
export function isWsSocket(raw: unknown): raw is WsLike {
  const socket = raw as Partial<WsLike> | null
  return (
    typeof socket === 'object' &&
    typeof socket?.on === 'function' &&
    typeof socket.ping === 'function' &&
    typeof socket.terminate === 'function' &&
    typeof socket.bufferedAmount === 'number'
  )
}

/** Hands an open `ws` socket to core. `tcp` is the connection below it, where known: corking needs it. */
export function openWs(voice: VoiceMount, accept: Accept, ws: WsLike, tcp: NodeSocket | undefined): WsSocket {
  const socket = new WsSocket(ws, tcp, voice)
  socket.gate.attach(voice.open(socket, accept))
  return socket
}

/** A socket of the `ws` library, whoever accepted it. */
export class WsSocket implements VoiceSocket {
  readonly capabilities: SocketCapabilities
  readonly remoteAddress: string | undefined
  readonly gate: SinkGate
  private readonly ws: WsLike
  private readonly tcp: NodeSocket | undefined
  private readonly taken: () => void
  /** The backlog that core knows of; a smaller one is news. */
  private backlogBytes = 0
  private watching = false
  private corked = false

  constructor(ws: WsLike, tcp: NodeSocket | undefined, voice: VoiceMount) {
    this.ws = ws
    this.tcp = tcp
    this.capabilities = tcp ? capabilities : { ...capabilities, drain: false }
    this.remoteAddress = plainAddress(tcp?.remoteAddress)
    this.gate = gateOf(voice, this)
    this.taken = () => this.onTaken()
    // First of all: a bad frame without an error listener is an uncaught exception.
    ws.on('error', (error: Error & { readonly code?: string }) => this.onError(error))
    ws.on('message', (data: WsData, isBinary: boolean) => this.gate.message(isBinary ? data : data.toString()))
    ws.on('pong', (payload: Uint8Array) => this.gate.pong(payload))
    ws.on('close', (code: number, reason: WsData) =>
      this.gate.closed({ code, reason: reason.toString(), clean: code !== 1006 }),
    )
  }

  get protocol(): string {
    return this.ws.protocol
  }

  get open(): boolean {
    return this.ws.readyState === OPEN
  }

  get bufferedBytes(): number {
    return this.ws.bufferedAmount
  }

  get raw(): unknown {
    return this.ws
  }

  send(data: string | Uint8Array): SendStatus {
    if (this.ws.readyState !== OPEN) return 'closed'
    try {
      this.ws.send(data, typeof data === 'string' ? textFrame : binaryFrame)
    } catch {
      return 'dropped'
    }
    // Until the cork is pulled everything counts as buffered, which says nothing about the peer.
    if (!this.corked) this.readBacklog()
    return this.backlogBytes > 0 ? 'queued' : 'sent'
  }

  /** Stays corked to the end of the tick, so that several calls leave in one write: 7 times less CPU at 4 frames. */
  cork(fn: () => void): void {
    if (!this.corked && this.tcp?.cork) {
      this.corked = true
      this.tcp.cork()
      process.nextTick(pullCork, this)
    }
    fn()
  }

  ping(payload?: Uint8Array): boolean {
    if (this.ws.readyState !== OPEN) return false
    try {
      this.ws.ping(payload)
      return true
    } catch {
      // Longer than 125 bytes.
      return false
    }
  }

  pause(): void {
    this.ws.pause()
  }

  resume(): void {
    this.ws.resume()
  }

  close(code: number, reason: string): void {
    // A paused socket never reads the answer to its close frame.
    this.ws.resume()
    try {
      this.ws.close(code, reason)
    } catch {
      this.ws.terminate()
    }
  }

  terminate(): void {
    this.ws.terminate()
  }

  /** For `nextTick`, which takes a function and its argument without a closure. */
  uncork(): void {
    this.corked = false
    this.tcp?.uncork?.()
    this.readBacklog()
  }

  /**
   * Notices a backlog, and has an empty write behind it tell when the kernel took it: `ws` has no drain event, the
   * connection's own comes only after more than 16 KiB, and a callback for every frame costs a fifth of sending it.
   */
  private readBacklog(): void {
    this.backlogBytes = this.ws.bufferedAmount
    if (this.backlogBytes === 0 || this.watching || !this.open) return
    this.watching = true
    this.tcp?.write('', this.taken)
  }

  private onTaken(): void {
    this.watching = false
    const before = this.backlogBytes
    this.readBacklog()
    if (this.backlogBytes < before) this.gate.drain()
  }

  private onError(error: Error & { readonly code?: string }): void {
    const code = codeOfRejection(error.code ?? '')
    // A connection error is followed by `close`. After a bad frame that waits for the peer, who may never answer.
    if (code) this.gate.closed({ code, reason: '', clean: false, cause: error })
  }
}

function pullCork(socket: WsSocket): void {
  socket.uncork()
}

/** The close code that a rejected frame deserves. `ws` tells it to the peer but reports 1006 to the server. */
function codeOfRejection(errorCode: string): number | undefined {
  switch (errorCode) {
    case 'WS_ERR_INVALID_UTF8':
      return 1007
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return 1009
    default:
      return errorCode.startsWith('WS_ERR_') ? 1002 : undefined
  }
}
