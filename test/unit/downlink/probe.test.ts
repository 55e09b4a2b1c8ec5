import { describe, expect, it } from 'vitest'
import { Probe } from '../../../src/downlink/probe.js'

/** Sends a probe at `atMs` and answers it `rttMs` later. */
function roundTrip(probe: Probe, atMs: number, rttMs: number, lastAudioAtMs = atMs): void {
  probe.sent(atMs, true, lastAudioAtMs)
  probe.answered(atMs + rttMs)
}

describe('Probe', () => {
  it('measures lag against the fastest answer of the socket', () => {
    const probe = new Probe()
    expect(probe.baselineMs).toBeNull()
    roundTrip(probe, 0, 80)
    roundTrip(probe, 2000, 50)
    roundTrip(probe, 4000, 450)
    expect(probe.rttMs).toBe(450)
    expect(probe.baselineMs).toBe(50)
    expect(probe.lagMs(5000)).toBe(400)
  })

  it('counts the age of an unanswered probe as a round trip', () => {
    const probe = new Probe()
    roundTrip(probe, 0, 50)
    probe.sent(2000, true, 2000)
    expect(probe.lagMs(2040)).toBe(0)
    expect(probe.lagMs(2750)).toBe(700)
    expect(probe.isDue(60_000, 500)).toBe(false)
  })

  it('gives an unknown path a second before it calls it slow', () => {
    const probe = new Probe()
    probe.sent(0, true, 0)
    expect(probe.lagMs(1000)).toBe(0)
    expect(probe.lagMs(1300)).toBe(300)
  })

  it('tries again in a period when the transport could not send', () => {
    const probe = new Probe()
    probe.sent(0, false, 0)
    expect(probe.lagMs(10_000)).toBe(0)
    expect(probe.isDue(499, 500)).toBe(false)
    expect(probe.isDue(500, 500)).toBe(true)
    probe.answered(600)
    expect(probe.rttMs).toBeNull()
  })

  it('knows that what was sent before an answered probe has arrived', () => {
    const probe = new Probe()
    roundTrip(probe, 1000, 300)
    expect(probe.provenAtMs).toBe(1000)
  })

  it('takes a longer path for what it is once no audio was on it', () => {
    const probe = new Probe()
    roundTrip(probe, 0, 50)
    // Audio was sent at 1900: this answer may have waited behind it.
    roundTrip(probe, 2000, 700, 1900)
    expect(probe.baselineMs).toBe(50)
    // Everything sent by 1900 is known to have arrived, and still the answer takes 700 ms: so does the path.
    roundTrip(probe, 3000, 700, 1900)
    expect(probe.baselineMs).toBe(700)
    expect(probe.lagMs(3700)).toBe(0)
  })
})
