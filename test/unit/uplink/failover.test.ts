import { describe, expect, it } from 'vitest'
import type { SttFault } from '../../../src/testing/scripted-stt.js'
import { Call, Handler, stt } from './harness.js'

const sentence = 'one two three four five six seven eight nine ten eleven twelve'

describe('failover within an utterance', () => {
  it('loses no word and doubles none over A, B and C', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ closeAfterMs: 1500 }, { refuse: 'connection' }, { refuse: 'auth' }] })
    const b = stt('b', handler, { faults: [{ closeAfterMs: 2500 }, { refuse: 'auth' }] })
    const c = stt('c', handler)
    const call = new Call([a, b, c], { handler })
    call.uplink.start()
    call.quiet(200)
    call.say(sentence)
    call.quiet(4000)
    expect(call.words).toBe(sentence)
    expect(call.turns).toEqual([sentence])
    expect(call.gaps).toEqual([])
    expect(call.legStates).toEqual(['live a', 'down a', 'live b', 'down b', 'live c'])
    expect(call.uplink.stats()).toMatchObject({ failovers: 2, provider: 'c', lostBytes: 0 })
    call.close()
  })

  it('keeps timestamps in session time and monotonic', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ closeAfterMs: 3000 }, { refuse: 'quota' }] })
    const call = new Call([a, stt('b', handler)], { handler })
    call.uplink.start()
    call.quiet(500)
    call.say('early words')
    call.quiet(600)
    call.say('and then the failover')
    call.quiet(3000)
    const words = call.finals.flatMap(final => final.words ?? [])
    expect(words.map(word => word.startMs)).toEqual([500, 900, 1900, 2300, 2700, 3100])
    const times = call.finals.flatMap(final => [final.startMs, final.endMs])
    expect(times).toEqual([...times].sort((x, y) => x - y))
    call.close()
  })

  it('repeats no word that was final, and no more than what was not', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ closeAfterMs: 1700 }, { refuse: 'auth' }] })
    const b = stt('b', handler)
    const call = new Call([a, b], { handler })
    call.uplink.start()
    call.say('first part')
    call.quiet(340)
    call.say('second part')
    call.quiet(3000)
    expect(call.words).toBe('first part second part')
    expect(b.last.heard).toEqual(['second', 'part'])
    expect(b.last.request.baseOffsetMs).toBe(960)
    call.close()
  })

  it('catches up at the speed the provider allows', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ closeAfterMs: 4000 }, { refuse: 'connection' }, { refuse: 'auth' }] })
    const b = stt('b', handler, { capabilities: { maxRealtimeFactor: 1.25 }, faults: [{ opens: 1000 }] })
    const call = new Call([a, b], { handler })
    call.uplink.start()
    call.say(`${sentence} ${sentence}`)
    const opened = b.last.receivedMs
    call.quiet(1000)
    expect(b.last.receivedMs - opened).toBeLessThanOrEqual(1290)
    expect(b.last.receivedMs - opened).toBeGreaterThan(1200)
    call.close()
  })

  it('hears what was said before the first provider was ready', () => {
    const handler = new Handler()
    const call = new Call([stt('a', handler, { faults: [{ opens: 2000 }] })], { handler })
    call.uplink.start()
    call.say('hello there')
    expect(call.legs).toEqual([])
    call.quiet(3000)
    expect(call.turns).toEqual(['hello there'])
    call.close()
  })

  it('ends a turn that was over during the outage once its words are known', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ closeAfterMs: 500 }, { refuse: 'auth' }] })
    const call = new Call([a, stt('b', handler, { faults: [{ opens: 3000 }] })], { handler })
    call.uplink.start()
    call.say('hello there')
    call.quiet(2000)
    expect(call.turns).toEqual([])
    call.quiet(3000)
    expect(call.turns).toEqual(['hello there'])
    call.close()
  })

  it('keeps turns apart that ended during the outage', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ closeAfterMs: 500 }, { refuse: 'auth' }] })
    const call = new Call([a, stt('b', handler, { faults: [{ opens: 3500 }] })], { handler })
    call.uplink.start()
    call.say('hello there')
    call.quiet(800)
    call.say('one more thing')
    call.uplink.finalize()
    call.quiet(6000)
    expect(call.turns).toEqual(['hello there', 'one more thing'])
    expect(call.endpoints.map(endpoint => endpoint.cause)).toEqual(['silence', 'finalize'])
    call.close()
  })

  it('converts for a provider with other formats', () => {
    const handler = new Handler()
    const mulaw = { encoding: 'mulaw' as const, sampleRate: 8000, channels: 1 }
    const b = stt('b', handler, { capabilities: { formats: [mulaw] } })
    const a = stt('a', handler, { faults: [{ closeAfterMs: 500 }, { refuse: 'auth' }] })
    const call = new Call([a, b], { handler })
    call.uplink.start()
    call.say('hello there')
    call.quiet(1200)
    expect(b.last.format).toEqual(mulaw)
    expect(b.last.receivedMs).toBeGreaterThan(1900)
    expect(b.last.receivedMs).toBeLessThanOrEqual(2000)
    call.close()
  })
})

describe('each class of failure', () => {
  function after(first: SttFault, second: SttFault = {}): { call: Call; handler: Handler; connects: () => number[] } {
    const handler = new Handler()
    const call = new Call([stt('a', handler, { faults: [first, second] }), stt('b', handler)], { handler })
    call.uplink.start()
    return { call, handler, connects: () => call.providers.map(provider => provider.connections.length) }
  }

  it.each(['auth', 'quota'] as const)('%s goes to the next provider at once and keeps later sessions away', refuse => {
    const { call, handler, connects } = after({ refuse })
    call.pass(1)
    expect(call.legStates).toEqual(['down a', 'live b'])
    expect(call.legs[0]!.error).toMatchObject({ code: 'stt_unavailable', class: 'PROVIDER', retryable: true })
    expect(handler.statuses).toMatchObject([{ provider: 'a', state: 'open', failure: { class: refuse } }])
    const second = new Call(call.providers, { handler })
    second.uplink.start()
    expect(second.legStates).toEqual(['live b'])
    expect(connects()).toEqual([1, 2])
    second.uplink.close()
    call.close()
  })

  it('connection is retried with growing delays, then the next provider is taken', () => {
    const handler = new Handler()
    const at: number[] = []
    const a = stt('a', handler, {
      faults: () => {
        at.push(handler.clock.now())
        return { refuse: 'connection' }
      },
    })
    const call = new Call([a, stt('b', handler)], { handler })
    call.uplink.start()
    call.pass(10_000)
    // The fifth failure opens the breaker. Jitter of 0.5 leaves the schedule as it is.
    expect(at).toEqual([0, 0, 250, 750, 1750])
    expect(call.legStates).toEqual(['down a', 'live b'])
    call.close()
  })

  it('rate waits as told, and the second time goes to the next', () => {
    const rate = { class: 'rate' as const, reason: 'slow down', retryAfterMs: 1500 }
    const { call, connects } = after({ refuse: rate }, { refuse: rate })
    call.pass(1400)
    expect(connects()).toEqual([1, 0])
    call.pass(200)
    expect(connects()).toEqual([2, 1])
    call.close()
  })

  it('rate with a long wait goes to the next at once', () => {
    const { call } = after({ refuse: { class: 'rate', reason: 'slow down', retryAfterMs: 30_000 } })
    call.pass(1)
    expect(call.legStates).toEqual(['down a', 'live b'])
    call.close()
  })

  it('data is lost unless another provider takes another format', () => {
    const { call } = after({ refuse: 'data' })
    expect(call.legStates).toEqual(['lost a'])
    call.say('nobody hears this')
    expect(call.uplink.stats()).toMatchObject({ heldBytes: 0, lostBytes: call.uplink.acceptedBytes })
    call.close()

    const handler = new Handler()
    const mulaw = { encoding: 'mulaw' as const, sampleRate: 16_000, channels: 1 }
    const a = stt('a', handler, { faults: [{ refuse: 'data' }] })
    const b = stt('b', handler, { capabilities: { formats: [mulaw] } })
    const other = new Call([a, b], { handler })
    other.uplink.start()
    other.pass(1)
    expect(other.legStates).toEqual(['down a', 'live b'])
    other.close()
  })

  it.each(['lifetime', 'idle'] as const)('%s after a while is no failure and is not reported', closeWith => {
    const { call, handler } = after({ closeAfterMs: 6000, closeWith })
    call.quiet(5600)
    call.say('still here')
    call.quiet(2000)
    expect(call.words).toBe('still here')
    expect(call.legStates).toEqual(['live a'])
    expect(handler.statuses).toEqual([])
    expect(call.uplink.stats()).toMatchObject({ reconnects: 1, failovers: 0 })
    call.close()
  })

  it('idle while nobody speaks reopens with the next audio', () => {
    const { call, connects } = after({})
    call.quiet(6000)
    call.pass(1000)
    call.providers[0]!.last.fail('idle')
    call.pass(60_000)
    expect(connects()).toEqual([1, 0])
    call.say('hello again')
    call.quiet(1000)
    expect(connects()).toEqual([2, 0])
    expect(call.words).toBe('hello again')
    call.close()
  })

  it('idle or lifetime at once is a failure: no loop', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: () => ({ closeAfterMs: 40, closeWith: 'idle' }) })
    const call = new Call([a, stt('b', handler)], { handler })
    call.uplink.start()
    call.quiet(3000)
    expect(a.connections.length).toBeLessThanOrEqual(3)
    expect(call.legs.at(-1)).toMatchObject({ state: 'live', provider: 'b' })
    call.close()
  })

  it.each<SttFault>([
    { opens: 'never' },
    { throws: ['connect'] },
    { throws: ['push'] },
    { throws: ['push', 'abort'] },
    { closesTwice: true, closeAfterMs: 100 },
  ])('%j of the first provider harms no word', fault => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: () => fault })
    const call = new Call([a, stt('b', handler)], { handler })
    call.uplink.start()
    call.say('hello there')
    call.quiet(9000)
    expect(call.words).toBe('hello there')
    expect(call.uplink.stats().provider).toBe('b')
    call.uplink.close()
    expect(handler.clock.pending).toBe(0)
  })

  it('does not wait for a provider that never opens more than 5 s', () => {
    const { call, connects } = after({ opens: 'never' })
    call.pass(4900)
    expect(connects()).toEqual([1, 0])
    call.pass(200)
    expect(call.legStates).toEqual(['down a', 'live b'])
    call.close()
  })

  it('retries the last usable provider for ever, breaker or not, twice a second at most in the long run', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: n => (n < 20 ? { refuse: 'connection' } : {}) })
    const call = new Call([a], { handler })
    call.uplink.start()
    call.pass(29_000)
    expect(call.legStates).toEqual(['down a'])
    expect(a.connections.length).toBeGreaterThan(14)
    call.pass(10_000)
    expect(call.legStates).toEqual(['down a', 'live a'])
    call.close()
  })

  it('is lost when every provider refuses the credentials', () => {
    const handler = new Handler()
    const refusing = { faults: () => ({ refuse: 'auth' as const }) }
    const call = new Call([stt('a', handler, refusing), stt('b', handler, refusing)], { handler })
    call.uplink.start()
    call.pass(1)
    expect(call.legStates).toEqual(['down a', 'lost b'])
    expect(call.legs.at(-1)!.error).toMatchObject({ retryable: false })
    call.uplink.finalize()
    expect(call.endpoints).toHaveLength(1)
    call.close()
  })
})
