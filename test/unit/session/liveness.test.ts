import { describe, expect, it } from 'vitest'
import { KeepAlive } from '../../../src/session/liveness.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { Deadlines } from '../../../src/util/deadlines.js'

function setUp(random = () => 0.5, canPing = true) {
  const clock = new ManualClock()
  const log: { what: string; atMs: number }[] = []
  const note = (what: string) => log.push({ what, atMs: clock.now() })
  const keepAlive = new KeepAlive(
    new Deadlines(clock),
    { intervalMs: 25_000, timeoutMs: 10_000, random },
    {
      ping: () => {
        note('ping')
        return canPing
      },
      dead: () => note('dead'),
    },
  )
  return { clock, keepAlive, log }
}

describe('KeepAlive', () => {
  it.each([
    [0, 22_500],
    [0.5, 25_000],
    [0.999, 27_500],
  ])('with a random number of %d pings after %d ms', (random, atMs) => {
    const { clock, keepAlive, log } = setUp(() => random)
    keepAlive.start()
    clock.advance(30_000)
    expect(log[0]?.what).toBe('ping')
    expect(Math.abs((log[0]?.atMs ?? 0) - atMs)).toBeLessThanOrEqual(500)
  })

  it('goes on for ever with a peer that answers', () => {
    const { clock, keepAlive, log } = setUp()
    keepAlive.start()
    for (let round = 0; round < 10; round++) {
      clock.advance(25_500)
      keepAlive.answered()
    }
    expect(log.every(({ what }) => what === 'ping')).toBe(true)
    expect(log.length).toBeGreaterThanOrEqual(9)
  })

  it('finds a silent peer dead within the interval and the timeout, once, and leaves no timer', () => {
    const { clock, keepAlive, log } = setUp()
    keepAlive.start()
    clock.advance(60_000)
    expect(log.map(({ what }) => what)).toEqual(['ping', 'dead'])
    expect(log[1]?.atMs).toBeLessThanOrEqual(25_000 + 10_000 + 1000)
    expect(clock.pending).toBe(0)
  })

  it('never declares dead what it cannot ping', () => {
    const { clock, keepAlive, log } = setUp(() => 0.5, false)
    keepAlive.start()
    clock.advance(120_000)
    expect(log.some(({ what }) => what === 'dead')).toBe(false)
  })

  it('waits for no pong while reads are paused', () => {
    const { clock, keepAlive, log } = setUp()
    keepAlive.start()
    clock.advance(25_500)
    keepAlive.suspend()
    clock.advance(60_000)
    expect(log.map(({ what }) => what)).toEqual(['ping'])
    expect(clock.pending).toBe(0)
  })
})
