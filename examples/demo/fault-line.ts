import type {
  Accept,
  AdmitOptions,
  Reject,
  SessionStore,
  SocketSink,
  UpgradeRequest,
  VoiceHandler,
  VoiceMount,
  VoiceSocket,
} from 'voice-ws'
import { killEmbeddedWorkers } from 'voice-ws/providers/embedded'
import { SharedStore } from './shared-store.js'
import { SlowSocket } from './slow-socket.js'

/** What a visitor may do to the server. All but `drain` and the workers concern only the visitor's own connection. */
export type Fault =
  | { readonly type: 'cut'; readonly ms: number }
  | { readonly type: 'throttle'; readonly kbits: number | null }
  | { readonly type: 'kill'; readonly kind: 'stt' | 'tts' }
  | { readonly type: 'drain' }
  | { readonly type: 'forget' }

/** One page, by the id in the URL of its connections. */
interface Visitor {
  kbits: number
  /** No connection is let in before. */
  blockedUntilMs: number
  handler: VoiceHandler
  readonly sockets: Set<SlowSocket>
}

const cutOff: Reject = { ok: false, status: 503, headers: {}, body: 'cut off for a while' }
/** Visitors leave without a word, and one is small. */
const maxVisitors = 1000

/**
 * A mount in front of the handlers, on which things go wrong on demand. It is an ordinary `VoiceMount`: what it does
 * to a connection is what networks and deployments do.
 */
export class FaultLine implements VoiceMount {
  readonly #newHandler: (store: SessionStore) => VoiceHandler
  readonly #visitors: Map<string, Visitor> = new Map()
  readonly #admitted: WeakMap<Accept, Visitor> = new WeakMap()
  readonly #handlers: Set<VoiceHandler> = new Set()
  /** What one server knows of its sessions and the next one may know. */
  readonly #store: SessionStore = new SharedStore()
  #current: VoiceHandler

  /** @param newHandler another server of the same kind, with the records of this store. */
  constructor(newHandler: (store: SessionStore) => VoiceHandler) {
    this.#newHandler = newHandler
    this.#current = this.#start(this.#store)
  }

  /** The server that takes new visitors. */
  get current(): VoiceHandler {
    return this.#current
  }

  get limits(): VoiceMount['limits'] {
    return this.#current.limits
  }

  async admit(request: UpgradeRequest, options?: AdmitOptions): Promise<Accept | Reject> {
    const visitor = this.#visitor(new URL(request.url, 'http://localhost').searchParams.get('visitor') ?? '')
    if (performance.now() < visitor.blockedUntilMs) return cutOff
    const answer = await visitor.handler.admit(request, options)
    if (answer.ok) this.#admitted.set(answer, visitor)
    return answer
  }

  open(socket: VoiceSocket, accept: Accept): SocketSink {
    const visitor = this.#admitted.get(accept)!
    const slow = new SlowSocket(socket, visitor.kbits)
    visitor.sockets.add(slow)
    return slow.report(visitor.handler.open(slow, accept), () => visitor.sockets.delete(slow))
  }

  /** Returns how many connections or workers that concerned. */
  inject(visitorId: string, fault: Fault): number {
    const visitor = this.#visitor(visitorId)
    switch (fault.type) {
      case 'cut':
        return this.#cut(visitor, fault.ms)
      case 'throttle':
        visitor.kbits = fault.kbits ?? Number.POSITIVE_INFINITY
        for (const socket of visitor.sockets) socket.kbits = visitor.kbits
        return visitor.sockets.size
      case 'kill':
        return killEmbeddedWorkers(fault.kind)
      case 'drain':
        return this.#drain()
      case 'forget':
        // As after a crash: the next connection reaches a server that never heard of the session.
        visitor.handler = this.#start(new SharedStore())
        return this.#cut(visitor, 0)
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#handlers].map(handler => handler.close()))
  }

  #cut(visitor: Visitor, ms: number): number {
    visitor.blockedUntilMs = performance.now() + ms
    for (const socket of visitor.sockets) socket.terminate()
    return visitor.sockets.size
  }

  /** What a rolling deployment does: the next server is up before the old one sends everybody away. */
  #drain(): number {
    const leaving = this.#current
    this.#current = this.#start(this.#store)
    for (const visitor of this.#visitors.values()) if (visitor.handler === leaving) visitor.handler = this.#current
    void leaving.drain().then(() => this.#handlers.delete(leaving))
    return leaving.sessions.size
  }

  #start(store: SessionStore): VoiceHandler {
    const handler = this.#newHandler(store)
    this.#handlers.add(handler)
    return handler
  }

  #visitor(id: string): Visitor {
    const known = this.#visitors.get(id)
    if (known) return known
    const kbits = Number.POSITIVE_INFINITY
    const visitor: Visitor = { kbits, blockedUntilMs: 0, handler: this.#current, sockets: new Set() }
    this.#visitors.set(id, visitor)
    if (this.#visitors.size > maxVisitors) this.#visitors.delete(this.#visitors.keys().next().value!)
    return visitor
  }
}
