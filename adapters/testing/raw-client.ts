import { connect, type Socket } from 'node:net'
import { closeFrame, FrameReader, frame, opcodes, type ReceivedFrame } from './frames.js'
import { Signal } from './signal.js'

const utf8 = new TextDecoder()

export interface ConnectOptions {
  /** Default `/voice`. */
  readonly path?: string | undefined
  readonly protocols?: readonly string[] | undefined
  /** Lines such as `Authorization: Bearer x`. */
  readonly headers?: readonly string[] | undefined
  /** Sent in the same write as the request. */
  readonly early?: Uint8Array | undefined
  /** False: pings stay unanswered. Default true. */
  readonly pongs?: boolean | undefined
  /** Replaces the whole request. */
  readonly request?: string | undefined
}

/** How a connection ended for the client: 1006 without a close frame. */
export interface ClientClosed {
  readonly code: number
  readonly reason: string
}

/** What the suite needs of a client, over a network or not. */
export interface SuiteClient {
  /** The subprotocol that was answered. */
  readonly protocol: string
  readonly received: readonly (string | Uint8Array)[]
  readonly closed: ClientClosed | undefined
  send(data: string | Uint8Array): void
  close(code?: number, reason?: string): void
  /** Ends the connection without a goodbye. */
  drop(): void
  /** Stops reading. */
  stall(): void
  /** Reads again. */
  flow(): void
  until(what: string, condition: () => boolean): Promise<void>
}

const handshake = (path: string, lines: readonly string[]) =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...lines,
    '',
    '',
  ].join('\r\n')

/** A WebSocket client that can do everything wrong: it writes bytes and shows what comes back. */
export class RawClient implements SuiteClient {
  readonly received: (string | Uint8Array)[] = []
  readonly frames: ReceivedFrame[] = []
  /** Of the response; undefined until it is there. */
  status: number | undefined
  readonly headers: Map<string, string> = new Map()
  body = ''
  /** The other side ended the connection: with a close frame, with FIN, or with RST. */
  closed: ClientClosed | undefined
  ended = false
  readonly #socket: Socket
  readonly #changed: Signal = new Signal()
  readonly #reader: FrameReader = new FrameReader()
  readonly #answersPings: boolean
  #saidGoodbye = false
  #head = ''

  constructor(port: number, options: ConnectOptions = {}) {
    const { path = '/voice', protocols = [], headers = [], early = new Uint8Array(), pongs = true } = options
    this.#answersPings = pongs
    const offer = protocols.length > 0 ? [`Sec-WebSocket-Protocol: ${protocols.join(', ')}`] : []
    const request = options.request ?? handshake(path, [...offer, ...headers])
    this.#socket = connect(port, '127.0.0.1', () => this.#socket.write(Buffer.concat([Buffer.from(request), early])))
    this.#socket.setNoDelay(true)
    this.#socket.on('data', chunk => this.#onData(chunk))
    this.#socket.on('error', () => {})
    this.#socket.on('end', () => this.#onEnd())
    this.#socket.on('close', () => this.#onEnd())
  }

  get protocol(): string {
    return this.headers.get('sec-websocket-protocol') ?? ''
  }

  /** The local port, by which a server knows this client. */
  get port(): number | undefined {
    return this.#socket.localPort
  }

  /** Waits for the answer to the upgrade. */
  async answered(): Promise<this> {
    await this.until('an answer to the upgrade', () => this.status !== undefined || this.ended)
    return this
  }

  /** Waits until the server ended the connection. */
  async gone(): Promise<void> {
    await this.until('the end of the connection', () => this.ended)
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  send(data: string | Uint8Array): void {
    this.write(frame(typeof data === 'string' ? opcodes.text : opcodes.binary, data))
  }

  close(code?: number, reason = ''): void {
    this.#saidGoodbye = true
    this.write(closeFrame(code, reason))
  }

  drop(): void {
    this.#socket.resetAndDestroy()
  }

  /** Sends FIN without a close frame. */
  fin(): void {
    this.#socket.end()
  }

  /** Closes the connection and forgets it. */
  destroy(): void {
    this.#socket.destroy()
  }

  stall(): void {
    this.#socket.pause()
  }

  flow(): void {
    this.#socket.resume()
  }

  until(what: string, condition: () => boolean): Promise<void> {
    return this.#changed.until(what, condition)
  }

  #onData(chunk: Buffer): void {
    if (this.status === undefined) {
      this.#head += chunk.toString('latin1')
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      this.#readHead(this.#head.slice(0, end))
      chunk = Buffer.from(this.#head.slice(end + 4), 'latin1')
    }
    if (this.status !== 101) this.body += chunk.toString()
    else for (const received of this.#reader.read(chunk)) this.#onFrame(received)
    this.#changed.notify()
  }

  #readHead(head: string): void {
    const [statusLine = '', ...lines] = head.split('\r\n')
    this.status = Number(statusLine.split(' ')[1])
    for (const line of lines) {
      const colon = line.indexOf(':')
      this.headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
    }
  }

  #onFrame(received: ReceivedFrame): void {
    const { opcode, payload } = received
    this.frames.push(received)
    if (opcode === opcodes.text) this.received.push(utf8.decode(payload))
    else if (opcode === opcodes.binary) this.received.push(payload)
    else if (opcode === opcodes.ping && this.#answersPings) this.write(frame(opcodes.pong, payload))
    else if (opcode === opcodes.close) this.#onClose(payload)
  }

  #onClose(payload: Uint8Array): void {
    const code = payload.length >= 2 ? (payload[0]! << 8) | payload[1]! : 1005
    this.closed = { code, reason: utf8.decode(payload.subarray(2)) }
    if (!this.#saidGoodbye) this.write(payload.length >= 2 ? closeFrame(code) : closeFrame())
    this.#socket.end()
  }

  #onEnd(): void {
    this.ended = true
    this.closed ??= { code: 1006, reason: '' }
    this.#socket.end()
    this.#changed.notify()
  }
}
