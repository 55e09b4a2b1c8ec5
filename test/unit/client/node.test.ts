import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { createVoiceClient, type VoiceClient, type VoiceEvent } from '../../../adapters/client/node.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { silentLogger } from '../../../src/util/logger.js'
import { ramp, readyMessage } from './fake-socket.js'
import { RealServer, until } from './real-server.js'

function reconnects(client: VoiceClient): Extract<VoiceEvent, { type: 'reconnecting' }>[] {
  const all: Extract<VoiceEvent, { type: 'reconnecting' }>[] = []
  client.on('reconnecting', event => all.push(event))
  return all
}

const common = { logger: silentLogger, random: () => 0 }

describe('the Node client', () => {
  it('talks, loses its connection, and goes on where it was', async () => {
    await using server = await RealServer.start()
    await using client = createVoiceClient({ ...common, url: server.url, headers: { authorization: 'Bearer key' } })
    const told: string[] = []
    client.on('event', ({ name }) => told.push(name))
    await client.connect()
    expect(server.upgrades[0]).toMatchObject({ authorization: 'Bearer key', 'sec-websocket-protocol': 'voice.v1' })
    expect(server.upgrades[0]).not.toHaveProperty('sec-websocket-extensions')
    const [session] = server.model.sessions
    const audio = ramp(64_000)
    for (let at = 0; at < audio.length; at += 640) {
      client.sendAudio(audio.subarray(at, at + 640))
      if (at === 19_200 || at === 44_800) {
        client.send(`at ${at}`)
        server.cut()
        session!.say({ type: 'event', name: `seen at ${at}`, data: null })
        await until(() => client.state === 'active' && told.length === (at === 19_200 ? 1 : 2))
      }
    }
    await until(() => session!.offset === audio.length && client.stats?.unconfirmedMessages === 0)
    expect(session!.heard(new Uint8Array(audio.length)).equals(audio)).toBe(true)
    expect(session!.handled.map(({ name }) => name)).toEqual(['at 19200', 'at 44800'])
    expect(told).toEqual(['seen at 19200', 'seen at 44800'])
    expect(session!.violations).toEqual([])
  })

  it.each([429, 503])('waits as long as a %i asks for', async status => {
    await using server = await RealServer.start()
    server.refusals.push({ status, headers: { 'Retry-After': '1' } })
    await using client = createVoiceClient({ ...common, url: server.url })
    const attempts = reconnects(client)
    const startedMs = Date.now()
    await client.connect()
    expect(attempts).toMatchObject([{ code: 1013, reason: `HTTP ${status}`, delayMs: 1000 }])
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(990)
  })

  it('reads a date, and ignores nonsense', async () => {
    await using server = await RealServer.start()
    server.refusals.push({ status: 503, headers: { 'Retry-After': 'soon' } })
    server.refusals.push({ status: 503, headers: { 'Retry-After': new Date(0).toUTCString() } })
    await using client = createVoiceClient({ ...common, url: server.url })
    const attempts = reconnects(client)
    await client.connect()
    expect(attempts.map(({ delayMs }) => delayMs)).toEqual([0, 0])
  })

  it('asks for another token after 401, and gives up after the second', async () => {
    await using server = await RealServer.start()
    server.refusals.push({ status: 401 }, { status: 401 })
    const asked: string[] = []
    await using client = createVoiceClient({
      ...common,
      url: server.url,
      getToken: ({ reason }) => `${asked.push(reason)}`,
    })
    await expect(client.connect()).rejects.toMatchObject({ class: 'AUTH', retryable: false })
    expect(asked).toEqual(['initial', 'expired'])
    expect(server.upgrades).toHaveLength(2)
  })

  it.each([
    [402, 'AUTH'],
    [403, 'AUTH'],
    [404, 'DATA'],
    [426, 'DATA'],
  ])('stops at %i: %s', async (status, errorClass) => {
    await using server = await RealServer.start()
    server.refusals.push({ status })
    await using client = createVoiceClient({ ...common, url: server.url, getToken: () => 'key' })
    await expect(client.connect()).rejects.toMatchObject({
      class: errorClass,
      message: expect.stringContaining(`HTTP ${status}`),
    })
  })

  it('tries again behind a gateway whose server is restarting', async () => {
    await using server = await RealServer.start()
    server.refusals.push({ status: 502 }, { status: 504 })
    await using client = createVoiceClient({ ...common, url: server.url })
    await client.connect()
    expect(server.upgrades).toHaveLength(3)
  })
})

describe('its pings', () => {
  it.each([
    [true, 'active'],
    [false, 'reconnecting'],
  ])('find out whether a silent peer is there (it answers: %s): %s', async (autoPong, state) => {
    const server = new WebSocketServer({ port: 0, autoPong })
    const peers: WebSocket[] = []
    let pings = 0
    server.on('connection', ws => {
      peers.push(ws)
      ws.once('message', () => ws.send(JSON.stringify({ ...readyMessage, ping_interval_ms: 1e9 })))
      ws.on('ping', () => {
        pings++
        // Arrives behind the pong.
        ws.send(JSON.stringify({ type: 'event', name: 'after', data: null }))
      })
    })
    const clock = new ManualClock()
    const { port } = server.address() as AddressInfo
    const client = createVoiceClient({ ...common, clock, url: `ws://127.0.0.1:${port}` })
    let told = 0
    client.on('event', () => told++)
    const connected = client.connect()
    clock.advance(1)
    await connected
    clock.advance(25_000)
    await until(() => told === 1)
    clock.advance(10_000)
    await until(() => client.state === state)
    expect(pings).toBe(1)
    const closed = client.close()
    clock.advance(0)
    await until(() => client.state === 'closed')
    await closed
    expect(clock.pending).toBe(0)
    for (const peer of peers) peer.terminate()
    await new Promise(resolve => server.close(resolve))
  })
})
