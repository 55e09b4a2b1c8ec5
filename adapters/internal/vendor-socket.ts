import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { ProviderFailure } from '../../src/providers/contracts.js'
import type { Cancel, Clock } from '../../src/util/clock.js'
import { messageOf } from '../../src/util/errors.js'

export type VendorHeaders = Readonly<Record<string, string | undefined>>

/** How a vendor's connection ended, for the vendor's own judgement. */
export interface VendorEnd {
  /** The upgrade was refused with this status. */
  readonly httpStatus?: number | undefined
  readonly headers: VendorHeaders
  /** Of a refused upgrade, at most 8 KiB. */
  readonly body: string
  /** Absent when the upgrade was refused or the host not reached. */
  readonly closeCode?: number | undefined
  readonly reason: string
  readonly cause?: unknown
}

export interface VendorSocketOptions {
  /** Never logged: a vendor may want its key in there. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Sent before everything else. */
  readonly firstMessage?: string | undefined
  readonly signal: AbortSignal
  readonly clock: Clock
  /** What an end that we did not ask for means. */
  classify(end: VendorEnd): ProviderFailure
}

/** None of these is called before the constructor has returned, nor inside a call of the owner's. */
export interface VendorSocketEvents {
  open(headers: VendorHeaders): void
  text(message: string): void
  /** The bytes are the listener's. */
  binary(data: Uint8Array): void
  /** Writable again after `send` returned false. */
  drain(): void
  /** Exactly once, last. No failure: we asked for it; `answered`: the vendor took leave after our goodbye. */
  closed(failure: ProviderFailure | undefined, answered: boolean): void
}

const handshakeTimeoutMs = 5000
/** How long a vendor may take to say its last results after we said goodbye. */
const goodbyeMs = 5000
/** How long the body of a refusal may take; its status is known by then. */
const refusalBodyMs = 1000
const maxBodyBytes = 8 * 1024
/** Far above what any vendor sends: a second of 48 kHz audio in base64 is 128 KiB. */
const maxMessageBytes = 16 * 1024 * 1024
/** Above it the vendor is not reading: 8 s of 16 kHz audio. */
const highWaterBytes = 256 * 1024

/**
 * One WebSocket to a vendor. It tells every end apart, because the refusal of an upgrade carries the reason in its
 * status, headers and body, which a plain client hides behind one error message.
 */
export class VendorSocket {
  private readonly socket: WebSocket | undefined
  private readonly options: VendorSocketOptions
  private readonly events: VendorSocketEvents
  private readonly onAbort = (): void => this.abort()
  /** What was sent before there was a connection. */
  private early: (string | Uint8Array)[] = []
  private earlyBytes = 0
  private asked = false
  /** The goodbye is a close frame. */
  private hangsUp = false
  private isOver = false
  private full = false
  private lastError: unknown
  private cancelGoodbye: Cancel | undefined

  constructor(options: VendorSocketOptions, events: VendorSocketEvents) {
    this.options = options
    this.events = events
    try {
      this.socket = new WebSocket(options.url, {
        headers: options.headers,
        perMessageDeflate: false,
        handshakeTimeout: handshakeTimeoutMs,
        maxPayload: maxMessageBytes,
      })
    } catch (cause) {
      this.end({ class: 'data', reason: `the connection cannot be made: ${messageOf(cause)}`, cause })
      return
    }
    this.listen(this.socket)
    options.signal.addEventListener('abort', this.onAbort, { once: true })
    if (options.signal.aborted) this.abort()
  }

  /** Bytes that have not left the process. */
  get bufferedBytes(): number {
    return this.earlyBytes + (this.socket?.bufferedAmount ?? 0)
  }

  /** Nothing but `closed` comes any more. */
  get over(): boolean {
    return this.isOver
  }

  /** False: taken, but the vendor is behind; wait for `drain`. Binary bytes are not kept: `ws` masks a copy of them. */
  send(data: string | Uint8Array): boolean {
    if (this.asked || this.isOver) return true
    if (this.socket?.readyState === WebSocket.CONNECTING) this.keep(data)
    else this.socket?.send(data, this.sent)
    this.full ||= this.bufferedBytes > highWaterBytes
    return !this.full
  }

  sendJson(message: object): boolean {
    return this.send(JSON.stringify(message))
  }

  ping(): void {
    if (this.socket?.readyState === WebSocket.OPEN && !this.asked) this.socket.ping()
  }

  pause(): void {
    this.socket?.pause()
  }

  resume(): void {
    this.socket?.resume()
  }

  /**
   * Says goodbye and waits for the vendor's last words.
   *
   * @param message how to say it; null: not at all, the owner hangs up when it has heard enough. Default: a close frame.
   */
  close(message?: string | null): void {
    if (this.asked || this.isOver) return
    if (typeof message === 'string') this.send(message)
    this.asked = true
    this.hangsUp = message === undefined
    if (this.socket?.readyState !== WebSocket.CONNECTING) this.sayGoodbye()
  }

  /** Sends the close frame after a goodbye to a vendor that leaves that to us. */
  hangUp(): void {
    if (this.asked) this.socket?.close(1000)
  }

  /** The vendor said in a message that it is over. */
  fail(failure: ProviderFailure): void {
    this.end(this.asked ? undefined : failure)
    this.socket?.terminate()
  }

  /** Ends now. */
  abort(): void {
    this.asked = true
    this.end(undefined)
    this.socket?.terminate()
  }

  private readonly sent = (): void => {
    if (!this.full || this.bufferedBytes > highWaterBytes / 2) return
    this.full = false
    if (!this.isOver) this.events.drain()
  }

  private listen(socket: WebSocket): void {
    let headers: VendorHeaders = {}
    socket.on('error', error => {
      this.lastError = error
    })
    socket.on('upgrade', response => {
      headers = headersOf(response)
    })
    socket.on('unexpected-response', (_, response) => this.refused(socket, response))
    socket.on('open', () => {
      if (this.isOver) return
      this.sendEarly(socket)
      this.events.open(headers)
      if (this.asked) this.sayGoodbye()
    })
    socket.on('message', (data, isBinary) => {
      if (this.isOver) return
      if (isBinary) this.events.binary(data as Buffer)
      else this.events.text(String(data))
    })
    socket.on('close', (closeCode, reason) => this.ended({ headers, body: '', closeCode, reason: String(reason) }))
  }

  private keep(data: string | Uint8Array): void {
    this.early.push(typeof data === 'string' ? data : new Uint8Array(data))
    this.earlyBytes += data.length
  }

  private sendEarly(socket: WebSocket): void {
    const { firstMessage } = this.options
    if (firstMessage !== undefined) socket.send(firstMessage)
    for (const data of this.early) socket.send(data, this.sent)
    this.early = []
    this.earlyBytes = 0
  }

  private sayGoodbye(): void {
    // What was paused would never hear the answer.
    this.socket?.resume()
    this.cancelGoodbye = this.options.clock.after(goodbyeMs, () => this.socket?.terminate())
    if (this.hangsUp) this.hangUp()
  }

  private refused(socket: WebSocket, response: IncomingMessage): void {
    let body = ''
    const cancel = this.options.clock.after(refusalBodyMs, () => response.destroy())
    response.setEncoding('utf8')
    response.on('error', () => {})
    response.on('data', (chunk: string) => {
      body += chunk.slice(0, maxBodyBytes - body.length)
      if (body.length === maxBodyBytes) response.destroy()
    })
    response.on('close', () => {
      cancel()
      this.ended({ httpStatus: response.statusCode, headers: headersOf(response), body, reason: '' })
      socket.terminate()
    })
  }

  private ended(end: Omit<VendorEnd, 'cause'>): void {
    if (this.isOver) return
    if (this.asked) this.end(undefined, true)
    else this.end(this.options.classify({ ...end, cause: this.lastError }))
  }

  private end(failure: ProviderFailure | undefined, answered = false): void {
    if (this.isOver) return
    this.isOver = true
    this.cancelGoodbye?.()
    this.options.signal.removeEventListener('abort', this.onAbort)
    // The owner may be in the middle of a call, or not have its stream yet.
    queueMicrotask(() => this.events.closed(failure, answered))
  }
}

function headersOf(response: IncomingMessage): VendorHeaders {
  return response.headers as VendorHeaders
}
