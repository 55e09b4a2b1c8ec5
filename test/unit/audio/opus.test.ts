import { describe, expect, it } from 'vitest'
import { opusPacketMs } from '../../../src/audio/opus.js'

/** Table 2 of RFC 6716: configurations and their frame durations. */
const CONFIGURATIONS: readonly (readonly [first: number, durationsMs: readonly number[]])[] = [
  [0, [10, 20, 40, 60]],
  [4, [10, 20, 40, 60]],
  [8, [10, 20, 40, 60]],
  [12, [10, 20]],
  [14, [10, 20]],
  [16, [2.5, 5, 10, 20]],
  [20, [2.5, 5, 10, 20]],
  [24, [2.5, 5, 10, 20]],
  [28, [2.5, 5, 10, 20]],
]
const ROWS = CONFIGURATIONS.flatMap(([first, durations]) => durations.map((ms, i) => [first + i, ms] as const))

function packet(config: number, code: number, ...rest: number[]): Uint8Array {
  return Uint8Array.of((config << 3) | code, ...rest)
}

describe('opusPacketMs', () => {
  it('covers the whole table', () => {
    expect(ROWS.map(([config]) => config)).toEqual(Array.from({ length: 32 }, (_, i) => i))
  })

  it.each(ROWS)('knows configuration %i: %d ms a frame', (config, ms) => {
    expect(opusPacketMs(packet(config, 0, 1, 2, 3))).toBe(ms)
    expect(opusPacketMs(packet(config, 1, 1, 2))).toBe(2 * ms)
    expect(opusPacketMs(packet(config, 2, 1, 2, 3))).toBe(2 * ms)
    const most = Math.floor(120 / ms)
    expect(opusPacketMs(packet(config, 3, most))).toBe(most * ms)
    expect(opusPacketMs(packet(config, 3, most + 1))).toBeNull()
    expect(opusPacketMs(packet(config, 3, 1))).toBe(ms)
  })

  it('ignores the stereo bit of the first byte and the flags of the second', () => {
    expect(opusPacketMs(Uint8Array.of((1 << 3) | 4, 0))).toBe(20)
    expect(opusPacketMs(packet(1, 3, 0xc0 | 3))).toBe(60)
  })

  it('refuses packets without a first byte, without a frame count or with no frames', () => {
    expect(opusPacketMs(new Uint8Array(0))).toBeNull()
    expect(opusPacketMs(packet(1, 3))).toBeNull()
    expect(opusPacketMs(packet(1, 3, 0xc0))).toBeNull()
  })
})
