import type { Listener, NodeRequest, NodeSocket } from './node-request.js'
import { notFound, refuseUpgrade } from './rejection.js'

/** The part of an `http.Server` that a mount needs; `https`, Express's and Fastify's servers are such. */
export interface UpgradeServer {
  emit(event: string, ...args: unknown[]): boolean
  on(event: string, listener: Listener): unknown
  off(event: string, listener: Listener): unknown
  listenerCount(event: string): number
}

type Upgrade = (request: NodeRequest, socket: NodeSocket, head: Uint8Array) => void

/** What happens to an upgrade that nobody here is mounted for. */
export type Unhandled = 'ignore' | 'reject404'

interface Mounted {
  readonly upgrade: Upgrade
  readonly onUnhandled: Unhandled | undefined
}

const routers: WeakMap<UpgradeServer, UpgradeRouter> = new WeakMap()

/**
 * Serves one path of a server's upgrades.
 *
 * @returns the way to stop serving it.
 * @throws {TypeError} when the path is taken.
 */
export function mountUpgrade(
  server: UpgradeServer,
  path: string,
  upgrade: Upgrade,
  onUnhandled?: Unhandled,
): () => void {
  let router = routers.get(server)
  if (!router) {
    router = new UpgradeRouter(server)
    routers.set(server, router)
  }
  return router.mount(path, { upgrade, onUnhandled })
}

/**
 * Takes the upgrades of the mounted paths before any other listener sees them. Listening beside the others is not
 * enough: a `ws` server with a `path` answers 400, and @fastify/websocket 404, to every upgrade that is not theirs.
 */
class UpgradeRouter {
  readonly #server: UpgradeServer
  readonly #mounts: Map<string, Mounted> = new Map()
  #restore: (() => void) | undefined

  constructor(server: UpgradeServer) {
    this.#server = server
  }

  mount(path: string, mounted: Mounted): () => void {
    if (this.#mounts.has(path)) {
      throw new TypeError(`path: ${path} is already mounted on this server; detach() that mount or choose another path`)
    }
    this.#mounts.set(path, mounted)
    this.#restore ??= this.#takeOver()
    return () => {
      if (this.#mounts.get(path) !== mounted) return
      this.#mounts.delete(path)
      if (this.#mounts.size > 0) return
      this.#restore?.()
      this.#restore = undefined
    }
  }

  #takeOver(): () => void {
    const server = this.#server
    const original = server.emit
    const emit = (event: string, ...args: unknown[]): boolean =>
      (event === 'upgrade' && this.#take(...(args as unknown as Parameters<Upgrade>))) ||
      original.call(server, event, ...args)
    server.emit = emit

    // Node emits upgrades only while somebody listens, so a listener of ours stands in while there is no other. It
    // leaves when another comes: Hono answers refusals only as long as it is alone.
    const alone: Upgrade = (request, socket, head) => {
      if (!this.#take(request, socket, head) && this.#unhandled() !== 'ignore') refuseUpgrade(socket, notFound)
    }
    const onAdded = (event: string, listener: unknown): void => {
      if (event === 'upgrade' && listener !== alone) server.off('upgrade', alone)
    }
    const onRemoved = (event: string, listener: unknown): void => {
      if (event === 'upgrade' && listener !== alone && server.listenerCount('upgrade') === 0)
        server.on('upgrade', alone)
    }
    if (server.listenerCount('upgrade') === 0) server.on('upgrade', alone)
    server.on('newListener', onAdded)
    server.on('removeListener', onRemoved)
    return () => {
      server.off('newListener', onAdded)
      server.off('removeListener', onRemoved)
      server.off('upgrade', alone)
      // Somebody who wrapped `emit` after us keeps ours below his: without mounts it passes everything on.
      if (server.emit === emit) server.emit = original
    }
  }

  /** True when the upgrade is dealt with. */
  #take(request: NodeRequest, socket: NodeSocket, head: Uint8Array): boolean {
    const mounted = this.#mounts.get(pathOf(request.url ?? '/'))
    if (mounted) {
      mounted.upgrade(request, socket, head)
      return true
    }
    if (this.#unhandled() !== 'reject404') {
      // If nobody takes it, a reset of this connection would be an uncaught exception.
      socket.on('error', () => socket.destroy())
      return false
    }
    refuseUpgrade(socket, notFound)
    return true
  }

  #unhandled(): Unhandled | undefined {
    for (const { onUnhandled } of this.#mounts.values()) if (onUnhandled) return onUnhandled
    return undefined
  }
}

/** Without the query. A full URL, which proxies may send, counts by its path. */
function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/?]*/i, '').replace(/\?.*$/s, '') || '/'
}
