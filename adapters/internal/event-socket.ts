import type { SinkGate } from '../../src/sink-gate.js'
import type { SendStatus, SocketCapabilities, VoiceSocket } from '../../src/socket.js'
import type { VoiceMount } from '../../src/upgrade.js'
import { gateOf } from './mount.js'

/** Hono's `WSContext`. Bun gives a new one with every event; `raw` stays the same. */
export interface HonoSocket {
  readonly raw?: unknown
  readonly readyState: number
  readonly protocol?: string | null
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
}

/** What the runtimes' own sockets offer beyond that: Bun the first four, Deno the last two, Cloudflare none. */
interface RuntimeSocket {
  getBufferedAmount?(): number
  cork?(fn: () => void): void
  terminate?(): void
  readonly remoteAddress?: string
  readonly bufferedAmount?: number
  binaryType?: string
}

const OPEN = 1

/** A socket that only speaks through the events of Hono's helper: on Bun, Deno and Cloudflare Workers. */
export class EventSocket implements VoiceSocket {
  readonly capabilities: SocketCapabilities
  readonly protocol: string
  readonly remoteAddress: string | undefined
  readonly gate: SinkGate
  private readonly ws: HonoSocket
  private readonly runtime: RuntimeSocket
  private closing = false

  constructor(ws: HonoSocket, protocol: string, voice: VoiceMount) {
    this.ws = ws
    this.runtime = (ws.raw ?? {}) as RuntimeSocket
    this.protocol = protocol
    this.remoteAddress = this.runtime.remoteAddress
    this.capabilities = {
      backlog: this.runtime.getBufferedAmount ? 'exact' : this.runtime.bufferedAmount === undefined ? 'none' : 'batch',
      drain: false,
      // Where pings exist, Hono does not pass the pongs on.
      ping: false,
      pauseReads: false,
      reliableClose: false,
    }
    // Deno hands out Blobs unless told otherwise, which can only be read asynchronously.
    if (this.runtime.binaryType === 'blob') this.runtime.binaryType = 'arraybuffer'
    this.gate = gateOf(voice, this)
  }

  get open(): boolean {
    return !this.closing && this.readyState === OPEN
  }

  get bufferedBytes(): number {
    if (this.closing) return 0
    return this.runtime.getBufferedAmount?.() ?? this.runtime.bufferedAmount ?? 0
  }

  get raw(): unknown {
    return this.ws.raw
  }

  send(data: string | Uint8Array): SendStatus {
    if (!this.open) return 'closed'
    try {
      this.ws.send(data as string | Uint8Array<ArrayBuffer>)
    } catch {
      return 'dropped'
    }
    return this.bufferedBytes > 0 ? 'queued' : 'sent'
  }

  cork(fn: () => void): void {
    if (this.runtime.cork && this.open) this.runtime.cork(fn)
    else fn()
  }

  close(code: number, reason: string): void {
    if (this.closing) return
    this.closing = true
    try {
      this.ws.close(code, reason)
    } catch {
      this.closeLikeABrowser(code, reason)
    }
  }

  terminate(): void {
    if (this.runtime.terminate) {
      this.closing = true
      this.runtime.terminate()
    } else {
      this.close(1011, '')
    }
  }

  /** One message, as Hono's `MessageEvent` carries it. */
  received(data: unknown): void {
    if (typeof data === 'string') this.gate.message(data)
    else if (data instanceof ArrayBuffer) this.gate.message(new Uint8Array(data))
    else if (ArrayBuffer.isView(data)) this.gate.message(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    else this.close(1003, 'binary messages must arrive as ArrayBuffer')
  }

  ended(code: number, reason: string, clean: boolean): void {
    this.closing = true
    this.gate.closed({ code, reason, clean })
  }

  failed(cause: unknown): void {
    this.close(1011, '')
    this.gate.closed({ code: 1006, reason: '', clean: false, cause })
  }

  private get readyState(): number {
    // A context of Bun keeps the state of the moment it was made; the raw socket knows.
    return (this.ws.raw as { readonly readyState?: number } | undefined)?.readyState ?? this.ws.readyState
  }

  /** Deno takes only what a page may send. 3008 is as retryable as the codes of a server in trouble, 4400 as final as the rest. */
  private closeLikeABrowser(code: number, reason: string): void {
    try {
      this.ws.close(code === 1001 || code >= 1011 ? 3008 : 4400, reason)
    } catch {
      // It is closed already.
    }
  }
}
