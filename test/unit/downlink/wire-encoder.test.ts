import { describe, expect, it } from 'vitest'
import { pcmView } from '../../../src/audio/pcm.js'
import { WireEncoder } from '../../../src/downlink/wire-encoder.js'
import { tone } from './rig.js'

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function mono(encoding: 'linear16' | 'mulaw', sampleRate: number) {
  return { encoding, sampleRate, channels: 1 } as const
}

describe('WireEncoder', () => {
  it('passes audio through that needs no change', () => {
    const encoder = new WireEncoder(24_000, mono('linear16', 24_000))
    const pcm = tone(20, 24_000)
    expect(encoder.isIdentity).toBe(true)
    expect(encoder.encode(pcm)).toBe(pcm)
    expect(encoder.finish()).toHaveLength(0)
  })

  it.each([
    [48_000, 16_000],
    [24_000, 16_000],
    [44_100, 24_000],
    [16_000, 24_000],
  ])('gives from %d to %d Hz exactly as much audio as it got, however it is cut', (from, to) => {
    const encoder = new WireEncoder(from, mono('linear16', to))
    encoder.restart()
    const whole = tone(500, from)
    const parts: Uint8Array[] = []
    for (let at = 0, size = 2; at < whole.length; at += size, size = 2 + ((size * 7) % 3000)) {
      if (size % 2) size++
      parts.push(encoder.encode(whole.subarray(at, Math.min(whole.length, at + size))))
    }
    parts.push(encoder.finish())
    expect(joined(parts)).toHaveLength(2 * Math.ceil(((whole.length / 2) * to) / from))
  })

  it('writes G.711 at one byte a sample', () => {
    const encoder = new WireEncoder(16_000, mono('mulaw', 8000))
    encoder.restart()
    const wire = joined([encoder.encode(tone(200, 16_000)), encoder.finish()])
    expect(wire).toHaveLength(1600)
  })

  it.each([
    [48_000, 24_000, 16_000],
    [24_000, 24_000, 16_000],
    [48_000, 16_000, 48_000],
    [44_100, 22_050, 16_000],
  ])(
    'changes the rate of %d Hz speech from %d to %d Hz without a gap, a repetition or a click',
    (from, first, second) => {
      const before = tone(300, from)
      const after = tone(300, from, 300)
      const joinBytes = 2 * Math.round(from * 0.02)
      const a = new WireEncoder(from, mono('linear16', first))
      a.restart()
      const head = pcmView(joined([a.encode(before), a.finish(after.subarray(0, joinBytes))]))
      const b = new WireEncoder(from, mono('linear16', second))
      b.restart(before.subarray(before.length - joinBytes))
      const tail = pcmView(joined([b.encode(after), b.finish()]))
      expect(head).toHaveLength(Math.ceil(0.3 * first))
      expect(Math.abs(tail.length - 0.3 * second)).toBeLessThanOrEqual(1)
      // In phase on both sides of the joint; only the far ends, where the stream begins and stops, are left out.
      expect(worstFrom(head, first, 0, 40, head.length)).toBeLessThan(-70)
      expect(worstFrom(tail, second, 0.3, 0, tail.length - 40)).toBeLessThan(-60)
    },
  )

  it.each([24_001, 44_099, 7999, 8013])('takes %d Hz, which no filter fits, for the nearest that does', from => {
    const encoder = new WireEncoder(from, mono('linear16', 16_000))
    encoder.restart()
    const wire = joined([encoder.encode(tone(1000, from)), encoder.finish()])
    expect(Math.abs(wire.length / 2 / 16_000 - 1)).toBeLessThan(0.002)
  })

  it('loses nothing when it is finished right after it was restarted', () => {
    const encoder = new WireEncoder(48_000, mono('linear16', 16_000))
    encoder.restart(tone(20, 48_000))
    const one = encoder.encode(tone(1, 48_000, 20))
    const rest = encoder.finish(tone(20, 48_000, 21))
    expect(one.length + rest.length).toBe(2 * 16)
  })
})

/** The worst deviation of samples `from` to `to` from the tone that began `startS` before the first, in dB. */
function worstFrom(pcm: Int16Array, sampleRate: number, startS: number, from: number, to: number): number {
  let worst = 1e-9
  for (let i = from; i < to; i++) {
    const ideal = 8000 * Math.sin(2 * Math.PI * 440 * (startS + i / sampleRate))
    worst = Math.max(worst, Math.abs(pcm[i]! - ideal))
  }
  return 20 * Math.log10(worst / 32_768)
}
