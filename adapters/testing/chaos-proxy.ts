import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { ChaosPipe, type Shaping } from './chaos-pipe.js'
import { closeOf, destroy, reset } from './reset.js'

/** `up` is from the client to the server. */
export type Direction = 'up' | 'down' | 'both'

export interface ChaosProxyOptions {
  /** Where the real server listens. */
  readonly port: number
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined
}

/**
 * Listens on a free port of the loopback interface and passes connections on to a server, as badly as told. The
 * kernel buffers of the extra hop, up to 4 MB a direction, cannot be made smaller from Node: measure delays with
 * `latencyMs` and `bytesPerSecond`, not by stalling.
 */
export async function chaosProxy(options: ChaosProxyOptions): Promise<ChaosProxy> {
  const proxy = new ChaosProxy(options)
  await proxy.listen()
  return proxy
}

/** The verbs act on the connections that exist; later ones start undisturbed. `close()` leaves nothing behind. */
export class ChaosProxy {
  readonly #target: { readonly port: number; readonly host: string }
  readonly #shaping: Shaping = { latencyMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY }
  readonly #connections: Set<Connection> = new Set()
  #server: Server | undefined
  #port = 0

  /** Use `chaosProxy()`, which also listens. */
  constructor({ port, host = '127.0.0.1' }: ChaosProxyOptions) {
    this.#target = { port, host }
  }

  /** Where clients connect. */
  get port(): number {
    return this.#port
  }

  /** How many connections pass through. */
  get size(): number {
    return this.#connections.size
  }

  /** Delay of each direction in ms, for old and new connections alike. Default 0. */
  set latencyMs(latencyMs: number) {
    this.#shaping.latencyMs = latencyMs
  }

  /** Throughput of each direction of each connection, for old and new ones alike. Default unlimited. */
  set bytesPerSecond(bytesPerSecond: number) {
    this.#shaping.bytesPerSecond = bytesPerSecond
  }

  /** Stops reading, so that the sender's buffers fill. */
  stall(direction: Direction = 'both'): void {
    for (const pipe of this.#pipes(direction)) pipe.mode = 'stall'
  }

  /** Takes everything and keeps it, also after the sender is gone. `flow()` delivers it late: after a new connection, say. */
  hold(direction: Direction = 'both'): void {
    for (const pipe of this.#pipes(direction)) pipe.mode = 'hold'
  }

  /** Takes everything and drops it, goodbyes included: a cable that was pulled. */
  blackHole(direction: Direction = 'both'): void {
    for (const pipe of this.#pipes(direction)) pipe.mode = 'drop'
  }

  /** Ends stalling and holding. */
  flow(direction: Direction = 'both'): void {
    for (const pipe of this.#pipes(direction)) pipe.mode = 'flow'
  }

  /** Ends all connections with RST, both ways. */
  reset(): void {
    for (const connection of this.#connections) connection.reset()
  }

  /** Ends all connections with FIN, both ways. */
  end(): void {
    for (const { up, down } of this.#connections) {
      up.end()
      down.end()
    }
  }

  /** Sends FIN in one direction only. */
  halfClose(direction: 'up' | 'down'): void {
    for (const pipe of this.#pipes(direction)) pipe.end()
  }

  /** Refuses new connections until `listen()`. */
  async refuse(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server) return
    // Its callback waits for the connections, which may live on; the port is free at once.
    server.close()
    server.unref()
  }

  /** Accepts connections, after `refuse()` on the same port. */
  async listen(): Promise<void> {
    if (this.#server) return
    this.#server = createServer({ allowHalfOpen: true }, client => this.#accept(client))
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.refuse()
    const connections = [...this.#connections]
    for (const connection of connections) connection.destroy()
    await Promise.all(connections.map(connection => connection.closed))
  }

  #accept(client: Socket): void {
    const server = connect({ ...this.#target, allowHalfOpen: true })
    const connection = new Connection(client, server, this.#shaping)
    this.#connections.add(connection)
    void connection.closed.then(() => this.#connections.delete(connection))
  }

  *#pipes(direction: Direction): Iterable<ChaosPipe> {
    for (const { up, down } of this.#connections) {
      if (direction !== 'down') yield up
      if (direction !== 'up') yield down
    }
  }
}

/** One client with its connection to the server. */
class Connection {
  readonly up: ChaosPipe
  readonly down: ChaosPipe
  /** Both sockets are closed. */
  readonly closed: Promise<void>
  readonly #client: Socket
  readonly #server: Socket

  constructor(client: Socket, server: Socket, shaping: Shaping) {
    this.#client = client
    this.#server = server
    this.up = new ChaosPipe(client, server, shaping)
    this.down = new ChaosPipe(server, client, shaping)
    this.closed = Promise.all([closeOf(client), closeOf(server)]).then(() => {})
  }

  reset(): void {
    this.up.stop()
    this.down.stop()
    reset(this.#client)
    reset(this.#server)
  }

  destroy(): void {
    this.up.stop()
    this.down.stop()
    destroy(this.#client)
    destroy(this.#server)
  }
}
