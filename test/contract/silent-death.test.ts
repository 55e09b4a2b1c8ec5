import { once } from 'node:events'
import { describe, expect, it, type TestContext } from 'vitest'
import { WebSocket } from 'ws'
import { chaosProxy } from '../../adapters/testing/node.js'
import { createVoiceClient } from '../../src/client/index.js'
import { ScriptedStt } from '../../src/testing/scripted-stt.js'
import { silentLogger } from '../../src/util/logger.js'
import { startCallServer } from '../fixtures/call-server.js'

const keepAlive = { intervalMs: 800, timeoutMs: 400, loadBalancerIdleMs: 3000 }
/** A ping with all its jitter, its pong, 250 ms that each deadline may be late, and a busy machine. */
const serverFindsMs = 1.1 * keepAlive.intervalMs + keepAlive.timeoutMs + 500 + 500

/** A call whose network can disappear without a word: no FIN, no RST, nothing in either direction. */
async function callThroughProxy({ onTestFinished }: Pick<TestContext, 'onTestFinished'>, timing = {}) {
  const states: string[] = []
  let foundAtMs = Number.POSITIVE_INFINITY
  const server = await startCallServer({
    authenticate: () => 'guest',
    stt: [new ScriptedStt()],
    keepAlive: timing,
    onSession: session => {
      session.on('state', ({ state }) => {
        states.push(state)
        if (state === 'reconnecting') foundAtMs = performance.now()
      })
    },
  })
  onTestFinished(() => server.close())
  const proxy = await chaosProxy({ port: Number(new URL(server.url).port) })
  onTestFinished(() => proxy.close())
  const client = createVoiceClient({
    url: `ws://127.0.0.1:${proxy.port}/voice`,
    WebSocket: WebSocket as never,
    logger: silentLogger,
  })
  onTestFinished(() => client.close())
  await client.connect()
  return { server, proxy, client, states, foundAtMs: () => foundAtMs }
}

describe.concurrent('a connection that dies without FIN or RST', () => {
  it('is found by the server within a ping and a pong, and its session waits', async ({ onTestFinished }) => {
    const { server, proxy, states, foundAtMs } = await callThroughProxy({ onTestFinished }, keepAlive)
    const diedAtMs = performance.now()
    // The client comes back as well, and must find nothing.
    await proxy.refuse()
    proxy.blackHole()
    while (!states.includes('reconnecting') && performance.now() - diedAtMs < 5000) await pause(10)
    expect(foundAtMs() - diedAtMs).toBeLessThanOrEqual(serverFindsMs)
    expect(server.voice.sessions.size).toBe(1)
  })

  it('is found by a client that speaks within 5 s of audio, although its server would ping much later', async ({
    onTestFinished,
  }) => {
    const { proxy, client } = await callThroughProxy({ onTestFinished })
    const timer = setInterval(() => client.sendAudio(new Uint8Array(640)), 20)
    onTestFinished(() => clearInterval(timer))
    await pause(500)
    const found = client.once('reconnecting')
    const diedAtMs = performance.now()
    proxy.blackHole()
    await found
    expect(performance.now() - diedAtMs).toBeLessThanOrEqual(5000)
    await client.once('resumed')
  })

  it('is found by a client that only listens within a ping and a pong of its server', async ({ onTestFinished }) => {
    const { proxy, client } = await callThroughProxy({ onTestFinished }, keepAlive)
    const found = client.once('reconnecting')
    const diedAtMs = performance.now()
    proxy.blackHole()
    await found
    expect(performance.now() - diedAtMs).toBeLessThanOrEqual(keepAlive.intervalMs + keepAlive.timeoutMs + 700)
  })

  it('is not seen where there is none: a silent call stays on its connection', async ({ onTestFinished }) => {
    const { client, states, proxy } = await callThroughProxy({ onTestFinished }, keepAlive)
    let reconnects = 0
    client.on('reconnecting', () => reconnects++)
    await pause(3 * (keepAlive.intervalMs + keepAlive.timeoutMs))
    expect(reconnects).toBe(0)
    expect(states).toEqual(['configuring', 'active'])
    expect(proxy.size).toBe(1)
  })
})

it('a peer that answers pings is never cut, however silent', async ({ onTestFinished }) => {
  const { server } = await callThroughProxy({ onTestFinished }, keepAlive)
  const socket = new WebSocket(server.url, 'voice.v1')
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'config', audio: false }))
  const closed = once(socket, 'close').then(() => 'closed')
  expect(await Promise.race([closed, pause(2 * serverFindsMs).then(() => 'open')])).toBe('open')
})

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
