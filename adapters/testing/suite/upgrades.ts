import { accept, refuse } from '../recording-mount.js'
import type { Test } from './scene.js'

/** Everything up to the 101: what core is asked, how it is obeyed, and clients that leave meanwhile. */
export function upgradeTests(test: Test, { abortedUpgrades }: { readonly abortedUpgrades: number }): void {
  const network = { needs: ['network'] } as const

  test(
    'asks core with the request as the client sent it',
    async scene => {
      const headers = ['Authorization: Bearer secret', 'X-Twice: one', 'X-Twice: two', 'Origin: https://example.com']
      await scene.call({ path: '/voice?room=1&name=%20x', protocols: ['voice.v1', 'other'], headers })
      const [request] = scene.mount.requests
      const { pathname, search } = new URL(request!.url, 'http://localhost')
      scene.expect(pathname + search).toBe('/voice?room=1&name=%20x')
      scene.expect(request!.method).toBe('GET')
      scene.expect(request!.headers.get('authorization')).toBe('Bearer secret')
      scene.expect(request!.headers.get('x-twice')).toBe('one, two')
      scene.expect(request!.headers.get('origin')).toBe('https://example.com')
      scene.expect(request!.protocols).toEqual(['voice.v1', 'other'])
      scene.expect(request!.remoteAddress).toBe('127.0.0.1')
      scene.expect(request!.signal.aborted).toBe(false)
    },
    network,
  )

  test(
    'answers the subprotocol that core chose, or none',
    async scene => {
      for (const chosen of ['', 'second', 'first']) {
        scene.mount.answer = () => accept(chosen)
        const { client, session } = await scene.rawCall({ protocols: ['first', 'second', 'third'] })
        scene.expect(client.headers.get('sec-websocket-protocol')).toBe(chosen || undefined)
        scene.expect(session.socket.protocol).toBe(chosen)
      }
      scene.mount.answer = () => accept()
      const { client } = await scene.rawCall()
      scene.expect(client.headers.has('sec-websocket-protocol')).toBe(false)
    },
    network,
  )

  test(
    'does not compress, whatever the client offers',
    async scene => {
      const { client } = await scene.rawCall({ headers: ['Sec-WebSocket-Extensions: permessage-deflate'] })
      scene.expect(client.headers.has('sec-websocket-extensions')).toBe(false)
    },
    network,
  )

  for (const status of [401, 403, 429, 503]) {
    test(
      `refuses with ${status} before the upgrade`,
      async scene => {
        scene.mount.answer = () => refuse(status, { 'www-authenticate': 'Bearer', 'retry-after': '7' }, 'go away')
        const client = await scene.raw().answered()
        scene.expect(client.status).toBe(status)
        if (scene.traits.refusalHeaders) {
          scene.expect(client.headers.get('www-authenticate')).toBe('Bearer')
          scene.expect(client.headers.get('retry-after')).toBe('7')
        }
        await client.gone()
        scene.expect(scene.mount.sessions.length).toBe(0)
      },
      network,
    )
  }

  test(
    'refuses what is no WebSocket handshake',
    async scene => {
      const lines = (extra: string[]) => ['GET /voice HTTP/1.1', 'Host: x', ...extra, '', ''].join('\r\n')
      const upgrade = ['Connection: Upgrade', 'Upgrade: websocket']
      const requests = [
        lines([...upgrade, 'Sec-WebSocket-Version: 13']),
        lines([...upgrade, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: short']),
        lines(upgrade),
      ]
      for (const request of requests) {
        const client = scene.raw({ request })
        await client.answered()
        scene.expect(client.status).not.toBe(101)
        client.destroy()
      }
      scene.expect(scene.mount.sessions.length).toBe(0)
    },
    network,
  )

  test(
    'waits for an answer that takes its time',
    async scene => {
      const release = scene.mount.holdAnswers(1)
      const client = scene.raw()
      await scene.mount.until('the upgrade', () => scene.mount.pending === 1)
      await scene.roundTrip()
      scene.expect(client.status).toBe(undefined)
      release()
      await client.answered()
      scene.expect(client.status).toBe(101)
      await scene.mount.session(1)
    },
    network,
  )

  for (const how of ['fin', 'drop'] as const) {
    test(
      `notices a client that leaves while core decides (${how})`,
      async scene => {
        const release = scene.mount.holdAnswers(1)
        const client = scene.raw()
        await scene.mount.until('the upgrade', () => scene.mount.pending === 1)
        client[how]()
        await scene.mount.until('the abort', () => scene.mount.aborted === 1)
        release()
        await scene.roundTrip()
        scene.expect(scene.mount.sessions.length).toBe(1)
      },
      network,
    )
  }

  test(
    `keeps nothing of ${abortedUpgrades} clients that left while core decided`,
    async scene => {
      const { mount, running } = scene
      const release = mount.holdAnswers(abortedUpgrades)
      for (let started = 0; started < abortedUpgrades; started += batch) {
        const clients = Array.from({ length: batch }, () => scene.raw())
        await mount.until('the upgrades', () => mount.pending === started + batch)
        for (const client of clients) client.destroy()
        await mount.until('the aborts', () => mount.aborted === started + batch)
      }
      release()
      await mount.until('the decisions', () => mount.pending === 0)
      await scene.roundTrip()
      scene.expect(mount.sessions.length).toBe(1)
      const connections = await running.connections?.()
      if (connections !== undefined) scene.expect(connections).toBeLessThan(2)
    },
    { ...network, timeoutMs: 120_000 },
  )
}

const batch = 100
