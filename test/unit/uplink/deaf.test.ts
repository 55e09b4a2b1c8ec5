import { describe, expect, it } from 'vitest'
import { silence } from '../../../src/testing/spoken-words.js'
import { Call, Handler, stt } from './harness.js'

const words = 'one two three four five six seven eight nine ten eleven twelve'

describe('a provider that goes deaf', () => {
  it('is replaced within 6 s of speech, by another one, with every word', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ deafAfterMs: 0 }] })
    const b = stt('b', handler)
    const call = new Call([a, b], { handler })
    call.uplink.start()
    call.quiet(1000)
    call.say(`${words} and on`)
    expect(b.connections).toHaveLength(1)
    expect(handler.clock.now()).toBeLessThan(1000 + 6000)
    call.say('and on')
    call.quiet(4000)
    expect(call.words).toBe(`${words} and on and on`)
    expect(call.turns).toEqual([`${words} and on and on`])
    expect(handler.health.snapshot()).toMatchObject([
      { provider: 'a', failures: 1 },
      { provider: 'b', failures: 0 },
    ])
    expect(a.openStreams).toBe(0)
    call.close()
  })

  it('is replaced by another stream of itself when there is no other provider', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ deafAfterMs: 4000 }] })
    const call = new Call([a], { handler })
    call.uplink.start()
    call.say('early words')
    call.quiet(3300)
    call.say(words)
    call.say(words)
    call.quiet(5000)
    expect(call.words).toBe(`early words ${words} ${words}`)
    expect(call.legStates).toEqual(['live a'])
    call.close()
  })

  it('is found by the answer it owes, when there are few words', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ deafAfterMs: 0 }] })
    const call = new Call([a, stt('b', handler)], { handler, turns: { mode: 'manual' } })
    call.uplink.start()
    call.say('yes')
    call.uplink.finalize()
    call.quiet(1500)
    expect(call.turns).toEqual(['yes'])
    call.close()
  })

  it('is given 15 s when it gives no interims', () => {
    const handler = new Handler()
    const a = stt('a', handler, {
      capabilities: { interims: false, finalize: 'best-effort' },
      faults: [{ deafAfterMs: 0 }],
    })
    const b = stt('b', handler)
    const call = new Call([a, b], { handler })
    call.uplink.start()
    call.say(`${words} ${words} ${words}`)
    expect(b.connections).toHaveLength(0)
    call.say(words)
    expect(b.connections).toHaveLength(1)
    call.close()
  })

  it('is replaced also when it takes no audio', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ blockAfterMs: 500 }] })
    const call = new Call([a, stt('b', handler)], { handler })
    call.uplink.start()
    call.say(words)
    call.quiet(1000)
    expect(call.legStates).toEqual(['live a', 'down a', 'live a'])
    call.quiet(6000)
    expect(call.words).toBe(words)
    call.close()
  })

  it('is not suspected while audio is being caught up', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ opens: 4500 }], latencyMs: 4000 })
    const call = new Call([a], { handler })
    call.uplink.start()
    call.say(`${words} ${words}`)
    call.quiet(8000)
    expect(a.connections).toHaveLength(1)
    call.close()
  })
})

describe('silence is not failure', () => {
  it('an hour of silence fills no log, forces no final and trips no watchdog', () => {
    const handler = new Handler()
    const format = { encoding: 'mulaw' as const, sampleRate: 8000, channels: 1 }
    const capabilities = { formats: [format] }
    const a = stt('a', handler, { capabilities })
    const call = new Call([a, stt('b', handler, { capabilities })], { handler, format })
    call.uplink.start()
    let mostHeld = 0
    const tenth = silence(100, format)
    for (let i = 0; i < 36_000; i++) {
      handler.clock.advance(100)
      call.uplink.accept(tenth)
      mostHeld = Math.max(mostHeld, call.uplink.stats().heldBytes)
    }
    expect(mostHeld).toBeLessThanOrEqual(1.1 * 8000)
    expect(a.connections).toHaveLength(1)
    expect(a.last.finalizes).toBe(0)
    expect([call.endpoints, call.gaps, call.speech, call.reads]).toEqual([[], [], [], []])
    expect(call.legStates).toEqual(['live a'])
    call.close()
  }, 60_000)

  it('music changes nothing that anybody would notice, and is heard by fewer and fewer streams', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: () => ({ deafAfterMs: 0 }), capabilities: { finalize: 'best-effort' } })
    const b = stt('b', handler, { faults: () => ({ deafAfterMs: 0 }), capabilities: { finalize: 'best-effort' } })
    const call = new Call([a, b], { handler })
    call.uplink.start()
    const counts: number[] = []
    for (let minute = 0; minute < 10; minute++) {
      for (let i = 0; i < 12; i++) call.say(words)
      counts.push(a.connections.length + b.connections.length)
    }
    expect(call.legStates).toEqual(['live a'])
    expect([call.gaps, call.reads, call.endpoints]).toEqual([[], [], []])
    expect(handler.health.snapshot().map(status => status.failures)).toEqual([0, 0])
    expect(call.uplink.stats().heldBytes).toBeLessThanOrEqual(16 * 32_000)
    expect(counts[9]! - counts[4]!).toBeLessThanOrEqual(5)
    expect(a.connections.concat(b.connections).reduce((sum, stream) => sum + stream.finalizes, 0)).toBe(0)
    call.close()
  }, 60_000)

  it('a muted client costs nothing but keep-alives', () => {
    const handler = new Handler()
    const a = stt('a', handler, { capabilities: { keepAliveMs: 8000 } })
    const call = new Call([a], { handler })
    call.uplink.start()
    call.say('hello')
    call.quiet(2000)
    call.pass(3_600_000)
    expect(a.connections).toHaveLength(1)
    expect(a.last.keepAlives).toBeGreaterThanOrEqual(3_600_000 / 8000 - 1)
    expect(a.last.keepAlives).toBeLessThanOrEqual(3_600_000 / 8000 + 1)
    expect(handler.slabs.usedBytes).toBe(0)
    expect(handler.ticker.size).toBe(0)
    expect(call.turns).toEqual(['hello'])
    call.say('and back')
    call.quiet(1000)
    expect(call.words).toBe('hello and back')
    call.close()
  })

  it('sends no keep-alive while audio flows', () => {
    const handler = new Handler()
    const a = stt('a', handler, { capabilities: { keepAliveMs: 1000 } })
    const call = new Call([a], { handler })
    call.uplink.start()
    call.quiet(10_000)
    expect(a.last.keepAlives).toBeLessThanOrEqual(1)
    call.close()
  })
})
