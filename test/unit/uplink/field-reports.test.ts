import { describe, expect, it } from 'vitest'
import type { SttRequest } from '../../../src/providers/contracts.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { SlabPool } from '../../../src/uplink/slab-pool.js'
import { Uplink } from '../../../src/uplink/uplink.js'
import { Call, Handler, pcm16k, stt } from './harness.js'

// Each of these was reported by users of another voice framework.

describe('a provider that fails now and then', () => {
  it('is retried as at first each time: forty failures in forty quiet minutes end nothing', () => {
    const handler = new Handler()
    const a = stt('a', handler)
    const call = new Call([a], { handler })
    call.uplink.start()
    const words: string[] = []
    for (let minute = 0; minute < 40; minute++) {
      call.say(`word${minute}`)
      words.push(`word${minute}`)
      call.quiet(4000)
      a.last.fail('connection')
      call.quiet(4000)
      call.pass(52_000)
    }
    expect(call.words).toBe(words.join(' '))
    expect(call.legs.filter(({ state }) => state === 'down')).toHaveLength(40)
    expect(call.legs.at(-1)).toMatchObject({ state: 'live' })
    expect(a.connections).toHaveLength(41)
    call.close()
  })

  it('that ends every 65 s of silence is opened again for the next words, without a word about it', () => {
    const handler = new Handler()
    const a = stt('a', handler)
    const call = new Call([a], { handler })
    call.uplink.start()
    for (let round = 0; round < 20; round++) {
      call.say(`word${round}`)
      call.quiet(1000)
      call.pass(65_000)
      a.last.fail('idle')
    }
    call.say('end')
    call.quiet(1000)
    expect(call.finals).toHaveLength(21)
    expect(call.legStates).toEqual(['live a'])
    expect(a.connections.length).toBeLessThanOrEqual(21)
    call.close()
  })

  it('is left after five attempts in under four seconds, not after dozens', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: () => ({ refuse: 'connection' }) })
    const b = stt('b', handler)
    const call = new Call([a, b], { handler })
    call.uplink.start()
    call.say('one two three four five six seven eight nine ten')
    call.quiet(6000)
    expect(a.connections.length).toBeLessThanOrEqual(6)
    expect(b.connections).toHaveLength(1)
    expect(handler.clock.now()).toBeGreaterThan(4000)
    expect(call.words).toBe('one two three four five six seven eight nine ten')
    call.close()
  })
})

describe('a bad key', () => {
  it.each([[['bad']], [['bad', 'good']]])('costs one handshake, however much audio comes: %j', names => {
    const handler = new Handler()
    const bad = stt('bad', handler, { faults: () => ({ refuse: 'auth' }) })
    const providers = names.map(name => (name === 'bad' ? bad : stt(name, handler)))
    const call = new Call(providers, { handler })
    call.uplink.start()
    for (let n = 0; n < 20; n++) call.say('one two three')
    call.quiet(10_000)
    expect(bad.connections).toHaveLength(1)
    expect(call.legs.length).toBeLessThanOrEqual(2)
    call.close()
  })
})

describe('every connection', () => {
  it('is asked with the options, the credentials and the position of its own, however many there were', () => {
    const handler = new Handler()
    const requests: SttRequest[] = []
    const provider = (name: string) => {
      const scripted = new ScriptedStt({ name, clock: handler.clock })
      const connect = scripted.connect.bind(scripted)
      scripted.connect = (request, sink) => {
        requests.push(request)
        return connect(request, sink)
      }
      return scripted
    }
    const [a, b] = [provider('a'), provider('b')]
    const uplink = new Uplink(
      {
        format: pcm16k,
        candidates: [
          { provider: a, options: { language: 'de', keyterms: ['Ilse'] }, credentials: { key: 'mine' } },
          { provider: b, options: { language: 'de-DE' } },
        ],
        clock: handler.clock,
        random: () => 0.5,
        ticker: handler.ticker,
        slabs: new SlabPool(1024 * 1024),
        health: handler.health,
        turns: { endpointMs: 500, onsetMs: 200, mode: 'auto' },
        logger: { debug() {}, info() {}, warn() {}, error() {} },
      },
      {
        transcript() {},
        speechStart() {},
        onset() {},
        speechEnd() {},
        endpoint() {},
        eagerEnd() {},
        leg() {},
        gap() {},
        readsWanted() {},
      },
    )
    uplink.start()
    for (let n = 0; n < 4; n++) {
      uplink.accept(new Uint8Array(3200))
      handler.clock.advance(6000)
      a.last.fail('lifetime')
      handler.clock.advance(1000)
      uplink.accept(new Uint8Array(3200))
      handler.clock.advance(1000)
    }
    a.last.fail('auth')
    handler.clock.advance(1000)
    expect(requests).toHaveLength(6)
    for (const request of requests.slice(0, 5)) {
      expect(request).toMatchObject({ options: { language: 'de', keyterms: ['Ilse'] }, credentials: { key: 'mine' } })
    }
    expect(requests[5]).toMatchObject({ options: { language: 'de-DE' }, credentials: undefined })
    const offsets = requests.map(({ baseOffsetMs }) => baseOffsetMs)
    expect(offsets).toEqual([...offsets].sort((x, y) => x - y))
    expect(new Set(requests.map(({ signal }) => signal)).size).toBe(6)
    uplink.close()
    expect([a.openStreams, b.openStreams, handler.clock.pending]).toEqual([0, 0, 0])
  })
})

describe('a connection that dies without a close', () => {
  it('is not fed for ever: words said into it are heard by the next, in the order they were said', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ deafAfterMs: 3000 }] })
    const call = new Call([a], { handler })
    call.uplink.start()
    call.say('before it went')
    call.quiet(2500)
    const lost = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen'
    call.say(lost)
    call.quiet(6000)
    expect(call.words).toBe(`before it went ${lost}`)
    expect(call.turns).toEqual(['before it went', lost])
    call.close()
  })
})
