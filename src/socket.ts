/**
 * What became of one `send`: `queued` is success with a backlog; the bytes of `dropped` and `closed` will never leave.
 */
export type SendStatus = 'sent' | 'queued' | 'dropped' | 'closed'

/** What a transport can really do. Core degrades by these flags and the contract suite skips by them. */
export interface SocketCapabilities {
  /** `exact` falls frame by frame, `batch` in steps, `none` always reads 0. */
  readonly backlog: 'exact' | 'batch' | 'none'
  /** The transport calls `sink.drain()`. Otherwise core polls while there is a backlog. */
  readonly drain: boolean
  /** Protocol-level ping with an observable pong. */
  readonly ping: boolean
  /** `pause()` and `resume()` throttle reading. */
  readonly pauseReads: boolean
  /** A close frame is queued even behind a backlog. */
  readonly reliableClose: boolean
}

/** One accepted, open connection, as an adapter presents it to core. No member ever throws. */
export interface VoiceSocket {
  readonly capabilities: SocketCapabilities
  /** The negotiated subprotocol, `''` when there is none. Never the offered list. */
  readonly protocol: string
  readonly remoteAddress?: string | undefined
  /** False from the moment `close` or `terminate` is called or the peer is gone. */
  readonly open: boolean
  /** Bytes accepted by `send` that the operating system has not taken yet. 0 means neither delivered nor fresh. */
  readonly bufferedBytes: number
  /** Text if a string, binary if bytes. The socket owns the bytes from now on. */
  send(data: string | Uint8Array): SendStatus
  /** Runs `fn`; frames sent inside leave in as few writes as the transport can manage. */
  cork?(fn: () => void): void
  /** At most 125 bytes (RFC 6455 section 5.5). False when it could not be queued. */
  ping?(payload?: Uint8Array): boolean
  /** Stops reading. Frames already received may still arrive; pongs stop arriving. */
  pause?(): void
  resume?(): void
  /** Graceful. Core has validated both: 1000-1014 without 1004-1006, or 3000-4999; at most 123 bytes of UTF-8. */
  close(code: number, reason: string): void
  /** Immediate; the peer sees no close frame. */
  terminate(): void
  /** The transport's own object, for users who need it. */
  readonly raw: unknown
}

export interface SocketClosed {
  /**
   * What the peer said, or what it was told: 1002, 1007 or 1009 when the transport rejected a frame and says why.
   * 1006 when the connection just ended.
   */
  readonly code: number
  readonly reason: string
  /** Both sides said goodbye. */
  readonly clean: boolean
  /** What the transport says went wrong, when it says so. */
  readonly cause?: unknown
}

/** Everything an adapter reports about one socket. `open()` returns it synchronously, so no frame precedes it. */
export interface SocketSink {
  /** The bytes are valid only during the call: adapters do not copy, core copies once. */
  message(data: string | Uint8Array): void
  /** The backlog fell. Advisory, may be spurious: core reads `bufferedBytes` again. */
  drain(): void
  pong(payload: Uint8Array): void
  /** Exactly once, last, and never inside a call that core made on the socket. */
  closed(info: SocketClosed): void
}

/** The least a custom transport has to offer to `wrapSocket`. Whatever it throws or rejects with is contained. */
export interface MinimalSocket {
  /** May return a `SendStatus`; anything else counts as `sent`. The bytes are the transport's from now on. */
  send(data: string | Uint8Array): unknown
  close(code: number, reason: string): void
  /** Ends the connection at once. Default: `close(1011, '')`, unless it was closed already. */
  terminate?(): void
  readonly protocol?: string | undefined
  readonly remoteAddress?: string | undefined
  readonly bufferedBytes?: number | undefined
  cork?(fn: () => void): void
  ping?(payload?: Uint8Array): boolean
  pause?(): void
  resume?(): void
  /** Default: what the members above allow, `drain: false`, `reliableClose: false`, backlog `batch` or `none`. */
  readonly capabilities?: Partial<SocketCapabilities> | undefined
  /** Default: this object. */
  readonly raw?: unknown
}

/**
 * Makes any transport a `VoiceSocket`. The other direction stays with the transport: it calls the sink that
 * `open()` returned with every message, and once with `closed`, never from within `send`.
 */
export function wrapSocket(transport: MinimalSocket): VoiceSocket {
  return new WrappedSocket(transport)
}

const statuses: ReadonlySet<unknown> = new Set<SendStatus>(['sent', 'queued', 'dropped', 'closed'])

class WrappedSocket implements VoiceSocket {
  readonly capabilities: SocketCapabilities
  readonly protocol: string
  readonly remoteAddress: string | undefined
  private readonly transport: MinimalSocket
  private isOpen = true

  constructor(transport: MinimalSocket) {
    this.transport = transport
    this.protocol = attempt(() => transport.protocol) ?? ''
    this.remoteAddress = attempt(() => transport.remoteAddress)
    this.capabilities = {
      backlog: attempt(() => transport.bufferedBytes) === undefined ? 'none' : 'batch',
      drain: false,
      ping: transport.ping !== undefined,
      pauseReads: transport.pause !== undefined && transport.resume !== undefined,
      reliableClose: false,
      ...transport.capabilities,
    }
  }

  get open(): boolean {
    return this.isOpen
  }

  get bufferedBytes(): number {
    try {
      return this.transport.bufferedBytes || 0
    } catch {
      return 0
    }
  }

  get raw(): unknown {
    return this.transport.raw ?? this.transport
  }

  send(data: string | Uint8Array): SendStatus {
    if (!this.isOpen) return 'closed'
    let result: unknown
    try {
      result = this.transport.send(data)
    } catch {
      return 'dropped'
    }
    if (result === 'closed') this.isOpen = false
    if (isThenable(result)) contain(result)
    return statuses.has(result) ? (result as SendStatus) : 'sent'
  }

  cork(fn: () => void): void {
    let ran = false
    const once = () => {
      if (!ran) fn()
      ran = true
    }
    attempt(() => this.transport.cork?.(once))
    once()
  }

  ping(payload?: Uint8Array): boolean {
    return this.isOpen && attempt(() => this.transport.ping?.(payload)) === true
  }

  pause(): void {
    if (this.isOpen) attempt(() => this.transport.pause?.())
  }

  resume(): void {
    if (this.isOpen) attempt(() => this.transport.resume?.())
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return
    this.isOpen = false
    later(() => this.transport.close(code, reason))
  }

  terminate(): void {
    if (this.transport.terminate) {
      this.isOpen = false
      later(() => this.transport.terminate?.())
    } else {
      this.close(1011, '')
    }
  }
}

/** In a microtask: a transport that reports its end inside `close()` must not do so inside a call that core made. */
function later(fn: () => void): void {
  queueMicrotask(() => attempt(fn))
}

function attempt<T>(fn: () => T): T | undefined {
  try {
    const result = fn()
    if (isThenable(result)) contain(result)
    return result
  } catch {
    return undefined
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}

/** An `async` member that fails must not become an unhandled rejection. */
function contain(promise: PromiseLike<unknown>): void {
  attempt(() => {
    promise.then(undefined, () => {})
  })
}
