import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { levelDbfs, pcmBytes, pcmView, SampleCarry } from '../../../src/audio/pcm.js'
import { concatBytes, noise, tone } from './signals.js'

describe('pcmView', () => {
  it('reads little-endian samples without copying when it can', () => {
    const bytes = Uint8Array.of(0x01, 0x00, 0xff, 0x7f, 0x00, 0x80, 0xfe, 0xff)
    const view = pcmView(bytes)
    expect([...view]).toEqual([1, 32_767, -32_768, -2])
    expect(view.buffer).toBe(bytes.buffer)
    expect(pcmView(bytes.subarray(2, 4))[0]).toBe(32_767)
  })

  it('reads at odd addresses', () => {
    const bytes = Uint8Array.of(9, 0x01, 0x00, 0xff, 0x7f, 9)
    expect([...pcmView(bytes.subarray(1, 5))]).toEqual([1, 32_767])
    expect([...pcmView(Buffer.from(bytes).subarray(1, 5))]).toEqual([1, 32_767])
  })

  it('leaves an odd last byte out', () => {
    expect([...pcmView(Uint8Array.of(1, 0, 5))]).toEqual([1])
    expect([...pcmView(Uint8Array.of(9, 1, 0, 5).subarray(1))]).toEqual([1])
    expect(pcmView(Uint8Array.of(5)).length).toBe(0)
  })

  it('is undone by pcmBytes', () => {
    const pcm = Int16Array.of(1, -2, 3).subarray(1)
    expect([...pcmBytes(pcm)]).toEqual([0xfe, 0xff, 3, 0])
    expect(pcmBytes(pcm).buffer).toBe(pcm.buffer)
  })
})

describe('levelDbfs', () => {
  it('measures root mean square against full scale', () => {
    expect(levelDbfs(tone(1_000, 16_000, 16_000, 1))).toBeCloseTo(-3.01, 2)
    expect(levelDbfs(new Int16Array(100).fill(-32_768))).toBe(0)
    expect(levelDbfs(noise(-40, 16_000))).toBeCloseTo(-40, 0)
    expect(levelDbfs(new Int16Array(100))).toBe(-Infinity)
    expect(levelDbfs(new Int16Array(0))).toBe(-Infinity)
  })
})

describe('SampleCarry', () => {
  it('gives whole samples and loses no byte, however a stream is cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 4),
        fc.array(fc.uint8Array({ maxLength: 11 }), { maxLength: 20 }),
        (sampleBytes, messages) => {
          const carry = new SampleCarry(sampleBytes)
          const parts = messages.map(message => {
            const part = carry.take(message).slice()
            expect(part.length % sampleBytes).toBe(0)
            return part
          })
          const all = concatBytes(messages)
          expect(carry.heldBytes).toBe(all.length % sampleBytes)
          expect(concatBytes(parts)).toEqual(all.subarray(0, all.length - carry.heldBytes))
        },
      ),
    )
  })

  it('returns the message itself while nothing is split', () => {
    const carry = new SampleCarry(2)
    const message = Uint8Array.of(1, 2, 3, 4)
    expect(carry.take(message)).toBe(message)
    expect(carry.take(Uint8Array.of(5)).length).toBe(0)
    expect([...carry.take(message)]).toEqual([5, 1, 2, 3])
    carry.reset()
    expect(carry.take(message)).toBe(message)
  })

  it('does not keep a borrowed message', () => {
    const carry = new SampleCarry(2)
    const message = Uint8Array.of(1, 2, 3)
    carry.take(message)
    message.fill(0xee)
    expect([...carry.take(Uint8Array.of(4))]).toEqual([3, 4])
  })
})
