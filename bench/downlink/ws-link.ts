import type { WebSocket } from 'ws'
import type { LinkPort } from '../../src/downlink/ports.js'
import type { Dialect } from '../../src/protocol/dialect.js'
import type { ServerMessage } from '../../src/protocol/messages.js'
import type { SendStatus } from '../../src/socket.js'

const binary = { binary: true, compress: false }
const text = { binary: false, compress: false }

/** The way to the client over a bare `ws` socket. */
export class WsLink implements LinkPort {
  readonly features: Dialect['features']
  private readonly socket: WebSocket
  private readonly dialect: Dialect

  constructor(socket: WebSocket, dialect: Dialect) {
    this.socket = socket
    this.dialect = dialect
    this.features = dialect.features
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount
  }

  probe(): boolean {
    if (this.socket.readyState !== this.socket.OPEN) return false
    this.socket.ping()
    return true
  }

  sendMessage(message: ServerMessage, seq?: number): SendStatus {
    if (this.socket.readyState !== this.socket.OPEN) return 'closed'
    const encoded = this.dialect.encode(message, seq)
    if (encoded !== null) this.socket.send(encoded, text)
    return 'sent'
  }

  sendAudio(audio: Uint8Array): SendStatus {
    if (this.socket.readyState !== this.socket.OPEN) return 'closed'
    this.socket.send(audio, binary)
    return 'sent'
  }

  /** The clients of the benchmarks report what they play. */
  sendMark(): void {}

  cork(fn: () => void): void {
    fn()
  }
}
