import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Resampler } from '../../../src/audio/resample.js'
import { concat, measureTone, powerDb, RATES, tone } from './signals.js'

const PAIRS = RATES.flatMap(from => RATES.filter(to => to !== from).map(to => [from, to] as const))
/** Output samples at either end that the edge of the recording reaches. */
const MARGIN = 200

function convert(input: Int16Array, from: number, to: number): Int16Array {
  const resampler = new Resampler(from, to)
  return concat(resampler.process(input), resampler.flush())
}

describe('quality', () => {
  it.each(PAIRS)('keeps a 1 kHz tone in level, in time and 90 dB over its noise, %i to %i Hz', (from, to) => {
    // Not 1000 Hz: a whole number of samples per period would turn the rounding of the input into a tone.
    const heard = measureTone(convert(tone(997, from, from / 2), from, to), 997, to, MARGIN)
    expect(heard.snrDb).toBeGreaterThanOrEqual(90)
    expect(heard.amplitude).toBeCloseTo(0.9, 3)
    expect(heard.delayMs).toBeCloseTo(0, 4)
  })

  it.each(PAIRS.filter(([from, to]) => to < from))('lets no alias above -80 dB through, %i to %i Hz', (from, to) => {
    const levels: number[] = []
    for (let hz = (1.15 * to) / 2; hz < from / 2; hz += to / 20) {
      levels.push(powerDb(convert(tone(hz, from, from / 8, 1), from, to), MARGIN))
    }
    for (const level of levels) expect(level).toBeLessThanOrEqual(-80)
  })

  it('lets nothing of 10 kHz through from 48 to 16 kHz', () => {
    expect(powerDb(convert(tone(10_000, 48_000, 48_000, 1), 48_000, 16_000), MARGIN)).toBeLessThanOrEqual(-80)
  })

  it.each(PAIRS)(
    'keeps the voice band flat within 0.1 dB up to 0.65 of the lower half rate, %i to %i Hz',
    (from, to) => {
      const hz = 0.65 * (Math.min(from, to) / 2)
      const heard = measureTone(convert(tone(hz, from, from / 4), from, to), hz, to, MARGIN)
      expect(Math.abs(20 * Math.log10(heard.amplitude / 0.9))).toBeLessThanOrEqual(0.1)
    },
  )

  it.each(PAIRS)('passes a constant through unchanged, %i to %i Hz', (from, to) => {
    const output = convert(new Int16Array(from / 10).fill(12_345), from, to)
    for (const sample of output.subarray(MARGIN, output.length - MARGIN)) expect(sample).toBe(12_345)
  })

  it('clips at full scale instead of wrapping round', () => {
    const square = Int16Array.from({ length: 4_800 }, (_, i) => (i % 48 < 24 ? 32_767 : -32_768))
    const output = convert(square, 48_000, 16_000)
    expect(Math.max(...output)).toBe(32_767)
    expect(Math.min(...output)).toBe(-32_768)
    for (let i = MARGIN; i < output.length - MARGIN; i++) {
      const position = (i * 3) % 48
      if (position > 3 && position < 21) expect(output[i]).toBeGreaterThan(20_000)
    }
  })
})

describe('streaming', () => {
  it('gives the same samples however the input is cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PAIRS),
        fc.array(fc.integer({ min: 0, max: 1_500 }), { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: -32_768, max: 32_767 })),
        ([from, to], sizes, values) => {
          const input = Int16Array.from(
            { length: sizes.reduce((sum, size) => sum + size, 0) },
            () => values.next().value as number,
          )
          const resampler = new Resampler(from, to)
          const parts: Int16Array[] = []
          let at = 0
          for (const size of sizes) {
            const expected = resampler.outputLength(size)
            const part = resampler.process(input.subarray(at, at + size))
            expect(part.length).toBe(expected)
            parts.push(part)
            at += size
          }
          parts.push(resampler.flush())
          expect(concat(...parts)).toEqual(convert(input, from, to))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('gives exactly ceil(n * to / from) samples for n', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PAIRS), fc.integer({ min: 0, max: 6_000 }), ([from, to], samples) => {
        expect(convert(new Int16Array(samples), from, to).length).toBe(Math.ceil((samples * to) / from))
      }),
      { numRuns: 200 },
    )
  })

  it.each(PAIRS)('does not drift over seconds of 20 ms frames, %i to %i Hz', (from, to) => {
    const resampler = new Resampler(from, to)
    let samples = 0
    const frame = new Int16Array(from / 50)
    for (let second = 0; second < 4; second++) {
      for (let i = 0; i < 50; i++) samples += resampler.process(frame).length
      const heldBackMs = (second + 1) * 1000 - (samples * 1000) / to
      expect(heldBackMs).toBeGreaterThan(0)
      expect(heldBackMs).toBeLessThan(2)
    }
    expect(samples + resampler.flush().length).toBe(4 * to)
  })

  it('starts afresh after reset and after flush', () => {
    const input = tone(440, 48_000, 3_000)
    const expected = convert(input, 48_000, 16_000)
    const resampler = new Resampler(48_000, 16_000)
    resampler.process(tone(3_000, 48_000, 777))
    resampler.reset()
    expect(concat(resampler.process(input), resampler.flush())).toEqual(expected)
    expect(concat(resampler.process(input), resampler.flush())).toEqual(expected)
    expect(resampler.flush().length).toBe(0)
  })

  it("hands out memory that is the caller's, also at equal rates", () => {
    for (const to of [16_000, 8_000]) {
      const resampler = new Resampler(16_000, to)
      const input = tone(440, 16_000, 320)
      const kept = resampler.process(input)
      const copy = kept.slice()
      input.fill(0)
      resampler.process(tone(1_000, 16_000, 320))
      expect(kept).toEqual(copy)
      expect(kept.buffer).not.toBe(input.buffer)
    }
  })

  it('gives the input back at equal rates', () => {
    const input = tone(440, 16_000, 5_000)
    const resampler = new Resampler(16_000, 16_000)
    expect(resampler.outputLength(5_000)).toBe(5_000)
    expect(resampler.process(input)).toEqual(input)
    expect(resampler.flush().length).toBe(0)
  })

  it('writes only what it says it writes', () => {
    const resampler = new Resampler(48_000, 16_000)
    const output = new Int16Array(400).fill(-1)
    const written = resampler.processInto(new Int16Array(960), 960, output, 10)
    expect(written).toBe(resampler.outputLength(0) + 306)
    expect(output.indexOf(0)).toBe(10)
    expect(output.lastIndexOf(0)).toBe(10 + written - 1)
  })
})

describe('rates', () => {
  it.each([0, -16_000, 16_000.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d Hz, naming the field', rate => {
    expect(() => new Resampler(rate, 16_000)).toThrow(/^fromRate: /)
    expect(() => new Resampler(16_000, rate)).toThrow(/^toRate: /)
  })

  it('refuses a ratio whose coefficients would fill the memory', () => {
    expect(() => new Resampler(48_000, 44_099)).toThrow(/^fromRate, toRate: 48000:44099 is too fine a ratio/)
  })

  it('takes unusual rates with a common divisor', () => {
    const heard = measureTone(convert(tone(997, 11_025, 11_025), 11_025, 16_000), 997, 16_000, MARGIN)
    expect(heard.snrDb).toBeGreaterThanOrEqual(88)
  })

  it('works with more ratios than it keeps coefficients for', () => {
    for (let to = 8_100; to <= 12_000; to += 100) expect(convert(new Int16Array(800), 8_000, to).length).toBe(to / 10)
  })
})
