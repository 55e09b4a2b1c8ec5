import { describe, expect, it } from 'vitest'
import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from '../../../src/audio/g711.js'

/**
 * G.711 defines a law by its decision values: a magnitude from decision value n up to n + 1 has code n, which decodes to
 * the middle of that interval. Values here are 16-bit; the recommendation's own scale is 14 bits for mu-law (times 4)
 * and 13 bits for A-law (times 8).
 */
interface Law {
  /** Decision values 0 to 128. */
  readonly decisions: number[]
  /** The decoded magnitude of each interval. */
  readonly values: number[]
  /** Bits inverted on the line, with the sign bit set for positive samples. */
  readonly positive: (code: number) => number
}

function mulaw(): Law {
  // Table 2a: 0, 1, then 15 intervals of 2, then seven segments of 16 intervals that double from 4 to 256.
  const decisions = [0, 1]
  for (let i = 0; i < 15; i++) decisions.push(decisions.at(-1)! + 2)
  for (let width = 4; width <= 256; width *= 2) for (let i = 0; i < 16; i++) decisions.push(decisions.at(-1)! + width)
  expect(decisions.at(-1)).toBe(8159)
  const values = decisions.slice(0, 128).map((low, n) => (n === 0 ? 0 : (low + decisions[n + 1]!) / 2))
  return { decisions: decisions.map(x => x * 4), values: values.map(y => y * 4), positive: code => 0xff - code }
}

function alaw(): Law {
  // Table 1a: 32 intervals of 2, then six segments of 16 intervals that double from 4 to 128, on a scale up to 4096.
  const decisions = [0]
  for (let i = 0; i < 32; i++) decisions.push(decisions.at(-1)! + 2)
  for (let width = 4; width <= 128; width *= 2) for (let i = 0; i < 16; i++) decisions.push(decisions.at(-1)! + width)
  expect(decisions.at(-1)).toBe(4096)
  const values = decisions.slice(0, 128).map((low, n) => (low + decisions[n + 1]!) / 2)
  // Every second bit is inverted on the line.
  return {
    decisions: decisions.map(x => x * 8),
    values: values.map(y => y * 8),
    positive: code => (code ^ 0x55) | 0x80,
  }
}

const EVERY_SAMPLE = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768)
const EVERY_CODE = Uint8Array.from({ length: 256 }, (_, i) => i)

describe.each([
  { name: 'mu-law', law: mulaw(), encode: encodeMulaw, decode: decodeMulaw, signBit: 0x80 },
  { name: 'A-law', law: alaw(), encode: encodeAlaw, decode: decodeAlaw, signBit: 0x80 },
])('$name', ({ law, encode, decode, signBit }) => {
  it('encodes all 65,536 samples as the decision values say', () => {
    const expected = EVERY_SAMPLE.map(sample => {
      const magnitude = Math.abs(sample)
      const beyond = law.decisions.findIndex(decision => decision > magnitude)
      const interval = beyond === -1 ? 127 : beyond - 1
      return sample < 0 ? law.positive(interval) ^ signBit : law.positive(interval)
    })
    expect([...encode(EVERY_SAMPLE)]).toEqual([...expected])
  })

  it('decodes all 256 codes to the middle of their interval', () => {
    const expected = new Int16Array(256)
    for (let interval = 0; interval < 128; interval++) {
      expected[law.positive(interval)] = law.values[interval]!
      expected[law.positive(interval) ^ signBit] = -law.values[interval]!
    }
    expect(decode(EVERY_CODE)).toEqual(expected)
  })

  it('keeps what it has decoded once', () => {
    const once = decode(EVERY_CODE)
    expect(decode(encode(once))).toEqual(once)
  })

  it('writes into memory it is given', () => {
    const pcm = new Int16Array(300).fill(7)
    expect(decode(EVERY_CODE, pcm)).toBe(pcm)
    expect(pcm.subarray(0, 256)).toEqual(decode(EVERY_CODE))
    expect(pcm[256]).toBe(7)
    const codes = new Uint8Array(300).fill(7)
    expect(encode(pcm.subarray(0, 256), codes)).toBe(codes)
    expect(codes[256]).toBe(7)
  })
})

it('has the well-known codes of silence and full scale', () => {
  expect([...encodeMulaw(Int16Array.of(0, 32_767, -32_768))]).toEqual([0xff, 0x80, 0x00])
  expect([...encodeAlaw(Int16Array.of(0, 32_767, -32_768))]).toEqual([0xd5, 0xaa, 0x2a])
  expect([...decodeMulaw(Uint8Array.of(0x80, 0x00))]).toEqual([32_124, -32_124])
  expect([...decodeAlaw(Uint8Array.of(0xaa, 0x2a))]).toEqual([32_256, -32_256])
})
