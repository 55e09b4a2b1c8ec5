import { describe, expect, it } from 'vitest'
import { Quality } from '../../../src/downlink/quality.js'

function quality(rates = [16_000, 48_000, 24_000], source = 48_000): Quality {
  const q = new Quality(rates, 10_000)
  q.source(source)
  return q
}

/** Feeds `ms` of clean speech in beats; true when the rate was raised. */
function clean(q: Quality, ms: number): boolean {
  let raised = false
  for (let at = 0; at < ms; at += 20) raised = q.clean(20) || raised
  return raised
}

describe('Quality', () => {
  it.each([
    [[48_000, 24_000, 16_000], 48_000, 48_000],
    [[48_000, 24_000, 16_000], 24_000, 24_000],
    [[48_000, 16_000], 22_050, 16_000],
    [[24_000], 16_000, 24_000],
    [[8000], 48_000, 8000],
  ])('starts at the highest of %j not above %d Hz: %d', (rates, source, rate) => {
    expect(quality(rates, source).rateFor(source)).toBe(rate)
  })

  it('goes down a rung at a time, at least a second apart, to the lowest', () => {
    const q = quality()
    expect(q.lower(1000, 48_000, Number.NaN)).toBe(true)
    expect(q.rateFor(48_000)).toBe(24_000)
    expect(q.lower(1999, 48_000, Number.NaN)).toBe(false)
    expect(q.lower(2000, 48_000, Number.NaN)).toBe(true)
    expect(q.rateFor(48_000)).toBe(16_000)
    expect(q.canLower(48_000)).toBe(false)
    expect(q.lower(9000, 48_000, Number.NaN)).toBe(false)
  })

  it('goes down at once to what the way delivers, with room to drain what has piled up', () => {
    for (const [fitting, rate] of [
      [48_000, 24_000],
      [27_000, 24_000],
      [26_000, 16_000],
      [1000, 16_000],
    ] as const) {
      const q = quality()
      q.lower(0, 48_000, fitting)
      expect(q.rateFor(48_000)).toBe(rate)
    }
  })

  it('goes down from what is really sent, not from a rung the provider never reaches', () => {
    const q = quality(undefined, 24_000)
    q.lower(0, 24_000, Number.NaN)
    expect(q.rateFor(24_000)).toBe(16_000)
  })

  it('goes up a rung after 10 s of clean speech', () => {
    const q = quality()
    q.lower(0, 48_000, Number.NaN)
    q.lower(1000, 48_000, Number.NaN)
    expect(clean(q, 9980)).toBe(false)
    expect(clean(q, 20)).toBe(true)
    expect(q.sampleRate).toBe(24_000)
    expect(clean(q, 10_000)).toBe(true)
    expect(q.sampleRate).toBe(48_000)
    expect(clean(q, 100_000)).toBe(false)
  })

  it('starts the 10 s again after a disturbance', () => {
    const q = quality()
    q.lower(0, 48_000, Number.NaN)
    clean(q, 9000)
    q.disturbed()
    expect(clean(q, 9980)).toBe(false)
    expect(clean(q, 20)).toBe(true)
  })

  it('waits twice as long for a rate each time it did not last, and no longer for the others', () => {
    const q = quality()
    q.lower(0, 48_000, Number.NaN)
    q.lower(1000, 48_000, Number.NaN)
    for (const waitMs of [10_000, 20_000, 40_000]) {
      expect(clean(q, 10_000)).toBe(true)
      expect(q.sampleRate).toBe(24_000)
      expect(clean(q, waitMs - 20)).toBe(false)
      expect(clean(q, 20)).toBe(true)
      expect(q.sampleRate).toBe(48_000)
      expect(q.isOnTrial).toBe(true)
      q.lower(100_000 + waitMs * 10, 48_000, Number.NaN)
      q.lower(110_000 + waitMs * 10, 48_000, Number.NaN)
    }
  })

  it('forgives a rate that has lasted', () => {
    const q = quality([48_000, 24_000])
    q.lower(0, 48_000, Number.NaN)
    clean(q, 10_000)
    q.lower(20_000, 48_000, Number.NaN)
    expect(clean(q, 19_980)).toBe(false)
    expect(clean(q, 20)).toBe(true)
    clean(q, 10_000)
    expect(q.isOnTrial).toBe(false)
    q.lower(90_000, 48_000, Number.NaN)
    expect(clean(q, 9980)).toBe(false)
    expect(clean(q, 20)).toBe(true)
  })

  it('asks for no more than the provider ever gave', () => {
    const q = quality(undefined, 24_000)
    q.lower(0, 24_000, Number.NaN)
    expect(clean(q, 10_000)).toBe(true)
    expect(q.sampleRate).toBe(24_000)
    expect(clean(q, 400_000)).toBe(false)
  })
})
