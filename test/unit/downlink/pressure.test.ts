import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultBackpressure } from '../../../src/downlink/options.js'
import { Pressure } from '../../../src/downlink/pressure.js'
import type { PressureLevel } from '../../../src/protocol/messages.js'

function pressure(): Pressure {
  return new Pressure(defaultBackpressure)
}

describe('Pressure', () => {
  it.each([
    [299, 32_767, 'normal'],
    [300, 0, 'elevated'],
    [0, 32_768, 'elevated'],
    [599, 65_535, 'elevated'],
    [600, 0, 'critical'],
    [0, 65_536, 'critical'],
  ] as const)('enters the level of %d ms and %d bytes at once: %s', (lagMs, bytes, level) => {
    const p = pressure()
    expect(p.update(1000, lagMs, bytes)).toBe(level !== 'normal')
    expect(p.level).toBe(level)
  })

  it('leaves critical for elevated after 2 s below half of its threshold, and elevated likewise', () => {
    const p = pressure()
    p.update(0, 600, 0)
    for (let at = 20; at < 2000; at += 20) expect(p.update(at, 299, 0)).toBe(false)
    expect(p.update(2000, 299, 0)).toBe(true)
    expect(p.level).toBe('elevated')
    for (let at = 2020; at < 4000; at += 20) expect(p.update(at, 149, 0)).toBe(false)
    expect(p.update(4000, 149, 0)).toBe(true)
    expect(p.level).toBe('normal')
  })

  it('goes straight to normal when nothing is late for 2 s', () => {
    const p = pressure()
    p.update(0, 900, 0)
    p.update(2000, 0, 0)
    expect(p.level).toBe('normal')
  })

  it('starts the 2 s again at every relapse above half', () => {
    const p = pressure()
    p.update(0, 300, 0)
    p.update(1980, 150, 0)
    p.update(3960, 0, 0)
    expect(p.level).toBe('elevated')
    p.update(3980, 0, 0)
    expect(p.level).toBe('normal')
  })

  it('is stuck after 15 s of critical without progress, and not while there is some', () => {
    const p = pressure()
    p.update(0, 600, 0)
    expect(p.isStuck(14_999)).toBe(false)
    expect(p.isStuck(15_000)).toBe(true)
    p.progress(14_000)
    expect(p.isStuck(28_999)).toBe(false)
    expect(p.isStuck(29_000)).toBe(true)
  })

  it('behaves like its definition for any course of lag', () => {
    const course = fc.array(
      fc.tuple(fc.constantFrom(0, 140, 160, 290, 310, 590, 610, 3000), fc.integer({ min: 1, max: 60 })),
      {
        maxLength: 60,
      },
    )
    fc.assert(
      fc.property(course, steps => {
        const p = pressure()
        const seen: [number, number][] = [[0, 0]]
        let expected: PressureLevel = 'normal'
        let now = 0
        for (const [lagMs, beats] of steps) {
          for (let i = 0; i < beats; i++) {
            now += 50
            seen.push([now, lagMs])
            p.update(now, lagMs, 0)
            expected = next(expected, seen, now, lagMs)
            expect(p.level).toBe(expected)
          }
        }
      }),
      { numRuns: 100 },
    )
  })
})

/** The rule as it is written: in at once at the threshold, out after 2 s below half of it. */
function next(level: PressureLevel, seen: readonly [number, number][], now: number, lagMs: number): PressureLevel {
  // The stretch of quiet began after the last measurement that was not quiet.
  const quiet = (limit: number) => now - (seen.findLast(([, lag]) => lag >= limit)?.[0] ?? 0) >= 2000
  if (lagMs >= 600) return 'critical'
  if (level === 'normal') return lagMs >= 300 ? 'elevated' : 'normal'
  if (quiet(150)) return 'normal'
  return level === 'critical' && quiet(300) ? 'elevated' : level
}
