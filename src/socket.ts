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

/** The least a custom transport has to offer to `wrapSocket`. */
export interface MinimalSocket {
  /** May return a `SendStatus`; anything else counts as `sent`. The bytes are the transport's from now on. */
  send(data: string | Uint8Array): unknown
  close(code: number, reason: string): void
  /** Ends the connection at once. Default: `close(1011, '')`. */
  terminate?(): void
  readonly protocol?: string | undefined
  readonly remoteAddress?: string | undefined
  readonly bufferedBytes?: number | undefined
  cork?(fn: () => void): void
  ping?(payload?: Uint8Array): boolean
  pause?(): void
  resume?(): void
  readonly capabilities?: Partial<SocketCapabilities> | undefined
  readonly raw?: unknown
}
