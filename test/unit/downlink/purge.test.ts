import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { Heard } from '../../../src/downlink/playback.js'
import { finish, type Rig, type RigOptions, rig, speak, tone } from './rig.js'
import { plainFeatures } from './simulated-client.js'

let current: Rig | undefined

function start(options?: RigOptions): Rig {
  current = rig(options)
  return current
}

/** Purges and notes when and with what it settled. */
function purge(r: Rig, id: string): { heard?: Heard; afterMs?: number } {
  const outcome: { heard?: Heard; afterMs?: number } = {}
  const from = r.clock.now()
  r.downlink.purge(id, 'barge_in', heard => {
    outcome.heard = heard
    outcome.afterMs = r.clock.now() - from
  })
  return outcome
}

afterEach(() => {
  if (current) finish(current)
  current = undefined
})

describe('purge', () => {
  it('takes back what is queued, tells the client, and settles with what it heard', () => {
    const r = start()
    speak(r, 'u1', 5000, 24_000)
    r.clock.advance(1000)
    const outcome = purge(r, 'u1')
    expect(r.downlink.queuedMs).toBe(0)
    expect(r.client.wire.at(-1)).toBe('clear')
    expect(outcome.heard).toBeUndefined()
    r.clock.advance(60)
    expect(outcome.heard).toEqual({ playedMs: r.client.player.playedMs, basis: 'ack' })
    expect(r.downlink.position('u1')).toMatchObject(outcome.heard!)
    r.clock.advance(3000)
    expect(r.client.wire.at(-1)).toBe('clear')
    expect(r.log.some(({ kind }) => kind === 'played')).toBe(false)
    expect(r.downlink.stats().droppedMs.clear).toBeGreaterThan(0)
  })

  it('takes the words back that wait behind audio, and only those', () => {
    const r = start()
    r.downlink.begin('u0', 24_000)
    r.downlink.audio('u0', tone(9000, 24_000))
    r.clock.advance(1000)
    r.client.stalled = true
    r.clock.advance(2000)
    expect(r.levels()).toContain('critical')
    for (const utterance_id of ['u0', 'u1']) r.downlink.send({ type: 'tts_text', utterance_id, text: utterance_id })
    purge(r, 'u0')
    expect(r.downlink.stats().droppedMessages).toMatchObject({ clear: 1 })
    r.client.stalled = false
    r.clock.advance(9000)
    const after = r.client.wire.slice(r.client.wire.indexOf('clear'))
    expect(after.filter(entry => entry === 'tts_text')).toHaveLength(1)
  })

  it('settles at once with nothing heard when nothing was sent', () => {
    const r = start()
    speak(r, 'u1', 3000, 24_000)
    r.downlink.begin('u2', 24_000)
    r.downlink.audio('u2', tone(1000, 24_000))
    r.clock.advance(100)
    const outcome = purge(r, 'u2')
    // Everything up to u2 goes, and of u2 nothing had left.
    expect(outcome.afterMs).toBeUndefined()
    r.clock.advance(100)
    expect(outcome.heard).toEqual({ playedMs: 0, basis: 'ack' })
    r.downlink.begin('u3', 24_000)
    r.downlink.hold(true)
    r.downlink.audio('u3', tone(1000, 24_000))
    expect(purge(r, 'u3')).toEqual({ heard: { playedMs: 0, basis: 'clock' }, afterMs: 0 })
    expect(r.client.wire.filter(entry => entry === 'clear')).toHaveLength(1)
  })

  it('waits between 300 ms and 1 s for a client that does not answer, and then goes by its reports', () => {
    for (const [delayMs, waitMs] of [
      [20, 300],
      [200, 800],
      [400, 1000],
    ] as const) {
      const r = start({ delayMs })
      r.client.onCleared = undefined
      speak(r, 'u1', 9000, 24_000)
      r.clock.advance(4000)
      const estimate = r.downlink.position('u1')
      const outcome = purge(r, 'u1')
      r.clock.advance(1500)
      expect(outcome.afterMs).toBeGreaterThanOrEqual(waitMs)
      expect(outcome.afterMs).toBeLessThanOrEqual(waitMs + 40)
      expect(outcome.heard!.basis).toBe('ack')
      expect(Math.abs(outcome.heard!.playedMs - estimate.playedMs)).toBeLessThan(2 * delayMs + 250)
      r.downlink.close()
      r.client.stop()
    }
  })

  it('believes no client that claims to have heard more than was sent', () => {
    const r = start()
    r.client.onCleared = undefined
    speak(r, 'u1', 5000, 24_000)
    r.clock.advance(500)
    const { sentMs } = r.downlink.position('u1')
    const outcome = purge(r, 'u1')
    r.downlink.onCleared('u1', 1e9)
    expect(outcome.heard).toEqual({ playedMs: sentMs, basis: 'ack' })
  })

  it('takes an answer about an earlier utterance to mean that the later was not heard', () => {
    const r = start()
    r.client.onCleared = undefined
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(400, 24_000))
    r.downlink.end('u1')
    speak(r, 'u2', 3000, 24_000)
    r.clock.advance(300)
    expect(r.downlink.position('u2').sentMs).toBeGreaterThan(0)
    const outcome = purge(r, 'u2')
    r.downlink.onCleared('u1', 260)
    expect(outcome.heard).toEqual({ playedMs: 0, basis: 'ack' })
    expect(r.downlink.position('u1')).toMatchObject({ playedMs: 260, basis: 'ack' })
  })

  it('tells a client without `clear` nothing, and settles by the clock', () => {
    const r = start({ features: plainFeatures })
    speak(r, 'u1', 5000, 24_000)
    r.clock.advance(1000)
    const outcome = purge(r, 'u1')
    expect(outcome).toEqual({ heard: { playedMs: 825, basis: 'clock' }, afterMs: 0 })
    const sent = r.client.arrivals.length
    r.clock.advance(2000)
    expect(r.client.arrivals.length).toBeLessThanOrEqual(sent + 1)
    expect(r.client.wire).not.toContain('clear')
    expect(r.client.wire).not.toContain('tts_playback_complete')
  })

  it('of an unknown or ended utterance does nothing and settles', () => {
    const r = start()
    expect(purge(r, 'nobody')).toEqual({ heard: { playedMs: 0, basis: 'clock' }, afterMs: 0 })
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(400, 24_000))
    r.downlink.end('u1')
    r.clock.advance(1500)
    expect(purge(r, 'u1')).toEqual({ heard: { playedMs: 400, basis: 'ack' }, afterMs: 0 })
    expect(r.client.wire).not.toContain('clear')
  })

  it('lets the next utterance begin at once', () => {
    const r = start()
    speak(r, 'u1', 5000, 24_000)
    r.clock.advance(1000)
    purge(r, 'u1')
    speak(r, 'u2', 2000, 24_000)
    r.clock.advance(100)
    expect(r.downlink.position('u2').sentMs).toBeGreaterThan(300)
    r.clock.advance(3000)
    expect(r.client.underruns).toBe(0)
    expect(r.log.filter(({ kind }) => kind === 'played').map(({ value }) => value)).toEqual(['u2'])
  })

  it('lets what was heard before it be known before the client is told to drop', () => {
    const r = start({ backpressure: { elevatedLagMs: 50 } })
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(600, 24_000))
    r.downlink.end('u1')
    speak(r, 'u2', 4000, 24_000)
    r.clock.advance(400)
    // The way is blocked before u1 is over, and it is over when messages have to wait.
    r.client.stalled = true
    r.client.suspended = true
    while (r.downlink.stats().level === 'normal') r.clock.advance(20)
    r.client.suspended = false
    while (!r.log.some(({ kind }) => kind === 'played')) r.clock.advance(20)
    expect(r.client.wire).not.toContain('tts_playback_complete')
    purge(r, 'u2')
    expect(r.client.wire.slice(-2)).toEqual(['tts_playback_complete', 'clear'])
  })

  it('corrects its estimate by a report that left before the client was told', () => {
    const r = start()
    r.client.onCleared = undefined
    speak(r, 'u1', 5000, 24_000)
    r.clock.advance(1000)
    const outcome = purge(r, 'u1')
    const report = { ...r.client.report()!, utterance_id: 'u1', played_ms: 123 }
    r.client.reporting = false
    r.clock.advance(100)
    r.client.onReport!(report)
    r.clock.advance(1000)
    expect(outcome.heard).toEqual({ playedMs: 123, basis: 'ack' })
  })

  it('is settled when a later one is answered', () => {
    const r = start()
    r.client.onCleared = undefined
    const outcomes = ['u1', 'u2'].map(id => {
      speak(r, id, 5000, 24_000)
      r.clock.advance(140)
      return purge(r, id)
    })
    r.downlink.onCleared('u2', 77)
    expect(outcomes[0]!.heard).toBeDefined()
    expect(outcomes[1]!.heard).toEqual({ playedMs: 77, basis: 'ack' })
  })

  it('of what is being heard lets what follows be heard at once, and in time', () => {
    const r = start()
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(500, 24_000))
    r.downlink.end('u1')
    r.clock.advance(300)
    purge(r, 'u1')
    r.downlink.begin('u2', 24_000)
    r.downlink.audio('u2', tone(3000, 24_000))
    expect(r.downlink.position('u2').sentMs).toBe(460)
    r.downlink.end('u2')
    r.clock.advance(5000)
    // And when what follows has begun to arrive already.
    r.downlink.begin('u3', 24_000)
    r.downlink.audio('u3', tone(600, 24_000))
    r.downlink.end('u3')
    speak(r, 'u4', 3000, 24_000)
    r.clock.advance(450)
    expect(r.downlink.position('u4').sentMs).toBeGreaterThan(0)
    purge(r, 'u3')
    r.clock.advance(200)
    expect(r.downlink.position('u4').sentMs - r.client.player.playedMs).toBeGreaterThan(380)
    r.clock.advance(5000)
    expect(r.client.underruns).toBe(0)
    expect(r.log.filter(({ kind }) => kind === 'played').map(({ value }) => value)).toEqual(['u2', 'u4'])
  })

  it('settles at once when the socket goes, and when the session closes', () => {
    const r = start()
    r.client.onCleared = undefined
    speak(r, 'u1', 5000, 24_000)
    r.clock.advance(1000)
    const first = purge(r, 'u1')
    r.downlink.detach()
    expect(first.afterMs).toBe(0)
    expect(first.heard!.playedMs).toBeGreaterThan(700)
    r.connect(r.client)
    speak(r, 'u2', 5000, 24_000)
    r.clock.advance(1000)
    const second = purge(r, 'u2')
    r.downlink.close()
    expect(second.afterMs).toBe(0)
  })

  it('lets nothing of an utterance leave after its `clear`, in 1,000 random trials', () => {
    const trial = fc.record({
      delayMs: fc.integer({ min: 1, max: 150 }),
      bytesPerSecond: fc.constantFrom(Number.POSITIVE_INFINITY, 48_000, 20_000),
      lengths: fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 4 }),
      cutAtMs: fc.integer({ min: 0, max: 2500 }),
      through: fc.nat(3),
      factor: fc.constantFrom(1, 4, 20),
      after: fc.integer({ min: 0, max: 600 }),
    })
    let cleared = 0
    fc.assert(
      fc.property(trial, ({ delayMs, bytesPerSecond, lengths, cutAtMs, through, factor, after }) => {
        const r = rig({ delayMs, bytesPerSecond })
        for (const [i, ms] of lengths.entries()) speak(r, `u${i}`, ms, 24_000, factor)
        r.clock.advance(cutAtMs)
        const played = r.log.filter(({ kind }) => kind === 'played').map(({ value }) => value)
        const cut = Math.min(through, lengths.length - 1)
        const outcome = purge(r, `u${cut}`)
        r.clock.advance(after)
        speak(r, 'next', 200, 24_000)
        r.clock.advance(3000)
        expect(outcome.heard).toBeDefined()
        const at = r.client.wire.indexOf('clear')
        if (at >= 0) cleared++
        const later = at < 0 ? [] : r.client.wire.slice(at + 1)
        for (let i = 0; i <= cut; i++) expect(later).not.toContain(`a:u${i}`)
        for (const { value } of r.log.filter(({ kind }) => kind === 'played')) {
          const index = Number(String(value).slice(1))
          expect(value === 'next' || index > cut || played.includes(value)).toBe(true)
        }
        r.downlink.close()
        r.client.stop()
        expect(r.ticker.size).toBe(0)
      }),
      { numRuns: 1000 },
    )
    expect(cleared).toBeGreaterThan(300)
  }, 30_000)
})
