import { describe, expect, it } from 'vitest'
import { Capture } from '../../../src/client/audio/capture.js'
import { concat, measureTone } from '../audio/signals.js'

const QUANTUM = 128

/** `seconds` of a tone as a microphone of the device gives it, cut into frames. */
function capture(
  capture: Capture,
  rate: number,
  seconds: number,
  channels: (sample: number) => number[],
): Int16Array[] {
  const frames: Int16Array[] = []
  for (let at = 0; at + QUANTUM <= seconds * rate; at += QUANTUM) {
    const quantum = channels(0).map(() => new Float32Array(QUANTUM))
    for (let i = 0; i < QUANTUM; i++) {
      const sample = 0.5 * Math.sin((2 * Math.PI * 440 * (at + i)) / rate)
      channels(sample).forEach((value, channel) => {
        quantum[channel]![i] = value
      })
    }
    capture.push(quantum, QUANTUM)
    while (capture.next()) frames.push(capture.frame.slice())
  }
  return frames
}

describe('capture', () => {
  it.each([44_100, 48_000, 16_000, 24_000, 96_000])('cuts 4 s at %i Hz into 200 frames of 20 ms at 16 kHz', rate => {
    const frames = capture(new Capture(rate, 16_000, 20), rate, 4, sample => [sample])
    expect(frames.length).toBeGreaterThanOrEqual(199)
    expect(frames.length).toBeLessThanOrEqual(200)
    expect(frames.every(frame => frame.length === 320)).toBe(true)
    const tone = measureTone(concat(...frames), 440, 16_000, 400)
    expect(tone.amplitude).toBeCloseTo(0.5, 2)
    expect(tone.snrDb).toBeGreaterThan(80)
    // The first sample of the device is the first of the wire.
    expect(Math.abs(tone.delayMs)).toBeLessThan(0.01)
  })

  it('mixes channels down', () => {
    const frames = capture(new Capture(48_000, 16_000, 20), 48_000, 1, sample => [sample, 0])
    expect(measureTone(concat(...frames), 440, 16_000, 400).amplitude).toBeCloseTo(0.25, 2)
  })

  it('keeps time while the source is being replaced', () => {
    const one = new Capture(48_000, 16_000, 20)
    let frames = 0
    for (let at = 0; at < 48_000; at += QUANTUM) {
      one.push([], QUANTUM)
      while (one.next()) frames++
    }
    expect(frames).toBe(49)
    expect(one.takeLevel()).toBe(0)
  })

  it('gives silence of the same length while muted, and shows no level', () => {
    const one = new Capture(48_000, 16_000, 20)
    one.muted = true
    const frames = capture(one, 48_000, 1, sample => [sample])
    expect(frames.length).toBe(49)
    expect(frames.every(frame => frame.every(sample => sample === 0))).toBe(true)
    expect(one.takeLevel()).toBe(0)
  })

  it('shows the loudness since it was last asked', () => {
    const one = new Capture(48_000, 16_000, 20)
    capture(one, 48_000, 1, sample => [sample])
    expect(one.takeLevel()).toBeCloseTo(0.5 / Math.SQRT2, 2)
    expect(one.takeLevel()).toBe(0)
  })

  it('saturates instead of wrapping around', () => {
    const one = new Capture(16_000, 16_000, 20)
    const frames = capture(one, 16_000, 1, sample => [sample * 4])
    const loudest = Math.max(...frames.flatMap(frame => [...frame]))
    expect(loudest).toBe(32_767)
    for (const frame of frames)
      for (let i = 1; i < frame.length; i++) expect(Math.abs(frame[i]! - frame[i - 1]!)).toBeLessThan(20_000)
  })
})
