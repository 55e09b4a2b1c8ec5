import type { SocketSink } from '../../src/socket.js'

/** What keeping a message costs beside its content, so that empty ones count too. */
const overheadBytes = 64

/** Keeps what a client sends on an open socket while the application decides whether to serve it. */
export class EarlyMessages implements SocketSink {
  private readonly messages: (string | Uint8Array)[] = []
  private readonly leaving = new AbortController()
  private readonly capBytes: number
  private readonly full: () => void
  private bytes = 0

  /** @param full is called when more than `capBytes` arrived: stop reading. */
  constructor(capBytes: number, full: () => void) {
    this.capBytes = capBytes
    this.full = full
  }

  /** Aborts when the client leaves. */
  get signal(): AbortSignal {
    return this.leaving.signal
  }

  message(data: string | Uint8Array): void {
    // Not `slice()`: that of a Buffer copies nothing.
    this.messages.push(typeof data === 'string' ? data : new Uint8Array(data))
    this.bytes += data.length + overheadBytes
    // Reading goes on until then, because a paused socket does not notice that the client left.
    if (this.bytes > this.capBytes) this.full()
  }

  drain(): void {}

  pong(): void {}

  closed(): void {
    this.leaving.abort(new Error('the client left'))
  }

  replay(sink: Pick<SocketSink, 'message'>): void {
    for (const message of this.messages) sink.message(message)
  }
}
