import { describe, expect, it } from 'vitest'
import { retryHint } from '../../../src/protocol/close-codes.js'
import { Bench, readyMessage, resumedMessage } from './fake-socket.js'

/** The delays of `count` attempts in a row that all fail at once. */
async function delays(bench: Bench, count: number, code = 1006, reason = ''): Promise<number[]> {
  for (let i = 0; i < count; i++) {
    bench.socket.end(code, reason)
    if (i < count - 1) await bench.next()
  }
  return bench.of('reconnecting').map(event => event.delayMs)
}

const highest = () => 1 - Number.EPSILON

describe('the delay before an attempt', () => {
  it('is bounded by 500 ms, 500 x 2^n up to 2 s for 8 s, up to 5 s while the session is held, and up to 30 s afterwards', async () => {
    await using bench = new Bench({ random: highest })
    await bench.begin()
    const bounds = (await delays(bench, 19)).map(Math.round)
    // The seventh is planned 8 s into the outage, the eleventh 28 s, the others after the server's 30 s are over.
    expect(bounds).toEqual([500, 500, 1000, ...Array(3).fill(2000), ...Array(5).fill(5000), ...Array(8).fill(30_000)])
  })

  it('is never under 100 ms, except for the first', async () => {
    await using bench = new Bench({ random: () => 0 })
    await bench.begin()
    expect(await delays(bench, 6)).toEqual([0, 100, 100, 100, 100, 100])
  })

  it('is uniform between its bounds', async () => {
    await using bench = new Bench({ random: () => 0.25 })
    await bench.begin()
    expect(await delays(bench, 4)).toEqual([125, 200, 325, 575])
  })

  it.each([
    [1005, 500],
    [1006, 500],
    [1011, 500],
    [1014, 500],
    [1015, 500],
    [3008, 500],
    [1001, 3000],
    [1012, 3000],
    [1013, 3000],
  ])('after %i is at most %i ms for the first attempt', async (code, bound) => {
    await using bench = new Bench({ random: highest })
    await bench.begin()
    expect((await delays(bench, 1, code)).map(Math.round)).toEqual([bound])
  })

  it.each([1012, 1013, 1011])('after %i is the window of the hint, also for later attempts', async code => {
    await using bench = new Bench({ random: () => 0.5 })
    await bench.begin()
    expect(await delays(bench, 3, code, retryHint(25_000))).toEqual([12_500, 12_500, 12_500])
  })

  it('is Retry-After and up to as much again', async () => {
    await using bench = new Bench({ random: () => 0.5 })
    await bench.begin()
    bench.socket.end(1013, '', { retryAfterMs: 8000 })
    expect(bench.of('reconnecting')[0]).toMatchObject({ delayMs: 12_000 })
  })

  it('follows retry_after_ms of the error that came just before the close', async () => {
    await using bench = new Bench({ random: () => 0 })
    const socket = await bench.begin()
    const error = { type: 'error', code: 'capacity', message: 'full', class: 'CONNECTION', retryable: true }
    socket.say({ ...error, retry_after_ms: 4000, seq: 1 })
    socket.end(1013)
    expect(bench.of('reconnecting')[0]).toMatchObject({ delayMs: 4000, code: 1013, attempt: 1 })
  })

  it('starts again once a connection has been active for 5 s, and not before', async () => {
    await using bench = new Bench({ random: highest })
    await bench.begin()
    await delays(bench, 5)
    await bench.next()
    bench.socket.open().say(resumedMessage)
    await bench.pass(4900)
    bench.socket.end(1006)
    expect(Math.round(bench.of('reconnecting').at(-1)!.delayMs)).toBe(2000)
    await bench.next()
    bench.socket.open().say(resumedMessage)
    await bench.pass(5100)
    bench.socket.end(1006)
    expect(Math.round(bench.of('reconnecting').at(-1)!.delayMs)).toBe(500)
    expect(bench.of('reconnecting').at(-1)).toMatchObject({ attempt: 1, outageMs: 0 })
  })

  it('takes the numbers of the application', async () => {
    await using bench = new Bench({ random: highest, reconnect: { baseMs: 200, factor: 3, capMs: 1000 } })
    await bench.begin()
    expect((await delays(bench, 5)).map(Math.round)).toEqual([200, 200, 600, 1000, 1000])
  })
})

describe('an attempt', () => {
  it('has 2 s to open and 2 s to be answered while the outage is younger than 8 s, then 5 s each', async () => {
    await using bench = new Bench({ random: () => 0 })
    await bench.begin()
    bench.socket.end(1006)
    const lasted: number[] = []
    for (let i = 0; i < 4; i++) {
      const socket = await bench.next()
      const startedMs = bench.clock.now()
      if (i % 2 === 1) socket.open()
      while (!socket.closed) await bench.pass(20)
      lasted.push(Math.round((bench.clock.now() - startedMs) / 100) * 100)
    }
    const late = await bench.next()
    const startedMs = bench.clock.now()
    while (!late.closed) await bench.pass(20)
    expect(lasted).toEqual([2000, 2000, 2000, 2000])
    expect(Math.round((bench.clock.now() - startedMs) / 100)).toBe(50)
  })

  it('gives a new session the time in which a server connects its providers', async () => {
    await using bench = new Bench()
    bench.client.connect()
    await bench.pass(1)
    bench.socket.open()
    await bench.pass(11_000)
    bench.socket.say(readyMessage)
    expect(bench.client.state).toBe('active')
  })

  it('is not made any more after 5 min without a connection', async () => {
    await using bench = new Bench()
    await bench.begin()
    bench.socket.end(1006)
    await bench.pass(299_900)
    expect(bench.terminal).toEqual([])
    await bench.pass(200)
    expect(bench.terminal).toMatchObject([{ type: 'failed', reason: 'gave up', error: { class: 'CONNECTION' } }])
  })

  it('is made for ever when the application says so', async () => {
    await using bench = new Bench({ reconnect: { giveUpAfterMs: Number.POSITIVE_INFINITY } })
    await bench.begin()
    bench.socket.end(1006)
    await bench.pass(600_000)
    expect(bench.client.state).toMatch(/reconnecting|configuring/)
  })

  it('continues the conversation of a failed call', async () => {
    await using bench = new Bench({ reconnect: { giveUpAfterMs: 1000 } })
    await bench.begin()
    bench.socket.end(1006)
    await bench.pass(5000)
    expect(bench.client.state).toBe('failed')
    bench.client.connect()
    await bench.pass(1)
    expect(bench.socket.open().messages[0]).toMatchObject({
      type: 'config',
      previous_session: { session_id: 'session', resume_token: 'token-1' },
    })
  })
})

describe('a close', () => {
  it.each([
    [1000, 'closed', undefined],
    [4409, 'closed', undefined],
    [1002, 'failed', 'DATA'],
    [1003, 'failed', 'DATA'],
    [1007, 'failed', 'DATA'],
    [1009, 'failed', 'DATA'],
    [1010, 'failed', 'DATA'],
    [3999, 'failed', 'DATA'],
    [4000, 'failed', 'DATA'],
    [4400, 'failed', 'DATA'],
    [4408, 'failed', 'DATA'],
    [4429, 'failed', 'DATA'],
    [4402, 'failed', 'AUTH'],
    [4403, 'failed', 'AUTH'],
    // Without a way to get another token:
    [1008, 'failed', 'AUTH'],
    [3000, 'failed', 'AUTH'],
    [3003, 'failed', 'AUTH'],
    [4401, 'failed', 'AUTH'],
    [4999, 'failed', 'AUTH'],
  ])('with %i ends the call: %s %s', async (code, type, errorClass) => {
    await using bench = new Bench()
    await bench.begin()
    bench.socket.end(code, 'why')
    expect(bench.terminal).toMatchObject([{ type, code, reason: 'why' }])
    if (errorClass) expect(bench.of('failed')[0]?.error).toMatchObject({ class: errorClass, retryable: false })
    await bench.pass(60_000)
    expect(bench.sockets).toHaveLength(1)
  })

  it.each([
    [1011, 3],
    [1015, 2],
  ])('with %i is answered by %i attempts in a row', async (code, times) => {
    await using bench = new Bench()
    await bench.begin()
    await delays(bench, times + 1, code)
    expect(bench.of('reconnecting')).toHaveLength(times)
    expect(bench.terminal).toMatchObject([{ type: 'failed', code, error: { class: 'CONNECTION' } }])
  })

  it('of another kind begins the row anew', async () => {
    await using bench = new Bench()
    await bench.begin()
    for (const code of [1011, 1011, 1006, 1011, 1011]) {
      bench.socket.end(code)
      await bench.next()
    }
    expect(bench.terminal).toEqual([])
  })

  it('can be judged by the application', async () => {
    await using bench = new Bench({
      classifyClose: code => ({ class: 'CONNECTION', action: code === 4999 ? 'retry' : 'stop', maxInARow: 1 }),
    })
    await bench.begin()
    bench.socket.end(4999)
    expect(bench.terminal).toEqual([])
    await bench.next()
    bench.socket.end(1006)
    expect(bench.terminal).toHaveLength(1)
  })

  it.each([
    ['bad_config', 'DATA', 'failed'],
    ['forbidden', 'AUTH', 'failed'],
    ['stt_unavailable', 'PROVIDER', undefined],
  ])('that says nothing is explained by error %s just before it', async (code, errorClass, type) => {
    await using bench = new Bench()
    await bench.begin()
    bench.socket.say({ type: 'error', code, message: 'no', class: errorClass, retryable: false, seq: 1 })
    bench.socket.end(1006)
    expect(bench.terminal.map(event => event.type)).toEqual(type ? [type] : [])
  })

  it('is not explained by an older error, and never overruled where it speaks for itself', async () => {
    await using bench = new Bench()
    await bench.begin()
    const error = { type: 'error', code: 'not_allowed', message: 'no', class: 'DATA', retryable: false }
    bench.socket.say({ ...error, seq: 1 })
    await bench.pass(1100)
    bench.socket.end(1006)
    expect(bench.terminal).toEqual([])
    await bench.next()
    bench.socket.open().say({ ...resumedMessage, state: 'active' })
    bench.socket.say({ ...error, seq: 2 })
    bench.socket.end(1012)
    expect(bench.terminal).toEqual([])
  })
})
