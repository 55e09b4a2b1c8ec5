import { connect, type Socket } from 'node:net'
import { clientFrame, FrameReader, opcodes } from './frames.js'
import type { Wire } from './wires.js'

const key = Buffer.alloc(16, 7).toString('base64')

/** One client over bare TCP: a WebSocket library would cost as much as the server under test. */
export class LoadClient {
  /** The session is configured. Rejects when it is refused. */
  readonly ready: Promise<void>
  audioBytes = 0
  messages = 0
  readonly configured: () => void
  readonly fail: (reason: string) => void
  private readonly wire: Wire
  private readonly reader = new FrameReader((opcode, payload) => this.frame(opcode, payload))
  private socket: Socket | undefined
  private head: string | undefined = ''

  constructor(wire: Wire, port: number) {
    this.wire = wire
    let settle: { readonly configured: () => void; readonly fail: (reason: string) => void }
    this.ready = new Promise((resolve, reject) => {
      settle = { configured: resolve, fail: reason => reject(new Error(`a client of the load: ${reason}`)) }
    })
    this.configured = settle!.configured
    this.fail = settle!.fail
    this.open(port).catch(error => this.fail(String(error)))
  }

  write(bytes: Buffer): void {
    this.socket!.write(bytes)
  }

  leave(): void {
    this.write(clientFrame(opcodes.close, Buffer.of(0x03, 0xe8)))
  }

  private async open(port: number): Promise<void> {
    const { protocol, reserve } = this.wire
    const path = reserve ? await reserve(port) : this.wire.path
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket = socket
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
      ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    socket.on('data', data => this.read(data))
    socket.on('error', error => this.fail(error.message))
    socket.on('close', () => this.fail('the server closed the connection'))
  }

  private read(data: Buffer): void {
    if (this.head === undefined) return this.reader.push(data)
    this.head += data.toString('latin1')
    const end = this.head.indexOf('\r\n\r\n')
    if (end < 0) return
    if (!this.head.startsWith('HTTP/1.1 101')) return this.fail(this.head.slice(0, end))
    const rest = Buffer.from(this.head.slice(end + 4), 'latin1')
    this.head = undefined
    this.wire.opened(this)
    if (rest.length > 0) this.reader.push(rest)
  }

  private frame(opcode: number, payload: Buffer): void {
    this.messages++
    if (opcode === opcodes.binary) this.wire.binary(this, payload)
    else if (opcode === opcodes.text) this.wire.text(this, payload.toString())
    else if (opcode === opcodes.ping) this.write(clientFrame(opcodes.pong, payload))
  }
}
