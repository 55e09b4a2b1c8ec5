import { describe, expect, it } from 'vitest'
import { Bench, ramp, readyMessage, resumedMessage } from './fake-socket.js'

describe('goaway', () => {
  it('opens a second socket at a random moment of the window, while the first one serves', async () => {
    await using bench = new Bench({ random: () => 0.5 })
    const first = await bench.begin()
    first.say({ type: 'goaway', time_left_ms: 25_000, window_ms: 10_000 })
    await bench.pass(4980)
    expect(bench.sockets).toHaveLength(1)
    bench.client.sendAudio(ramp(640))
    await bench.pass(40)
    expect(bench.sockets).toHaveLength(2)
    bench.client.sendAudio(ramp(640))
    expect(first.audio).toHaveLength(1280)

    const second = bench.socket.open()
    expect(second.messages).toMatchObject([
      { type: 'resume', outage_ms: 0, attempt: 0, audio_in: { start: 0, end: 1280 } },
    ])
    bench.client.sendAudio(ramp(640))
    first.say({ type: 'event', name: 'stale', data: null, seq: 9 })
    expect(first.audio).toHaveLength(1280)
    expect(second.audio).toHaveLength(0)
    expect(first.closed).toBeUndefined()

    second.say({ ...resumedMessage, audio_in: { from: 1280 } })
    first.end(4409)
    expect(first.closed).toBeDefined()
    expect(second.audio).toHaveLength(640)
    expect(bench.of('event')).toEqual([])
    expect(bench.of('reconnecting')).toEqual([])
    expect(bench.client.state).toBe('active')
  })

  it('keeps the first socket when the second cannot be opened, and tries again', async () => {
    await using bench = new Bench({ random: () => 0.5 })
    const first = await bench.begin()
    first.say({ type: 'goaway', time_left_ms: 25_000, window_ms: 0 })
    const second = await bench.next()
    second.end(1006)
    expect(bench.client.state).toBe('active')
    bench.client.sendAudio(ramp(10))
    expect(first.audio).toHaveLength(10)
    const third = await bench.next()
    third.open().say({ ...resumedMessage, audio_in: { from: 10 } })
    expect(first.closed).toBeDefined()
    expect(bench.of('reconnecting')).toEqual([])
  })

  it('keeps its window when the server goes before it is over', async () => {
    await using bench = new Bench({ random: () => 0.5 })
    const first = await bench.begin()
    first.say({ type: 'goaway', time_left_ms: 25_000, window_ms: 20_000 })
    await bench.pass(2000)
    first.end(1012)
    expect(bench.of('reconnecting')).toMatchObject([{ delayMs: 8000 }])
    await bench.pass(7900)
    expect(bench.sockets).toHaveLength(1)
    await bench.pass(200)
    expect(bench.sockets).toHaveLength(2)
  })

  it('moves to the endpoint it names, if that is one of ours', async () => {
    await using bench = new Bench({ url: ['wss://a.example/v', 'wss://b.example/v'], random: () => 0 })
    const first = await bench.begin()
    first.say({ type: 'goaway', time_left_ms: 1000, window_ms: 0, endpoint: 'wss://b.example/other' })
    expect((await bench.next()).url).toBe('wss://b.example/other')
    bench.socket.open().say(resumedMessage)
    bench.socket.say({ type: 'goaway', time_left_ms: 1000, window_ms: 0, endpoint: 'wss://evil.example/v' })
    expect((await bench.next()).url).not.toContain('evil')
  })

  it('to a server that does not know the session gives up nothing that the first one confirms meanwhile', async () => {
    await using bench = new Bench({ random: () => 0 })
    const first = await bench.begin()
    bench.client.sendAudio(ramp(640))
    bench.client.send('noted')
    first.say({ type: 'goaway', time_left_ms: 25_000, window_ms: 0 })
    const second = (await bench.next()).open()
    expect(first.messages.at(-1)?.type).toBe('stats')
    first.say({ type: 'ack', audio_in: 640, t: 0, cseq: 1 })
    first.say({ type: 'error', code: 'agent_failed', message: '', class: 'PROVIDER', retryable: true, seq: 7 })
    bench.client.sendAudio(ramp(320))
    second.say({ ...readyMessage, session_id: 'another' })
    expect(second.audio).toHaveLength(320)
    expect(bench.of('gap')).toEqual([])
    expect(bench.of('error')).toEqual([])
  })

  it('goes on with the first socket when the second one is refused or dies, and tries again', async () => {
    await using bench = new Bench({ random: () => 0 })
    const first = await bench.begin()
    bench.client.sendAudio(ramp(100))
    first.say({ type: 'goaway', time_left_ms: 25_000, window_ms: 0 })
    const second = (await bench.next()).open()
    bench.client.sendAudio(ramp(20))
    expect(first.audio).toHaveLength(100)
    second.say({
      type: 'error',
      code: 'capacity',
      message: '',
      class: 'CONNECTION',
      retryable: true,
      retry_after_ms: 900,
    })
    second.end(1013)
    expect(first.closed).toBeUndefined()
    expect(first.audio).toEqual([...ramp(100), ...ramp(20)])
    expect([bench.client.state, bench.of('reconnecting'), bench.of('gap')]).toEqual(['active', [], []])
    const third = await bench.next(1000)
    third.open().end(1006)
    bench.client.sendAudio(ramp(10))
    expect(first.audio).toHaveLength(130)
    ;(await bench.next()).open().say({ ...resumedMessage, audio_in: { from: 130 } })
    expect(first.closed).toBeDefined()
    expect(bench.client.state).toBe('active')
  })

  it('whose both sockets die begins an outage', async () => {
    await using bench = new Bench({ random: () => 0 })
    const first = await bench.begin()
    first.say({ type: 'goaway', time_left_ms: 1000, window_ms: 0 })
    const second = await bench.next()
    second.open()
    first.end(1006)
    second.end(1006)
    expect(bench.client.state).toBe('reconnecting')
    ;(await bench.next()).open().say(resumedMessage)
    expect(bench.client.state).toBe('active')
  })
})
