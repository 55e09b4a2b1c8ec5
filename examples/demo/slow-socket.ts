import type { SendStatus, SocketCapabilities, SocketClosed, SocketSink, VoiceSocket } from 'voice-ws'

/**
 * A socket whose way to the client is as slow as one wishes. Like a kernel it takes everything at once and says nothing
 * about what waits: that is what makes slow links hard to see. The other direction is untouched.
 */
export class SlowSocket implements VoiceSocket {
  readonly capabilities: SocketCapabilities
  readonly protocol: string
  readonly remoteAddress: string | undefined
  readonly #inner: VoiceSocket
  readonly #waiting: { readonly bytes: number; leave(): void }[] = []
  #kbits: number
  #timer: NodeJS.Timeout | undefined

  /** @param kbits per second; `Infinity` for a link as fast as it is. */
  constructor(inner: VoiceSocket, kbits: number) {
    this.#inner = inner
    this.#kbits = kbits
    this.capabilities = inner.capabilities
    this.protocol = inner.protocol
    this.remoteAddress = inner.remoteAddress
  }

  get open(): boolean {
    return this.#inner.open
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes
  }

  get raw(): unknown {
    return this.#inner.raw
  }

  set kbits(kbits: number) {
    this.#kbits = kbits
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#next()
  }

  send(data: string | Uint8Array): SendStatus {
    if (this.#isFast) return this.#inner.send(data)
    if (!this.open) return 'closed'
    this.#queue(data.length, () => this.#inner.send(data))
    return 'sent'
  }

  cork(fn: () => void): void {
    if (this.#inner.cork) this.#inner.cork(fn)
    else fn()
  }

  ping(payload?: Uint8Array): boolean {
    if (this.#isFast) return this.#inner.ping?.(payload) ?? false
    this.#queue(payload?.length ?? 0, () => this.#inner.ping?.(payload))
    return true
  }

  pause(): void {
    this.#inner.pause?.()
  }

  resume(): void {
    this.#inner.resume?.()
  }

  close(code: number, reason: string): void {
    if (this.#isFast) this.#inner.close(code, reason)
    else this.#queue(0, () => this.#inner.close(code, reason))
  }

  terminate(): void {
    this.#inner.terminate()
  }

  /** What the transport reports goes to `sink`; the end also empties the queue. */
  report(sink: SocketSink, ended: () => void): SocketSink {
    return {
      message: data => sink.message(data),
      drain: () => sink.drain(),
      pong: payload => sink.pong(payload),
      closed: (info: SocketClosed) => {
        clearTimeout(this.#timer)
        this.#waiting.length = 0
        ended()
        sink.closed(info)
      },
    }
  }

  get #isFast(): boolean {
    return this.#kbits === Number.POSITIVE_INFINITY && this.#waiting.length === 0
  }

  #queue(bytes: number, leave: () => void): void {
    this.#waiting.push({ bytes, leave })
    if (!this.#timer) this.#next()
  }

  /** A message arrives when its last bit has. */
  #next(): void {
    const first = this.#waiting[0]
    if (!first) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#waiting.shift()
        first.leave()
        this.#next()
      },
      (first.bytes * 8) / this.#kbits,
    )
  }
}
