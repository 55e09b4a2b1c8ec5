import { once } from 'node:events'
import { expect, it, type TestContext } from 'vitest'
import { WebSocket } from 'ws'
import type { KeepAliveOptions } from '../../src/session/settings.js'
import { startCallServer } from '../fixtures/call-server.js'
import { type ProxyKind, proxyKinds, startProxy } from './fixtures/proxies.js'

const idleMs = 3000
/** Ten times the proxies' patience; whoever runs the tests while working may go on after two of them. */
const openMs = process.env.CI ? 30_000 : 7000
const cutWithinMs = 7000

/** A call through the proxy in which nobody says anything. */
async function silentCall(kind: ProxyKind, keepAlive: KeepAliveOptions, onTestFinished: TestContext['onTestFinished']) {
  const server = await startCallServer({ keepAlive, authenticate: () => 'guest' })
  onTestFinished(() => server.close())
  const proxy = await startProxy(kind, Number(new URL(server.url).port), idleMs)
  onTestFinished(() => proxy.close())
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/voice`, 'voice.v1')
  onTestFinished(() => socket.terminate())
  const gone = once(socket, 'close').then(([code]) => ({
    code: code as number,
    afterMs: performance.now() - readyAtMs,
  }))
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'config', audio: false }))
  await once(socket, 'message')
  const readyAtMs = performance.now()
  return { socket, gone, server }
}

for (const kind of proxyKinds) {
  const absent = kind.program === undefined
  const name = absent ? `${kind.name} (not installed: apt-get install nginx-light haproxy)` : kind.name
  // Whoever has no proxy may go without these; whoever decides about a change may not.
  const options = { concurrent: true, skip: absent && !process.env.CI, timeout: 60_000 }

  it(
    `${name} leaves a silent call open that is pinged more often than it waits`,
    options,
    async ({ onTestFinished }) => {
      const keepAlive = { intervalMs: 1000, timeoutMs: 900, loadBalancerIdleMs: idleMs }
      const { socket, gone, server } = await silentCall(kind, keepAlive, onTestFinished)
      const first = await Promise.race([gone, new Promise(resolve => setTimeout(resolve, openMs, 'still open'))])
      expect(first).toBe('still open')
      expect(socket.readyState).toBe(WebSocket.OPEN)
      expect(server.voice.sessions.size).toBe(1)
    },
  )

  it(`${name} cuts a silent call that is pinged later than that`, options, async ({ onTestFinished }) => {
    const keepAlive = { intervalMs: 25_000, timeoutMs: 10_000, loadBalancerIdleMs: 60_000 }
    const { gone } = await silentCall(kind, keepAlive, onTestFinished)
    const { code, afterMs } = await gone
    expect(code).toBe(1006)
    expect(afterMs).toBeGreaterThan(idleMs - 500)
    expect(afterMs).toBeLessThan(cutWithinMs)
  })
}

it('a handler that is told of the proxy refuses pings that come too late for it', async () => {
  const keepAlive = { intervalMs: 3000, timeoutMs: 1000, loadBalancerIdleMs: idleMs }
  await expect(startCallServer({ keepAlive })).rejects.toThrow(/keepAlive/)
})
