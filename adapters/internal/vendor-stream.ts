import type { ProviderFailure, StreamClosed, StreamInfo } from '../../src/providers/contracts.js'
import { messageOf } from '../../src/util/errors.js'
import type { VendorAccount, VendorQuery } from './vendor-account.js'
import { parseMessage, type VendorMessage } from './vendor-message.js'
import { type VendorEnd, type VendorHeaders, VendorSocket } from './vendor-socket.js'

/** What sinks of both kinds hear. */
interface StreamSink {
  open(info?: StreamInfo): void
  warning(event: { readonly code: string; readonly message: string }): void
  closed(event: StreamClosed): void
}

export interface VendorRoute {
  readonly account: VendorAccount
  readonly path: string
  readonly query: VendorQuery
  /** Sent before everything else. */
  readonly firstMessage?: string | undefined
  readonly signal: AbortSignal
  readonly credentials?: Readonly<Record<string, unknown>> | undefined
}

/** What all streams over a vendor's WebSocket have in common. */
export abstract class VendorStream<Sink extends StreamSink> {
  protected readonly sink: Sink
  protected readonly socket: VendorSocket
  /** The vendor's name for this connection, once it has told. */
  protected requestId: string | undefined
  private readonly onMessage: ((message: VendorMessage) => void) | undefined
  private announced = false
  /** What the sink must not hear before `open`. */
  private readonly untold: (() => void)[] = []

  constructor({ account, path, query, firstMessage, signal, credentials }: VendorRoute, sink: Sink) {
    this.sink = sink
    this.onMessage = account.onMessage
    this.socket = new VendorSocket(
      {
        url: account.url(path, query),
        headers: account.headersFor(credentials),
        firstMessage,
        signal,
        clock: account.clock,
        classify: end => this.judge(end),
      },
      {
        open: headers => this.opened(headers),
        text: text => this.readText(text),
        binary: data => this.readBinary(data),
        drain: () => (this.announced ? this.drained() : this.untold.push(() => this.drained())),
        closed: (failure, answered) => this.closed(failure, answered),
      },
    )
  }

  get bufferedBytes(): number {
    return this.socket.bufferedBytes
  }

  abort(): void {
    this.socket.abort()
  }

  /** What an end that we did not ask for means. */
  protected abstract judge(end: VendorEnd): ProviderFailure

  /** What this throws becomes a warning. */
  protected abstract received(message: VendorMessage): void

  protected opened(_headers: VendorHeaders): void {
    this.announce()
  }

  /** Tells the sink that the vendor is ready. */
  protected announce(): void {
    this.announced = true
    this.sink.open({ requestId: this.requestId })
    for (const tell of this.untold.splice(0)) this.soon(tell)
  }

  protected binary(_data: Uint8Array): void {}

  protected drained(): void {}

  /** @param _answered the vendor took leave after our goodbye: it has said all it had to say. */
  protected closed(failure: ProviderFailure | undefined, _answered: boolean): void {
    this.sink.closed({ failure })
  }

  /** Tells the sink something once the owner's call has returned, unless the stream was ended meanwhile. */
  protected soon(tell: () => void): void {
    if (!this.announced) return void this.untold.push(tell)
    queueMicrotask(() => {
      if (!this.socket.over) tell()
    })
  }

  private readText(text: string): void {
    const message = parseMessage(text)
    if (!message) return this.sink.warning({ code: 'unreadable_message', message: 'the vendor sent no JSON object' })
    try {
      this.onMessage?.(message)
      this.received(message)
    } catch (error) {
      this.unreadable(error)
    }
  }

  private readBinary(data: Uint8Array): void {
    try {
      this.binary(data)
    } catch (error) {
      this.unreadable(error)
    }
  }

  /** A message that cannot be read is no reason to lose the connection, and none to end the process. */
  private unreadable(error: unknown): void {
    this.sink.warning({ code: 'unreadable_message', message: messageOf(error) })
  }
}
