import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SttProvider, SttSink, SttStream } from '../../../src/providers/contracts.js'
import { Call, Handler, stt } from './harness.js'

/** A provider that says whatever it likes, whenever it is called. */
class Hostile implements SttProvider {
  readonly name = 'hostile'
  readonly capabilities = { ...stt('x', new Handler()).capabilities, endpointing: true, speechStarted: true }
  readonly sinks: SttSink[] = []
  private readonly script: readonly number[]
  private at = 0

  constructor(script: readonly number[]) {
    this.script = script
  }

  connect(_: unknown, sink: SttSink): SttStream {
    this.sinks.push(sink)
    const act = (): boolean => {
      this.act(this.script[this.at++ % this.script.length]!)
      return this.at % 3 !== 0
    }
    act()
    return {
      bufferedBytes: 0,
      push: act,
      finalize: act,
      keepAlive: act,
      update: act,
      close: act,
      abort: act,
    }
  }

  /** Speaks through any of its connections, also those that are over. */
  private act(choice: number): void {
    const sink = this.sinks[choice % this.sinks.length]!
    const at = (choice * 37) % 20_000
    switch (Math.floor(choice / 7) % 14) {
      case 0:
      case 1:
        return sink.open()
      case 2:
        return sink.closed({ failure: { class: 'connection', reason: 'x' } })
      case 3:
        return sink.closed({})
      case 4:
        return sink.transcript({ kind: 'final', text: 'a b', startMs: at, endMs: at - 500, cumulative: true })
      case 5:
        return sink.transcript({ kind: 'speech-final', text: '', startMs: Number.NaN, endMs: Number.NaN })
      case 6:
        return sink.transcript({ kind: 'interim', text: 'c', startMs: -1, endMs: Number.POSITIVE_INFINITY })
      case 7:
        return sink.speechStarted({ atMs: at })
      case 8:
        return sink.finalized()
      case 9:
        return sink.drain()
      case 10:
        return sink.eagerEnd?.({ text: 'x' })
      case 11:
        return sink.resumed?.()
      case 12:
        return sink.progress({ processedMs: at })
      default:
        throw new Error('hostile')
    }
  }
}

describe('a provider that keeps no promise', () => {
  it('never throws into the session, never moves its clock back, and leaves nothing behind', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 1, maxLength: 40 }), script => {
        const handler = new Handler()
        const hostile = new Hostile(script)
        const call = new Call([hostile as never], { handler })
        call.uplink.start()
        call.say('hello there')
        call.quiet(1000)
        call.uplink.finalize()
        call.uplink.detach()
        call.pass(6000)
        call.uplink.attach()
        call.say('bye')
        call.uplink.turnBoundary()
        call.pass(8000)
        const { acceptedMs, heldBytes } = call.uplink.stats()
        expect(acceptedMs).toBe(3 * 400 + 1000)
        expect(heldBytes).toBeLessThanOrEqual(31 * 32_000)
        for (const { startMs, endMs } of call.transcripts) {
          expect(Number.isFinite(startMs)).toBe(true)
          expect(endMs).toBeGreaterThanOrEqual(startMs)
          expect(endMs).toBeLessThanOrEqual(acceptedMs)
        }
        call.uplink.close()
        for (const sink of hostile.sinks) {
          sink.open()
          sink.transcript({ kind: 'final', text: 'late', startMs: 0, endMs: 1 })
          sink.closed({})
        }
        expect(call.finals.some(final => final.text === 'late')).toBe(false)
        expect(handler.clock.pending).toBe(0)
        expect(handler.slabs.usedBytes).toBe(0)
      }),
      { numRuns: 100 },
    )
  })

  it('is counted once and connected to no more often than the schedule allows', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: () => ({ closeAfterMs: 20, closesTwice: true }) })
    const call = new Call([a], { handler })
    call.uplink.start()
    call.say('one two three four five six seven eight nine ten')
    call.quiet(26_000)
    // 30 s: five retries in the first 4 s, then one every 2 s.
    expect(a.connections.length).toBeLessThanOrEqual(20)
    expect(call.legs.filter(change => change.state === 'down').length).toBeLessThanOrEqual(a.connections.length)
    call.close()
  })
})

describe('a session that ends from within', () => {
  it.each(['transcript', 'leg', 'endpoint', 'speech'] as const)('a %s leaves nothing behind', event => {
    const handler = new Handler()
    const a = stt('a', handler, { capabilities: { speechStarted: true }, faults: [{ closeAfterMs: 3000 }] })
    const call = new Call([a], { handler })
    const close = () => {
      call.uplink.close()
      return 0
    }
    if (event === 'transcript') call.onTranscript = close
    if (event === 'leg') call.legs.push = close
    if (event === 'endpoint') call.endpoints.push = close
    if (event === 'speech') call.speech.push = close
    call.uplink.start()
    call.say('hello there')
    call.quiet(3000)
    expect(() => call.uplink.accept(new Uint8Array(640))).not.toThrow()
    call.uplink.finalize()
    call.uplink.detach()
    call.uplink.attach()
    call.uplink.turnBoundary()
    call.uplink.update(undefined, { language: 'de' })
    call.uplink.skip(0, 1e9, 'ring')
    call.close()
  })
})

describe('many sessions of one provider', () => {
  it('that is down for 10 s all recover, with a bounded number of attempts', () => {
    const handler = new Handler()
    const attempts: number[] = []
    let down = false
    const a = stt('a', handler, {
      faults: () => {
        attempts.push(handler.clock.now())
        return down ? { refuse: 'connection' } : {}
      },
    })
    let seed = 1
    const random = () => {
      seed = (seed * 16_807) % 2_147_483_647
      return seed / 2_147_483_647
    }
    const calls = Array.from({ length: 200 }, () => new Call([a], { handler, random }))
    for (const call of calls) call.uplink.start()
    handler.clock.advance(6000)
    attempts.length = 0
    down = true
    for (const stream of a.connections) stream.fail()
    handler.clock.advance(10_000)
    down = false
    handler.clock.advance(4000)
    expect(calls.every(call => call.legStates.join() === 'live a,down a,live a')).toBe(true)
    const perSecond = Array.from(
      { length: 14 },
      (_, s) => attempts.filter(at => Math.floor(at / 1000) - 6 === s).length,
    )
    // At most 8 for each session in 10 s; after the first two seconds they are spread.
    expect(attempts.length).toBeLessThanOrEqual(200 * 9)
    expect(Math.max(...perSecond.slice(3))).toBeLessThanOrEqual(160)
    for (const call of calls) call.uplink.close()
    expect(a.openStreams).toBe(0)
    expect(handler.clock.pending).toBe(0)
  })
})
