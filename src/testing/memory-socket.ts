import { SinkGate } from '../sink-gate.js'
import type { SendStatus, SocketCapabilities, SocketSink, VoiceSocket } from '../socket.js'
import { copyOf } from '../util/bytes.js'

export interface MemorySocketOptions {
  /** The negotiated subprotocol. Default none. */
  readonly protocol?: string | undefined
  /** Default `127.0.0.1`. */
  readonly remoteAddress?: string | undefined
  /**
   * Bytes that a stalled client's side swallows before `bufferedBytes` shows any, as a kernel does. Default 0;
   * 4,000,000 is what Linux takes on loopback.
   */
  readonly hiddenBytes?: number | undefined
  /** Switches off what the transport in question lacks. */
  readonly capabilities?: Partial<SocketCapabilities> | undefined
}

/** How a connection ended, as the client sees it. */
export interface PeerClosed {
  readonly code: number
  readonly reason: string
}

/** The client's end of a memory connection. */
export interface MemoryPeer {
  /** Everything read so far: text as strings, audio as bytes. */
  readonly received: readonly (string | Uint8Array)[]
  /** The text messages read so far, parsed. */
  readonly messages: readonly Record<string, unknown>[]
  /** The audio read so far, in bytes. */
  readonly audioBytes: number
  /** Undefined while the connection is open. */
  readonly closed: PeerClosed | undefined
  /** False: pings stay unanswered, as from a peer that is gone. Default true. */
  answersPings: boolean
  /** Gives the connection to the server: `sink` is what `open()` returned. What a sink throws reaches the test. */
  attach(sink: SocketSink): void
  /** Tells `listener` everything that is read from now on. */
  onReceive(listener: (data: string | Uint8Array) => void): void
  /** Sends text or audio. The bytes that the server saw are overwritten afterwards, as in a real receive buffer. */
  send(data: string | Uint8Array): void
  /** Stops reading: from now on what the server sends piles up. */
  stall(): void
  /** Reads at most `bytes` of what piled up, in whole messages, and goes on stalling. */
  read(bytes: number): void
  /** Reads everything, from now on at once. */
  flow(): void
  /** Says goodbye. Default code 1000. */
  close(code?: number, reason?: string): void
  /** The connection breaks: neither side hears a goodbye. */
  drop(): void
}

const fullCapabilities: SocketCapabilities = {
  backlog: 'exact',
  drain: true,
  ping: true,
  pauseReads: true,
  reliableClose: true,
}

/**
 * A connection without a network: a `VoiceSocket` for the server's side and a handle for the client's. What is sent
 * arrives at once and in order; nothing happens by itself, so a test decides when the client reads.
 *
 * Connect it with `peer.attach(voice.open(socket, accept))`.
 */
export function memorySocketPair(options: MemorySocketOptions = {}): { socket: VoiceSocket; peer: MemoryPeer } {
  const client = new MemoryClient(options.hiddenBytes ?? 0, options.capabilities?.drain ?? true)
  return { socket: new MemorySocket(client, options), peer: client }
}

type Frame = string | Uint8Array | PeerClosed | Ping

interface Ping {
  readonly ping: Uint8Array
}

/** The connection's state lives here; the socket is the server's view of it. */
class MemoryClient implements MemoryPeer {
  readonly received: (string | Uint8Array)[] = []
  readonly gate: SinkGate = new SinkGate(error => {
    throw error
  })
  answersPings = true
  /** False once either side said goodbye or the connection broke. */
  open = true
  private readonly hiddenBytes: number
  private readonly drains: boolean
  private readonly unread: Frame[] = []
  private readonly undelivered: (string | Uint8Array | PeerClosed)[] = []
  private unreadBytes = 0
  private readableBytes = Number.POSITIVE_INFINITY
  private delivering = true
  private ended: PeerClosed | undefined
  private listener: (data: string | Uint8Array) => void = () => {}

  constructor(hiddenBytes: number, drains: boolean) {
    this.hiddenBytes = hiddenBytes
    this.drains = drains
  }

  get closed(): PeerClosed | undefined {
    return this.ended
  }

  get bufferedBytes(): number {
    return Math.max(0, this.unreadBytes - this.hiddenBytes)
  }

  get messages(): Record<string, unknown>[] {
    return this.received.filter(data => typeof data === 'string').map(text => JSON.parse(text))
  }

  get audioBytes(): number {
    return this.received.reduce((sum, data) => (typeof data === 'string' ? sum : sum + data.length), 0)
  }

  attach(sink: SocketSink): void {
    this.gate.attach(sink)
  }

  onReceive(listener: (data: string | Uint8Array) => void): void {
    this.listener = listener
  }

  send(data: string | Uint8Array): void {
    this.undelivered.push(typeof data === 'string' ? data : copyOf(data))
    this.deliver()
  }

  close(code = 1000, reason = ''): void {
    this.undelivered.push({ code, reason })
    this.deliver()
  }

  drop(): void {
    this.end({ code: 1006, reason: '' }, false)
  }

  stall(): void {
    this.readableBytes = 0
  }

  read(bytes: number): void {
    this.readMore(bytes)
    this.readableBytes = 0
  }

  flow(): void {
    this.readMore(Number.POSITIVE_INFINITY)
  }

  /** The server sent something. */
  transmit(frame: Frame): void {
    this.unread.push(frame)
    this.unreadBytes += sizeOf(frame)
    this.consume()
  }

  /** The server reads, or stops reading. */
  setDelivering(delivering: boolean): void {
    this.delivering = delivering
    this.deliver()
  }

  private readMore(bytes: number): void {
    const before = this.bufferedBytes
    this.readableBytes = bytes
    this.consume()
    if (this.drains && this.bufferedBytes < before) this.gate.drain()
  }

  private consume(): void {
    for (let frame = this.unread[0]; frame !== undefined; frame = this.unread[0]) {
      const size = sizeOf(frame)
      if (size > this.readableBytes) return
      this.readableBytes -= size
      this.unreadBytes -= size
      this.unread.shift()
      if (isGoodbye(frame)) return this.end(frame, true)
      if (isPing(frame)) this.answer(frame.ping)
      else this.take(frame)
    }
  }

  private take(data: string | Uint8Array): void {
    this.received.push(data)
    this.listener(data)
  }

  private answer(payload: Uint8Array): void {
    // No real pong arrives inside the call that pings.
    if (this.answersPings) queueMicrotask(() => this.gate.pong(payload))
  }

  private deliver(): void {
    while (this.delivering && !this.ended) {
      const frame = this.undelivered.shift()
      if (frame === undefined) return
      if (isGoodbye(frame)) return this.end(frame, true)
      this.gate.message(frame)
      if (typeof frame !== 'string') frame.fill(0xa5)
    }
  }

  private end(how: PeerClosed, clean: boolean): void {
    if (this.ended) return
    this.ended = how
    this.open = false
    this.unread.length = 0
    this.unreadBytes = 0
    this.gate.closed({ ...how, clean })
  }
}

class MemorySocket implements VoiceSocket {
  readonly capabilities: SocketCapabilities
  readonly protocol: string
  readonly remoteAddress: string
  private readonly client: MemoryClient

  constructor(client: MemoryClient, options: MemorySocketOptions) {
    this.client = client
    this.protocol = options.protocol ?? ''
    this.remoteAddress = options.remoteAddress ?? '127.0.0.1'
    this.capabilities = { ...fullCapabilities, ...options.capabilities }
  }

  get open(): boolean {
    return this.client.open
  }

  get bufferedBytes(): number {
    return this.capabilities.backlog === 'none' ? 0 : this.client.bufferedBytes
  }

  get raw(): unknown {
    return this.client
  }

  send(data: string | Uint8Array): SendStatus {
    if (!this.client.open) return 'closed'
    this.client.transmit(data)
    return this.client.bufferedBytes > 0 ? 'queued' : 'sent'
  }

  cork(fn: () => void): void {
    fn()
  }

  ping(payload: Uint8Array = new Uint8Array()): boolean {
    if (!this.client.open || !this.capabilities.ping || payload.length > 125) return false
    this.client.transmit({ ping: copyOf(payload) })
    return true
  }

  pause(): void {
    if (this.capabilities.pauseReads) this.client.setDelivering(false)
  }

  resume(): void {
    queueMicrotask(() => this.client.setDelivering(true))
  }

  close(code: number, reason: string): void {
    if (!this.client.open) return
    this.client.open = false
    this.client.transmit({ code, reason })
  }

  terminate(): void {
    this.client.drop()
  }
}

function isGoodbye(frame: Frame): frame is PeerClosed {
  return typeof frame === 'object' && 'code' in frame
}

function isPing(frame: Frame): frame is Ping {
  return typeof frame === 'object' && 'ping' in frame
}

function sizeOf(frame: Frame): number {
  if (isGoodbye(frame)) return 2 + frame.reason.length
  if (isPing(frame)) return 2 + frame.ping.length
  return typeof frame === 'string' ? new TextEncoder().encode(frame).length : frame.length
}
