import { describe, expect, it } from 'vitest'
import type { SttOptions } from '../../../src/providers/contracts.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { Call, Handler, stt } from './harness.js'

describe('a stream whose provider limits its life', () => {
  it('is replaced between two utterances, before the limit, and nobody notices', () => {
    const handler = new Handler()
    const a = stt('a', handler, { capabilities: { maxSessionMs: 60_000 } })
    const call = new Call([a], { handler })
    call.uplink.start()
    const spoken: string[] = []
    for (let i = 0; i < 20; i++) {
      call.say(`word${i} and more`)
      spoken.push(`word${i} and more`)
      call.quiet(2000)
    }
    expect(a.connections).toHaveLength(2)
    expect(a.connections[0]!.receivedMs).toBeGreaterThan(47_000)
    expect(a.connections[0]!.receivedMs).toBeLessThan(53_000)
    expect(a.openStreams).toBe(1)
    expect(call.turns).toEqual(spoken)
    expect(call.legStates).toEqual(['live a'])
    call.close()
  })

  it('is replaced in the middle of speech when there is no other moment, with every word', () => {
    const handler = new Handler()
    const a = stt('a', handler, { capabilities: { maxSessionMs: 30_000, interims: true } })
    const call = new Call([a], { handler })
    call.uplink.start()
    const words = Array.from({ length: 90 }, (_, i) => `n${i}`).join(' ')
    for (let i = 0; i < 90; i += 10) {
      call.say(
        words
          .split(' ')
          .slice(i, i + 10)
          .join(' '),
      )
      call.quiet(160)
    }
    call.quiet(3000)
    expect(call.words).toBe(words)
    expect(a.connections).toHaveLength(2)
    expect(a.connections[0]!.receivedMs).toBeLessThan(30_000)
    expect(call.legStates).toEqual(['live a'])
    call.close()
  })

  it('is replaced while the user is silent', () => {
    const handler = new Handler()
    const a = stt('a', handler, { capabilities: { maxSessionMs: 60_000 } })
    const call = new Call([a], { handler })
    call.uplink.start()
    call.pass(300_000)
    expect(a.connections.length).toBeGreaterThanOrEqual(6)
    expect(a.openStreams).toBe(1)
    expect(call.legStates).toEqual(['live a'])
    call.close()
  })

  it('keeps serving when its replacement cannot be had yet', () => {
    const handler = new Handler()
    const a = stt('a', handler, {
      capabilities: { maxSessionMs: 60_000 },
      faults: [{}, { refuse: 'connection' }, { refuse: 'connection' }],
    })
    const call = new Call([a], { handler })
    call.uplink.start()
    call.pass(50_000)
    call.say('still here')
    call.quiet(2000)
    expect(call.words).toBe('still here')
    call.pass(3000)
    expect(a.connections).toHaveLength(4)
    expect(call.legStates).toEqual(['live a'])
    call.close()
  })
})

describe('the preferred provider', () => {
  it('is used again at the end of a turn, once its time away has passed', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ closeAfterMs: 500 }, { refuse: 'connection' }] })
    const b = stt('b', handler)
    const call = new Call([a, b], { handler })
    for (let i = 0; i < 5; i++) handler.health.attempt('stt', 'a')!.failed({ class: 'connection', reason: 'test' })
    call.uplink.start()
    expect(call.legStates).toEqual(['live b'])
    call.say('hello')
    call.quiet(800)
    call.uplink.turnBoundary()
    expect(a.connections).toHaveLength(1)
    call.quiet(400)
    // It fails again, and serving goes on.
    call.say('hello again')
    call.quiet(1000)
    expect(call.words).toBe('hello hello again')
    call.close()
  })

  it('is left alone longer after each failure, without the user noticing', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: () => ({ refuse: 'connection' }) })
    const b = stt('b', handler)
    const call = new Call([a, b], { handler })
    call.uplink.start()
    call.pass(10_000)
    const before = a.connections.length
    for (let turn = 0; turn < 60; turn++) {
      call.pass(2000)
      call.uplink.turnBoundary()
    }
    expect(a.connections.length - before).toBeLessThanOrEqual(6)
    expect(call.legStates).toEqual(['down a', 'live b'])
    call.close()
  })

  it('takes over in the middle of the next sentence without a word lost', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ refuse: 'connection' }, { opens: 900 }] })
    const b = stt('b', handler)
    const call = new Call([a, b], { handler })
    for (let i = 0; i < 5; i++) handler.health.attempt('stt', 'a')!.failed({ class: 'connection', reason: 'test' })
    call.uplink.start()
    call.quiet(1200)
    call.uplink.turnBoundary()
    call.pass(6000)
    call.uplink.turnBoundary()
    call.say('one two three four')
    call.quiet(1500)
    expect(call.words).toBe('one two three four')
    expect(call.uplink.stats().provider).toBe('a')
    expect(b.openStreams).toBe(0)
    call.close()
  })
})

describe('an update', () => {
  it('of options reaches a running stream that takes them', () => {
    const handler = new Handler()
    const updates: SttOptions[] = []
    const a = new (class extends ScriptedStt {
      override connect(...args: Parameters<ScriptedStt['connect']>): ReturnType<ScriptedStt['connect']> {
        return Object.assign(super.connect(...args), {
          update: (options: SttOptions) => updates.push(options) > 0,
        })
      }
    })({ name: 'a' })
    const call = new Call([a], { handler })
    call.uplink.start()
    call.uplink.update(undefined, { language: 'de' })
    expect(updates).toEqual([{ language: 'de' }])
    expect(a.connections).toHaveLength(1)
    call.close()
  })

  it('of options opens another stream after the utterance, where the provider cannot take them', () => {
    const handler = new Handler()
    const a = stt('a', handler)
    const call = new Call([a], { handler })
    call.uplink.start()
    call.say('one two')
    call.uplink.update(undefined, { language: 'de' })
    expect(a.connections).toHaveLength(1)
    call.quiet(1000)
    expect(call.turns).toEqual(['one two'])
    expect(a.connections).toHaveLength(2)
    expect(a.last.request.options).toEqual({ language: 'de' })
    expect(a.openStreams).toBe(1)
    call.close()
  })

  it('of candidates moves to the new ones, at once where nothing serves', () => {
    const handler = new Handler()
    const a = stt('a', handler)
    const b = stt('b', handler)
    const call = new Call([a, b], { handler })
    call.uplink.start()
    call.uplink.update([{ provider: b, options: {} }])
    expect(call.uplink.stats().provider).toBe('b')
    expect(a.openStreams).toBe(0)
    b.last.fail('auth')
    expect(call.legs.at(-1)).toMatchObject({ state: 'lost', provider: 'b' })
    call.uplink.update([{ provider: a, options: {} }])
    call.pass(1)
    expect(call.legs.at(-1)).toMatchObject({ state: 'live', provider: 'a' })
    call.say('hello')
    call.quiet(1000)
    expect(call.words).toBe('hello')
    call.close()
  })

  it('of their order moves to the one that is first now', () => {
    const handler = new Handler()
    const a = stt('a', handler)
    const b = stt('b', handler)
    const call = new Call([a, b], { handler })
    call.uplink.start()
    call.say('one two')
    const candidates = [b, a].map(provider => ({ provider, options: {} }))
    call.uplink.update(candidates)
    expect(call.uplink.stats().provider).toBe('a')
    call.quiet(1000)
    expect(call.uplink.stats().provider).toBe('b')
    b.last.fail('auth')
    call.pass(1)
    expect(call.uplink.stats().provider).toBe('a')
    call.close()
  })

  it('of candidates that all refuse keeps the one that serves, and without it nothing is left', () => {
    const handler = new Handler()
    const a = stt('a', handler)
    const b = stt('b', handler, { faults: () => ({ refuse: 'auth' }) })
    const call = new Call([a, b], { handler })
    call.uplink.start()
    call.uplink.update([{ provider: b, options: {} }])
    call.pass(10_000)
    expect(call.uplink.stats().provider).toBe('a')
    a.last.fail()
    call.pass(100)
    expect(call.legStates).toEqual(['live a', 'down a', 'lost a'])
    call.close()
  })
})
