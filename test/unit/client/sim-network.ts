import type { WebSocketConstructor, WebSocketLike } from '../../../src/client/index.js'
import type { Clock } from '../../../src/util/clock.js'
import type { Pipe, PipeSink } from './model-server.js'

/**
 * `reset`: both ends see it at once, what is under way is lost. `late`: the client sees it at once, but what it sent
 * still arrives, a good while later. `hole`: nothing gets through any more and nobody is told.
 */
export type Cut = 'reset' | 'late' | 'hole'

const lateMs = 700

/** Whatever answers new connections. */
export interface PipeServer {
  accept(pipe: Pipe): PipeSink
}

/** A network between clients and a server, with a latency and many ways to fail. */
export class SimNetwork {
  latencyMs = 20
  /** What happens to new sockets. */
  mode: 'up' | 'refuse' | 'hang' = 'up'
  readonly sockets: SimSocket[] = []
  readonly WebSocket: WebSocketConstructor
  readonly clock: Clock
  readonly server: PipeServer

  constructor(clock: Clock, server: PipeServer) {
    this.clock = clock
    this.server = server
    const network = this
    this.WebSocket = class extends SimSocket {
      constructor() {
        super(network)
        network.sockets.push(this)
      }
    }
  }

  get live(): SimSocket[] {
    return this.sockets.filter(socket => !socket.over)
  }

  cut(how: Cut): void {
    for (const socket of this.live) socket.cut(how)
  }
}

class SimSocket implements WebSocketLike {
  binaryType = 'blob'
  protocol = ''
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  /** The client's end is closed. */
  over = false
  #passes = true
  #extraMs = 0
  #sink: PipeSink | undefined
  readonly #network: SimNetwork
  /** Constant for the life of the socket, so that nothing overtakes. */
  readonly #latencyMs: number

  constructor(network: SimNetwork) {
    this.#network = network
    this.#latencyMs = network.latencyMs
    const { mode } = network
    if (mode === 'up') this.#later(() => this.#open())
    else if (mode === 'refuse') network.clock.after(this.#latencyMs, () => this.#end(1006))
  }

  send(data: string | Uint8Array): void {
    if (this.over) return
    const copy = typeof data === 'string' ? data : data.slice()
    this.#later(() => this.#sink?.message(copy))
  }

  close(code = 1005): void {
    if (this.over) return
    this.#later(() => this.#sink?.closed())
    // The peer's answer; nobody waits for it after a silent death.
    this.#network.clock.after(2 * this.#latencyMs, () => this.#end(code))
  }

  cut(how: Cut): void {
    if (how === 'late') this.#extraMs = lateMs
    else this.#passes = false
    if (how === 'hole') return
    const sink = this.#sink
    this.#network.clock.after(this.#extraMs + this.#latencyMs, () => sink?.closed())
    this.#end(1006)
  }

  #open(): void {
    if (this.over) return
    this.protocol = 'voice.v1'
    this.#sink = this.#network.server.accept({
      send: data => {
        const copy = typeof data === 'string' ? data : Uint8Array.from(data).buffer
        this.#later(() => this.over || this.onmessage?.({ data: copy } as never))
      },
      close: (code, reason = '') => this.#later(() => this.#end(code, reason)),
    })
    this.onopen?.({} as never)
  }

  #end(code: number, reason = ''): void {
    if (this.over) return
    this.over = true
    this.onclose?.({ code, reason } as never)
  }

  /** In order, after the latency; or never. */
  #later(deliver: () => void): void {
    const { clock } = this.#network
    const latencyMs = this.#latencyMs
    const sentMs = clock.now()
    const attempt = () => {
      if (!this.#passes) return
      const dueMs = sentMs + latencyMs + this.#extraMs
      if (clock.now() < dueMs) clock.after(dueMs - clock.now(), attempt)
      else deliver()
    }
    clock.after(latencyMs, attempt)
  }
}
