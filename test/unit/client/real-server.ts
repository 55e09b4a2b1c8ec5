import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createProxy, type Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../../src/util/clock.js'
import { ModelServer } from './model-server.js'

/** A model server on a real port, behind a proxy whose connections the test can cut. */
export class RealServer implements AsyncDisposable {
  readonly model = new ModelServer(systemClock, 5000)
  /** What the next upgrades are refused with. */
  readonly refusals: { readonly status: number; readonly headers?: Readonly<Record<string, string>> }[] = []
  /** The headers of every upgrade request. */
  readonly upgrades: Readonly<Record<string, unknown>>[] = []
  readonly #http: Server = createServer()
  readonly #wss = new WebSocketServer({ noServer: true })
  readonly #sockets = new Set<Socket>()
  readonly #proxy = createProxy(client => this.#relay(client))

  static async start(): Promise<RealServer> {
    const server = new RealServer()
    server.#http.on('upgrade', (request, socket, head) => {
      server.upgrades.push(request.headers)
      const refusal = server.refusals.shift()
      if (!refusal) return server.#wss.handleUpgrade(request, socket, head, ws => server.#serve(ws))
      const headers = Object.entries(refusal.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.end(`HTTP/1.1 ${refusal.status} No\r\n${headers.join('')}Content-Length: 0\r\nConnection: close\r\n\r\n`)
    })
    await new Promise<void>(resolve => server.#http.listen(0, '127.0.0.1', resolve))
    await new Promise<void>(resolve => server.#proxy.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#proxy.address() as AddressInfo).port}/voice`
  }

  /** Breaks every connection without a goodbye. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    for (const ws of this.#wss.clients) ws.terminate()
    await new Promise(resolve => this.#proxy.close(resolve))
    await new Promise(resolve => this.#http.close(resolve))
  }

  #serve(ws: WebSocket): void {
    const sink = this.model.accept({
      send: data => ws.send(data),
      close: (code, reason) => ws.close(code, reason),
    })
    ws.on('message', (data, binary) => sink.message(binary ? (data as Buffer) : String(data)))
    ws.on('close', () => sink.closed())
    ws.on('error', () => {})
  }

  #relay(client: Socket): void {
    const upstream = connect((this.#http.address() as AddressInfo).port, '127.0.0.1')
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }
}

/** Waits until `condition` holds, as long as the test may take. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5))
}
