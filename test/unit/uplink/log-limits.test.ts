import { describe, expect, it } from 'vitest'
import { Call, Handler, stt } from './harness.js'

const second = 32_000
const down = { faults: () => ({ refuse: 'connection' as const }) }

function numbers(from: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `n${from + i}`).join(' ')
}

describe('an outage longer than the log', () => {
  it('drops the oldest audio a second at a time, says so, and hears the rest', () => {
    const handler = new Handler()
    const a = stt('a', handler, {
      faults: n => (handler.clock.now() < 40_000 && n >= 0 ? { refuse: 'connection' } : {}),
    })
    const call = new Call([a], { handler })
    call.uplink.start()
    call.say(numbers(0, 100))
    const dropped = call.gaps.reduce((ms, gap) => ms + gap.ms, 0)
    expect(dropped).toBeGreaterThanOrEqual(10_000)
    expect(dropped).toBeLessThanOrEqual(11_000)
    expect(call.gaps.every(gap => gap.ms === 1000 && gap.reason === 'log')).toBe(true)
    expect(call.uplink.stats().heldBytes).toBeLessThanOrEqual(30 * second)
    expect(call.uplink.stats().lostBytes).toBe((dropped * second) / 1000)
    call.quiet(40_000)
    const heard = call.words.split(' ')
    // The word in which the log begins is cut.
    expect(heard.slice(-70).join(' ')).toBe(numbers(30, 70))
    const words = call.finals.flatMap(final => final.words ?? [])
    expect(words.find(word => word.text === 'n50')!.startMs).toBe(50 * 400)
    call.close()
  })

  it('holds the reading of the client back for a second, once', () => {
    const handler = new Handler()
    const call = new Call([stt('a', handler, down)], { handler })
    call.uplink.start()
    call.say(numbers(0, 29))
    expect(call.reads).toEqual([false])
    call.pass(1000)
    expect(call.reads).toEqual([false, true])
    call.say(numbers(0, 50))
    expect(call.reads).toEqual([false, true])
    call.close()
  })

  it('while the stream serves drops nothing that it was sent', () => {
    const handler = new Handler()
    const a = stt('a', handler, {
      finalAfterMs: false,
      capabilities: { finalize: 'best-effort' },
      faults: [{ ignoresFinalize: true }],
    })
    const call = new Call([a], { handler })
    call.uplink.start()
    call.say(numbers(0, 100))
    expect(call.gaps).toEqual([])
    expect(call.uplink.stats().heldBytes).toBeLessThanOrEqual(15.1 * second)
    call.close()
  })

  it('drops what a stream that takes no audio has not been sent, and keeps what it has', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ blockAfterMs: 2000 }, { refuse: 'auth' }] })
    const b = stt('b', handler)
    const call = new Call([a, b], { handler })
    call.uplink.start()
    call.say(numbers(0, 30))
    call.quiet(12_000)
    expect(call.words).toBe(numbers(0, 30))
    call.close()
  })
})

describe('the memory of all sessions together', () => {
  it('is kept to 5 s each once the budget is spent, and reported where audio is lost', () => {
    const handler = new Handler(20 * second)
    const calls = [0, 1, 2].map(() => new Call([stt('a', handler, down)], { handler }))
    for (const call of calls) call.uplink.start()
    for (let i = 0; i < 15; i++) {
      for (const call of calls) call.say(numbers(i * 2, 2))
    }
    for (const call of calls) {
      expect(call.uplink.stats().heldBytes).toBeLessThanOrEqual(10 * second)
      expect(call.gaps.length).toBeGreaterThan(0)
    }
    expect(handler.slabs.usedBytes).toBeLessThan(25 * second)
    for (const call of calls) call.uplink.close()
    expect(handler.slabs.usedBytes).toBe(0)
    expect(handler.clock.pending).toBe(0)
  })

  it('goes round: a session takes the slabs of those before it', () => {
    const handler = new Handler()
    const used: number[] = []
    for (let i = 0; i < 3; i++) {
      const call = new Call([stt('a', handler)], { handler })
      call.uplink.start()
      call.say('hello there')
      used.push(handler.slabs.usedBytes)
      call.close()
    }
    expect(Math.max(...used)).toBeLessThanOrEqual(3 * 32 * 1024)
  })
})
