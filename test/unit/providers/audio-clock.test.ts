import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AudioClock } from '../../../adapters/internal/audio-clock.js'
import { format } from '../../fixtures/providers/streams.js'

const msBytes = 32

describe('AudioClock', () => {
  it('counts what was pushed and not what was put in', () => {
    const clock = new AudioClock(format)
    clock.push(100 * msBytes)
    expect(clock.silence(50)).toHaveLength(50 * msBytes)
    clock.push(10 * msBytes)
    expect(clock.pushedMs).toBe(110)
  })

  it('fills with the silence of the encoding', () => {
    const mulaw = new AudioClock({ encoding: 'mulaw', sampleRate: 8000, channels: 1 })
    expect(mulaw.silence(1)).toEqual(new Uint8Array(8).fill(0xff))
  })

  it('makes up no Opus', () => {
    const opus = new AudioClock({ encoding: 'opus', sampleRate: 48_000, channels: 1 })
    opus.push(100)
    expect(opus.silence(100)).toBeUndefined()
    expect(opus.pushedMs).toBe(0)
    expect(opus.pushedTime(1234)).toBe(1234)
  })

  it("takes silence that was put in out of the vendor's times, wherever it was", () => {
    const step = fc.record({ push: fc.boolean(), ms: fc.integer({ min: 1, max: 500 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const clock = new AudioClock(format)
        // What the vendor hears: for each of its milliseconds, which millisecond that was pushed it is.
        const heard: number[] = []
        for (const { push, ms } of steps) {
          const from = clock.pushedMs
          if (push) clock.push(ms * msBytes)
          else clock.silence(ms)
          for (let at = 0; at < ms; at++) heard.push(push ? from + at : from)
        }
        expect(heard.map((_, vendorMs) => clock.pushedTime(vendorMs))).toEqual(heard)
      }),
    )
  })
})
