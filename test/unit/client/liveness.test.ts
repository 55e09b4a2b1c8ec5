import { describe, expect, it } from 'vitest'
import { Bench, type FakeSocket, ramp, resumedMessage } from './fake-socket.js'

/** 20 ms of 16 kHz linear16. */
const frameBytes = 640

/** Captures for `ms`, while the server takes what comes at `pace` times real time and acknowledges it twice a second. */
async function talk(bench: Bench, ms: number, pace = 1): Promise<void> {
  const { socket } = bench
  let accepted = arrived(socket)
  for (let passedMs = 0; passedMs < ms; passedMs += 20) {
    bench.client.sendAudio(ramp(frameBytes))
    await bench.pass(20)
    accepted = Math.min(arrived(socket), accepted + pace * frameBytes)
    if (passedMs % 500 === 0) ack(socket, pace === 1 ? arrived(socket) : accepted)
  }
}

/** The server's offset once it has read everything. */
function arrived(socket: FakeSocket): number {
  let offset = 0
  for (const data of socket.sent)
    if (typeof data !== 'string') offset += data.length
    else if (data.startsWith('{"type":"gap"')) offset = JSON.parse(data).to
  return offset
}

function ack(socket: FakeSocket, audio_in: number, t = 0, cseq = 0): void {
  socket.say({ type: 'ack', audio_in, t, cseq })
}

/** When `stats` left. */
async function reportTimes(bench: Bench, ms: number, each = () => {}): Promise<number[]> {
  const { sent } = bench.socket
  const times: number[] = []
  const startMs = bench.clock.now()
  for (let seen = sent.length; bench.clock.now() < startMs + ms; seen = sent.length) {
    each()
    await bench.pass(20)
    if (sent.slice(seen).some(data => typeof data === 'string' && data.startsWith('{"type":"stats"')))
      times.push(bench.clock.now() - startMs)
  }
  return times
}

describe('a dead connection', () => {
  it('is degraded after 1.5 s and replaced after 3 s without progress, although nobody said so', async () => {
    await using bench = new Bench()
    await bench.begin()
    await talk(bench, 2000)
    ack(bench.socket, arrived(bench.socket))
    const silentMs = bench.clock.now()
    bench.client.sendAudio(ramp(frameBytes))
    await bench.pass(1400)
    expect(bench.client.state).toBe('active')
    await bench.pass(400)
    expect(bench.of('state').at(-1)).toMatchObject({ state: 'degraded', reason: 'uplink_stalled' })
    await bench.pass(1000)
    expect(bench.client.state).toBe('degraded')
    await bench.pass(600)
    expect(bench.client.state).toBe('reconnecting')
    expect(bench.clock.now() - silentMs).toBeLessThan(3500)
    expect(bench.socket.closed).toBeDefined()
    ;(await bench.next()).open().say({ ...resumedMessage, audio_in: { from: 2000 } })
    expect(bench.client.state).toBe('active')
  })

  it('is noticed also when only messages are unconfirmed', async () => {
    await using bench = new Bench()
    await bench.begin()
    await bench.pass(1000)
    bench.client.send('x')
    await bench.pass(3600)
    expect(bench.client.state).toBe('reconnecting')
  })

  it('recovers by itself when acknowledgements come again', async () => {
    await using bench = new Bench()
    await bench.begin()
    bench.client.sendAudio(ramp(frameBytes))
    await bench.pass(2000)
    expect(bench.client.state).toBe('degraded')
    ack(bench.socket, frameBytes)
    await bench.pass(200)
    expect(bench.of('state').at(-1)).toMatchObject({ state: 'active', reason: 'uplink_recovered' })
  })

  it('is noticed after ping interval and pong timeout without any message', async () => {
    await using bench = new Bench()
    await bench.begin({ ping_interval_ms: 6000, pong_timeout_ms: 2000 })
    await bench.pass(7000)
    ack(bench.socket, 0, Number(bench.socket.last('stats')?.t))
    await bench.pass(7900)
    expect(bench.client.state).toBe('active')
    await bench.pass(400)
    expect(bench.of('reconnecting')).toMatchObject([{ code: 1006, reason: 'silent' }])
  })

  it('is not concluded from a timer that was held up', async () => {
    await using bench = new Bench()
    await bench.begin()
    bench.client.sendAudio(ramp(frameBytes))
    await bench.pass(400)
    // The machine sleeps: nothing fires for a minute, then the first timer comes before what has arrived.
    const { now } = bench.clock
    bench.clock.now = () => now.call(bench.clock) + 60_000
    await bench.pass(200)
    expect(bench.client.state).toBe('active')
    ack(bench.socket, frameBytes)
    await bench.pass(1000)
    expect(bench.client.state).toBe('active')
  })
})

describe('a slow uplink', () => {
  it('is told once per episode, and is no reason to reconnect', async () => {
    await using bench = new Bench()
    await bench.begin()
    await talk(bench, 30_000, 0.5)
    expect(bench.of('uplink_slow')).toHaveLength(1)
    expect(bench.of('uplink_slow')[0]!.behindMs).toBeGreaterThan(2000)
    expect(bench.of('reconnecting')).toEqual([])
    expect(bench.sockets).toHaveLength(1)
    expect(bench.of('gap').every(gap => gap.reason === 'overflow')).toBe(true)
    await talk(bench, 5000)
    await talk(bench, 10_000, 0.5)
    expect(bench.of('uplink_slow')).toHaveLength(2)
  })

  it('is not what replay looks like', async () => {
    await using bench = new Bench()
    await bench.begin()
    bench.socket.end(1006)
    await talk(bench, 400)
    const next = await bench.next()
    await talk(bench, 5000)
    next.open().say(resumedMessage)
    await talk(bench, 1000)
    expect(bench.of('uplink_slow')).toEqual([])
  })
})

describe('stats', () => {
  it('go out often enough for a silent call to outlive a server that declares death within seconds', async () => {
    await using bench = new Bench()
    await bench.begin({ ping_interval_ms: 800, pong_timeout_ms: 400 })
    for (let passedMs = 0; passedMs < 6000; passedMs += 20) {
      const { socket } = bench
      const before = socket.sent.length
      await bench.pass(20)
      if (socket.sent.length > before) ack(socket, 0, Number(socket.last('stats')?.t))
    }
    expect(bench.of('reconnecting')).toEqual([])
  })

  it('go out every 200 ms while audio plays, every second while capturing, else every 5 s', async () => {
    await using bench = new Bench()
    await bench.begin()
    await bench.pass(200)
    const steps = (times: number[]) => times.slice(1).map((ms, i) => ms - times[i]!)
    expect(steps(await reportTimes(bench, 16_000))).toEqual([5000, 5000])

    const acknowledge = () => ack(bench.socket, arrived(bench.socket))
    const capture = () => {
      bench.client.sendAudio(ramp(frameBytes))
      acknowledge()
    }
    expect(steps(await reportTimes(bench, 4500, capture)).every(ms => ms === 1000)).toBe(true)

    bench.socket.say({
      type: 'tts_start',
      utterance_id: 'u',
      encoding: 'linear16',
      sample_rate: 16_000,
      from_bytes: 0,
      from_ms: 0,
    })
    bench.socket.sayAudio(ramp(32_000))
    expect(steps(await reportTimes(bench, 900, acknowledge))).toEqual([200, 200, 200, 200])
  })

  it('are asked for when an acknowledgement is late', async () => {
    await using bench = new Bench()
    await bench.begin()
    await bench.pass(400)
    bench.client.send('x')
    const [first] = await reportTimes(bench, 1000)
    expect(first).toBeLessThanOrEqual(800)
  })

  it('measure the round trip by the acknowledgement that answers them', async () => {
    await using bench = new Bench()
    await bench.begin()
    await bench.pass(200)
    const { t } = bench.socket.last('stats')!
    await bench.pass(60)
    ack(bench.socket, 0, 0)
    await bench.pass(60)
    ack(bench.socket, 0, Number(t))
    await bench.pass(500)
    ack(bench.socket, 0, Number(t))
    expect(bench.client.stats).toEqual({ rttMs: 120, outageMs: 0, behindMs: 0, unconfirmedMessages: 0 })
    await bench.pass(5000)
    expect(bench.socket.last('stats')).toMatchObject({ seq: 0, playback: null, buffered_bytes: 0, rtt_ms: 120 })
  })
})

it('answers the server’s ping', async () => {
  await using bench = new Bench()
  await bench.begin()
  bench.socket.say({ type: 'ping', t: 17.5 })
  expect(bench.socket.last('pong')).toEqual({ type: 'pong', t: 17.5 })
})
