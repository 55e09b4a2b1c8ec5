import type { SinkGate } from '../../src/sink-gate.js'
import type { SendStatus, SocketCapabilities, VoiceSocket } from '../../src/socket.js'
import type { Accept, UpgradeRequest, VoiceMount } from '../../src/upgrade.js'
import { gateOf } from './mount.js'

/** The part of a uWebSockets.js socket that the adapter uses. */
export interface UwsSocket {
  send(message: string | Uint8Array, isBinary?: boolean): number
  getBufferedAmount(): number
  ping(message?: Uint8Array): number
  end(code?: number, shortMessage?: string): void
  close(): void
  cork(fn: () => void): unknown
  getUserData(): unknown
}

export function textOf(message: ArrayBuffer): string {
  return Buffer.from(message).toString()
}

const capabilities: SocketCapabilities = {
  backlog: 'exact',
  drain: true,
  ping: true,
  pauseReads: false,
  // Below `maxBackpressure`, which core stays far away from.
  reliableClose: true,
}

const statuses = ['queued', 'sent', 'dropped'] as const

/** A uWS socket, which throws on every touch once it is closed and reports its end inside the call that ends it. */
export class UwsVoiceSocket implements VoiceSocket {
  readonly capabilities: SocketCapabilities = capabilities
  readonly protocol: string
  readonly remoteAddress: string | undefined
  readonly gate: SinkGate
  private readonly ws: UwsSocket
  private alive = true

  constructor(ws: UwsSocket, request: UpgradeRequest, accept: Accept, voice: VoiceMount) {
    this.ws = ws
    this.protocol = accept.protocol
    this.remoteAddress = request.remoteAddress
    this.gate = gateOf(voice, this)
  }

  get open(): boolean {
    return this.alive
  }

  get bufferedBytes(): number {
    return this.alive ? this.ws.getBufferedAmount() : 0
  }

  get raw(): unknown {
    return this.ws
  }

  send(data: string | Uint8Array): SendStatus {
    if (!this.alive) return 'closed'
    return statuses[this.ws.send(data, typeof data !== 'string')] ?? 'dropped'
  }

  cork(fn: () => void): void {
    if (this.alive) this.ws.cork(fn)
    else fn()
  }

  ping(payload?: Uint8Array): boolean {
    if (!this.alive || (payload && payload.length > 125)) return false
    return this.ws.ping(payload) !== 2
  }

  close(code: number, reason: string): void {
    if (!this.alive) return
    this.alive = false
    this.ws.end(code, reason)
  }

  terminate(): void {
    if (!this.alive) return
    this.alive = false
    this.ws.close()
  }

  /** uWS let go of the socket. */
  ended(code: number, reason: string): void {
    this.alive = false
    const rejection = rejections[reason]
    if (code !== 1006) this.gate.closed({ code, reason, clean: true })
    else this.gate.closed({ code: rejection ?? 1006, reason: '', clean: false, cause: reason || undefined })
  }
}

/** What uWS says in place of a close reason when it cut the connection itself. The client only sees 1006. */
const rejections: Readonly<Record<string, number>> = {
  'Received invalid UTF-8': 1007,
  'Received too big message': 1009,
}
