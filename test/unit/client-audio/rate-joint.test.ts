import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateJoint } from '../../../src/client/audio/rate-joint.js'
import { SampleRing } from '../../../src/client/audio/sample-ring.js'
import { RATES } from '../audio/signals.js'

const HZ = 440
const AMPLITUDE = 12_000

/** A tone whose phase goes on across segments of different rates. */
function segments(plan: readonly { rate: number; ms: number }[]): { pcm: Int16Array; rate: number }[] {
  let atS = 0
  return plan.map(({ rate, ms }) => {
    const samples = Math.round((rate * ms) / 1000)
    const startS = atS
    atS += samples / rate
    const pcm = Int16Array.from({ length: samples }, (_, i) =>
      Math.round(AMPLITUDE * Math.sin(2 * Math.PI * HZ * (startS + i / rate))),
    )
    return { pcm, rate }
  })
}

function play(toRate: number, parts: readonly { pcm: Int16Array; rate: number }[]): number[] {
  const ring = new SampleRing(1024)
  const joint = new RateJoint(toRate)
  for (const { pcm, rate } of parts) joint.push(pcm, rate, ring)
  joint.finish(ring)
  return Array.from({ length: ring.end }, (_, i) => ring.at(i))
}

describe('a change of rate', () => {
  it.each([
    [48_000, 16_000],
    [16_000, 48_000],
    [24_000, 16_000],
    [48_000, 24_000],
    [22_050, 44_100],
  ])('from %i to %i Hz in the middle of a tone makes no step', (first, second) => {
    for (const toRate of [44_100, 48_000]) {
      const out = play(
        toRate,
        segments([
          { rate: first, ms: 100 },
          { rate: second, ms: 100 },
          { rate: first, ms: 100 },
        ]),
      )
      // The steepest slope of the tone, and a tenth of it for the joint.
      const steepest = (AMPLITUDE * 2 * Math.PI * HZ) / toRate
      for (let i = 1; i < out.length; i++) expect(Math.abs(out[i]! - out[i - 1]!)).toBeLessThan(1.1 * steepest)
      const errors = out.map((value, i) => Math.abs(value - AMPLITUDE * Math.sin((2 * Math.PI * HZ * i) / toRate)))
      // One sample of the device is all that rounding may shift: 4 % of the tone's steepest slope and a little.
      expect(Math.max(...errors.slice(100, -100))).toBeLessThan(2.2 * steepest)
    }
  })

  it('loses and adds nothing: every switch rounds up to at most one sample', () => {
    const part = fc.record({ rate: fc.constantFrom(...RATES), ms: fc.integer({ min: 10, max: 120 }) })
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(44_100, 48_000, 16_000),
        (plan, to) => {
          const parts = segments(plan)
          const seconds = parts.reduce((sum, { pcm, rate }) => sum + pcm.length / rate, 0)
          const extra = play(to, parts).length - seconds * to
          expect(extra).toBeGreaterThan(-1)
          expect(extra).toBeLessThanOrEqual(parts.length)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('does not depend on how the sound is cut into chunks', () => {
    const { pcm } = segments([{ rate: 24_000, ms: 200 }])[0]!
    const whole = play(48_000, [{ pcm, rate: 24_000 }])
    const chunks: { pcm: Int16Array; rate: number }[] = []
    for (let at = 0; at < pcm.length; at += 480) chunks.push({ pcm: pcm.subarray(at, at + 480), rate: 24_000 })
    expect(play(48_000, chunks)).toEqual(whole)
  })

  it('passes sound of the device rate through untouched', () => {
    const [part] = segments([{ rate: 48_000, ms: 50 }])
    expect(play(48_000, [part!])).toEqual([...part!.pcm])
  })
})
