import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export interface SlowReaderHandlers {
  opened(): void
  text(text: string): void
  binary(bytes: Buffer): void
  /** The connection is over; `code` is 1006 without a close frame. */
  closed(code: number): void
}

const readBytes = 2048

/**
 * A WebSocket client that takes bytes out of its kernel at a given rate and answers pings when it has read them.
 * The `ws` client reads 64 KB at a time, which is most of a second of speech.
 */
export class SlowReader {
  private readonly socket: Socket
  private readonly handlers: SlowReaderHandlers
  private bytesPerSecond: number
  private credit = readBytes
  private lastRefill = performance.now()
  private pending: Buffer = Buffer.alloc(0)
  private upgraded = false
  private closeCode = 1006
  private waiting: NodeJS.Timeout | undefined

  /** @param protocol the subprotocol to ask for, `''` for none. */
  constructor(port: number, path: string, protocol: string, bytesPerSecond: number, handlers: SlowReaderHandlers) {
    this.handlers = handlers
    this.bytesPerSecond = bytesPerSecond
    this.socket = connect({
      port,
      host: '127.0.0.1',
      onread: {
        buffer: Buffer.alloc(readBytes),
        callback: (size, buffer) => this.read(Buffer.from(buffer.subarray(0, size))),
      },
    })
    this.socket.setNoDelay(true)
    const lines = [
      `GET ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      'Sec-WebSocket-Version: 13',
      ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
    ]
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      clearTimeout(this.waiting)
      handlers.closed(this.closeCode)
    })
  }

  /** Bytes a second from now on; 0 stops reading, Infinity reads whatever comes. */
  setRate(bytesPerSecond: number): void {
    this.refill()
    this.bytesPerSecond = bytesPerSecond
    clearTimeout(this.waiting)
    this.credit = Math.min(this.credit, readBytes)
    this.resumeWhenAllowed()
  }

  sendText(text: string): void {
    this.write(0x1, Buffer.from(text))
  }

  sendBinary(bytes: Buffer): void {
    this.write(0x2, bytes)
  }

  destroy(): void {
    this.socket.destroy()
  }

  private read(bytes: Buffer): boolean {
    this.refill()
    this.credit -= bytes.length
    this.take(bytes)
    if (this.credit > 0) return true
    this.resumeWhenAllowed()
    return false
  }

  private refill(): void {
    const now = performance.now()
    const gained = ((now - this.lastRefill) * this.bytesPerSecond) / 1000
    this.lastRefill = now
    // No more than one read may be saved up: a link does not, either.
    this.credit = Math.min(readBytes, this.credit + (Number.isNaN(gained) ? 0 : gained))
  }

  private resumeWhenAllowed(): void {
    if (this.bytesPerSecond === 0) {
      this.socket.pause()
      return
    }
    const waitMs = this.credit > 0 ? 0 : (-this.credit / this.bytesPerSecond) * 1000 + 1
    this.waiting = setTimeout(() => {
      this.refill()
      if (this.credit > 0) this.socket.resume()
      else this.resumeWhenAllowed()
    }, waitMs)
  }

  private take(bytes: Buffer): void {
    this.pending = this.pending.length > 0 ? Buffer.concat([this.pending, bytes]) : bytes
    if (!this.upgraded) {
      const end = this.pending.indexOf('\r\n\r\n')
      if (end < 0) return
      this.upgraded = true
      this.pending = this.pending.subarray(end + 4)
      this.handlers.opened()
    }
    while (this.takeFrame());
  }

  /** Frames of servers are not masked, and the ones measured here do not fragment. */
  private takeFrame(): boolean {
    const { pending } = this
    if (pending.length < 2) return false
    let length = pending[1]! & 0x7f
    let offset = 2
    if (length === 126) {
      if (pending.length < 4) return false
      length = pending.readUInt16BE(2)
      offset = 4
    } else if (length === 127) {
      if (pending.length < 10) return false
      length = Number(pending.readBigUInt64BE(2))
      offset = 10
    }
    if (pending.length < offset + length) return false
    const payload = pending.subarray(offset, offset + length)
    const opcode = pending[0]! & 0x0f
    this.pending = pending.subarray(offset + length)
    this.handle(opcode, payload)
    return true
  }

  private handle(opcode: number, payload: Buffer): void {
    if (opcode === 0x1) this.handlers.text(payload.toString())
    else if (opcode === 0x2) this.handlers.binary(payload)
    else if (opcode === 0x9) this.write(0xa, payload)
    else if (opcode === 0x8) {
      this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
      this.write(0x8, payload.subarray(0, 2))
      this.socket.end()
    }
  }

  private write(opcode: number, payload: Buffer): void {
    if (this.socket.destroyed) return
    const mask = randomBytes(4)
    const head = payload.length < 126 ? Buffer.from([0x80 | opcode, 0x80 | payload.length]) : Buffer.alloc(4)
    if (payload.length >= 126) {
      head[0] = 0x80 | opcode
      head[1] = 0x80 | 126
      head.writeUInt16BE(payload.length, 2)
    }
    const masked = Buffer.from(payload)
    for (let i = 0; i < masked.length; i++) masked[i]! ^= mask[i & 3]!
    this.socket.write(Buffer.concat([head, mask, masked]))
  }
}
