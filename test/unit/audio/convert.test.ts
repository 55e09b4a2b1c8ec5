import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AudioConverter } from '../../../src/audio/convert.js'
import { type AudioFormat, bytesPerSample } from '../../../src/audio/format.js'
import { decodeAlaw, decodeMulaw, encodeMulaw } from '../../../src/audio/g711.js'
import { pcmBytes, pcmView } from '../../../src/audio/pcm.js'
import { concatBytes, measureTone, tone } from './signals.js'

const ENCODINGS = ['linear16', 'mulaw', 'alaw'] as const
const anyFormat: fc.Arbitrary<AudioFormat> = fc.record({
  encoding: fc.constantFrom(...ENCODINGS),
  sampleRate: fc.constantFrom(8_000, 16_000, 24_000, 44_100, 48_000),
  channels: fc.constantFrom(1, 2),
})

function format(sampleRate: number, channels = 1, encoding: AudioFormat['encoding'] = 'linear16'): AudioFormat {
  return { encoding, sampleRate, channels }
}

function convertAll(bytes: Uint8Array, from: AudioFormat, to: AudioFormat): Uint8Array {
  const converter = new AudioConverter(from, to)
  return concatBytes([converter.convert(bytes), converter.flush()])
}

function interleave(left: Int16Array, right: Int16Array): Int16Array {
  return Int16Array.from({ length: left.length * 2 }, (_, i) => (i % 2 ? right : left)[i >> 1]!)
}

function channel(pcm: Int16Array, index: number): Int16Array {
  return pcm.filter((_, i) => i % 2 === index)
}

describe('any format to any other', () => {
  it('gives the same bytes however the input is cut, also within a sample', () => {
    fc.assert(
      fc.property(
        anyFormat,
        anyFormat,
        fc.uint8Array({ minLength: 0, maxLength: 6_000 }),
        fc.array(fc.integer({ min: 0, max: 2_500 }), { maxLength: 8 }),
        (from, to, bytes, cuts) => {
          const converter = new AudioConverter(from, to)
          const parts: Uint8Array[] = []
          let at = 0
          for (const size of [...cuts, bytes.length]) {
            parts.push(converter.convert(bytes.slice(at, at + size)))
            expect(parts.at(-1)!.length % bytesPerSample(to)).toBe(0)
            at += size
          }
          parts.push(converter.flush())
          expect(concatBytes(parts)).toEqual(convertAll(bytes, from, to))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('keeps the duration exactly, rounded up to whole samples', () => {
    fc.assert(
      fc.property(anyFormat, anyFormat, fc.integer({ min: 0, max: 3_000 }), (from, to, samples) => {
        const output = convertAll(new Uint8Array(samples * bytesPerSample(from)), from, to)
        expect(output.length / bytesPerSample(to)).toBe(Math.ceil((samples * to.sampleRate) / from.sampleRate))
      }),
    )
  })

  it.each(ENCODINGS.flatMap(from => ENCODINGS.map(to => [from, to] as const)))(
    'keeps a tone recognisable, %s 8 kHz stereo to %s 48 kHz mono',
    (fromEncoding, toEncoding) => {
      const mono = tone(440, 8_000, 8_000, 0.5)
      const input = convertAll(pcmBytes(mono), format(8_000), format(8_000, 2, fromEncoding))
      const output = convertAll(input, format(8_000, 2, fromEncoding), format(48_000, 1, toEncoding))
      const decode = { linear16: pcmView, mulaw: decodeMulaw, alaw: decodeAlaw }[toEncoding]
      const heard = measureTone(decode(output), 440, 48_000, 500)
      expect(heard.amplitude).toBeCloseTo(0.5, 2)
      expect(heard.delayMs).toBeCloseTo(0, 2)
      // G.711 itself has 38 dB.
      expect(heard.snrDb).toBeGreaterThan(fromEncoding === 'linear16' && toEncoding === 'linear16' ? 85 : 33)
    },
  )
})

describe('channels', () => {
  const left = tone(500, 16_000, 3_200, 0.8)
  const right = tone(900, 16_000, 3_200, 0.4)

  it('mixes two down to their mean, which cannot clip', () => {
    const mixed = pcmView(convertAll(pcmBytes(interleave(left, right)), format(16_000, 2), format(16_000)))
    expect(mixed).toEqual(left.map((sample, i) => (sample + right[i]!) >> 1))
    const loudest = Int16Array.of(32_767, 32_767, -32_768, -32_768)
    expect([...pcmView(convertAll(pcmBytes(loudest), format(16_000, 2), format(16_000)))]).toEqual([32_767, -32_768])
  })

  it('mixes companded channels as sound, not as codes', () => {
    const stereo = encodeMulaw(Int16Array.of(8_000, -8_000, 8_000, 8_000))
    const mixed = pcmView(convertAll(stereo, format(8_000, 2, 'mulaw'), format(8_000)))
    expect(mixed[0]).toBe(0)
    expect(Math.abs(mixed[1]! - 8_000)).toBeLessThan(200)
  })

  it('copies one to both', () => {
    const stereo = pcmView(convertAll(pcmBytes(left), format(16_000), format(48_000, 2)))
    const mono = pcmView(convertAll(pcmBytes(left), format(16_000), format(48_000)))
    expect(channel(stereo, 0)).toEqual(mono)
    expect(channel(stereo, 1)).toEqual(mono)
  })

  it.each(['linear16', 'mulaw'] as const)('keeps two apart, %s', encoding => {
    const bytes = convertAll(pcmBytes(interleave(left, right)), format(16_000, 2), format(16_000, 2, encoding))
    const stereo = pcmView(convertAll(bytes, format(16_000, 2, encoding), format(24_000, 2)))
    for (const [index, source] of [left, right].entries()) {
      const alone = convertAll(pcmBytes(source), format(16_000), format(16_000, 1, encoding))
      expect(channel(stereo, index)).toEqual(pcmView(convertAll(alone, format(16_000, 1, encoding), format(24_000))))
    }
  })
})

describe('life', () => {
  it('returns the input itself when there is nothing to do', () => {
    const converter = new AudioConverter(format(16_000), format(16_000))
    const message = Uint8Array.of(1, 2, 3, 4)
    expect(converter.convert(message)).toBe(message)
    expect([...converter.convert(Uint8Array.of(1, 2, 3))]).toEqual([1, 2])
    expect([...converter.convert(Uint8Array.of(4, 5))]).toEqual([3, 4])
    expect(converter.flush().length).toBe(0)
    expect(converter.convert(message)).toBe(message)
  })

  it("gives memory that is the caller's", () => {
    const converter = new AudioConverter(format(48_000), format(16_000))
    const input = pcmBytes(tone(440, 48_000, 960))
    const kept = converter.convert(input)
    const copy = kept.slice()
    input.fill(0xee)
    converter.convert(pcmBytes(tone(1_000, 48_000, 960)))
    expect(kept).toEqual(copy)
  })

  it.each([format(48_000), format(16_000)])('forgets the sound so far on reset, from %o', from => {
    const converter = new AudioConverter(from, format(16_000))
    const input = pcmBytes(tone(440, from.sampleRate, 960))
    converter.convert(Uint8Array.from({ length: 1_001 }, (_, i) => i))
    converter.reset()
    expect(concatBytes([converter.convert(input), converter.flush()])).toEqual(convertAll(input, from, format(16_000)))
  })

  it('refuses what it cannot convert, naming the field', () => {
    const opus = format(48_000, 1, 'opus')
    expect(() => new AudioConverter(opus, format(16_000))).toThrow(
      new TypeError('from.encoding: opus packets cannot be converted; use linear16, mulaw or alaw'),
    )
    expect(() => new AudioConverter(format(16_000), opus)).toThrow(/^to\.encoding: opus/)
    expect(() => new AudioConverter(format(16_000, 3), format(16_000))).toThrow('from.channels: 3 must be 1 or 2')
    expect(() => new AudioConverter(format(16_000), format(16_000, 0))).toThrow('to.channels: 0 must be 1 or 2')
    expect(() => new AudioConverter(format(16_000), format(-1))).toThrow(/^toRate: -1/)
  })
})
