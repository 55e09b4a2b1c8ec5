import type { SocketClosed, SocketSink } from './socket.js'

const nobody: SocketSink = { message() {}, drain() {}, pong() {}, closed() {} }

/**
 * The reporting half of an adapter's socket. What a sink throws stays here, because a transport that meets an
 * exception in its events wedges (`ws` never delivers another message) or takes the process down. `closed` comes
 * once, last, and always from a microtask, because some transports report it inside the call that closes.
 */
export class SinkGate {
  private sink: SocketSink = nobody
  private over = false
  private readonly onSinkError: (error: unknown) => void

  /** @param onSinkError is told what a sink threw; it must end the connection. */
  constructor(onSinkError: (error: unknown) => void) {
    this.onSinkError = onSinkError
  }

  /** From now on `sink` is told. */
  attach(sink: SocketSink): void {
    this.sink = sink
  }

  message(data: string | Uint8Array): void {
    if (this.over) return
    try {
      this.sink.message(data)
    } catch (error) {
      this.onSinkError(error)
    }
  }

  drain(): void {
    if (this.over) return
    try {
      this.sink.drain()
    } catch (error) {
      this.onSinkError(error)
    }
  }

  pong(payload: Uint8Array): void {
    if (this.over) return
    try {
      this.sink.pong(payload)
    } catch (error) {
      this.onSinkError(error)
    }
  }

  /** Later calls are ignored, and so is every other event from now on. */
  closed(info: SocketClosed): void {
    if (this.over) return
    this.over = true
    queueMicrotask(() => {
      try {
        this.sink.closed(info)
      } catch (error) {
        this.onSinkError(error)
      }
    })
  }
}
