import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readWav, WavError, writeWav } from '../../../src/audio/wav.js'
import { concatBytes, tone } from './signals.js'

const PCM = tone(440, 16_000, 1_600)

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, char => char.charCodeAt(0))
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)
}

function chunk(id: string, body: Uint8Array, size = body.length): Uint8Array {
  return concatBytes([ascii(id), u32(size), body, new Uint8Array(body.length % 2)])
}

function riff(chunks: readonly Uint8Array[], size?: number): Uint8Array {
  const body = concatBytes(chunks)
  return concatBytes([ascii('RIFF'), u32(size ?? body.length + 4), ascii('WAVE'), body])
}

function fmt(
  fields: { tag?: number; channels?: number; rate?: number; bits?: number; rest?: Uint8Array } = {},
): Uint8Array {
  const { tag = 1, channels = 1, rate = 16_000, bits = 16, rest = new Uint8Array(0) } = fields
  const align = (channels * bits) / 8
  const body = concatBytes([
    Uint8Array.of(tag, tag >> 8, channels, channels >> 8),
    u32(rate),
    u32(rate * align),
    Uint8Array.of(align, align >> 8, bits, bits >> 8),
    rest,
  ])
  return chunk('fmt ', body)
}

function extension(subFormat: number, tail = '000000001000800000aa00389b71'): Uint8Array {
  const guidTail = Uint8Array.from(tail.match(/../g)!, hex => Number.parseInt(hex, 16))
  return concatBytes([Uint8Array.of(22, 0, 16, 0, 4, 0, 0, 0, subFormat, subFormat >> 8), guidTail])
}

const DATA = chunk('data', new Uint8Array(PCM.buffer))

describe('reading what was written', () => {
  it('gives back any samples, rate and channels', () => {
    fc.assert(
      fc.property(
        fc.int16Array({ maxLength: 200 }),
        fc.integer({ min: 1, max: 192_000 }),
        fc.integer({ min: 1, max: 8 }),
        (samples, rate, channels) => {
          const pcm = samples.slice(0, samples.length - (samples.length % channels))
          const wav = readWav(writeWav(pcm, rate, channels))
          expect(wav).toEqual({ sampleRate: rate, channels, pcm })
        },
      ),
    )
  })

  it('writes the 44-byte header every reader knows', () => {
    const file = writeWav(Int16Array.of(1, -1), 48_000, 2)
    expect(file).toEqual(riff([fmt({ channels: 2, rate: 48_000 }), chunk('data', Uint8Array.of(1, 0, 255, 255))]))
    expect(file.length).toBe(48)
  })

  it('reads a file that begins at an odd address', () => {
    const moved = concatBytes([Uint8Array.of(0), writeWav(PCM, 8_000)]).subarray(1)
    expect(readWav(moved).pcm).toEqual(PCM)
  })
})

describe('files of other writers', () => {
  it('passes over further chunks, with the padding of odd ones', () => {
    const odd = chunk('LIST', ascii('INFOabc'))
    const file = riff([odd, fmt(), chunk('fact', u32(1_600)), odd, DATA, chunk('id3 ', ascii('later'))])
    expect(readWav(file)).toEqual({ sampleRate: 16_000, channels: 1, pcm: PCM })
  })

  it('reads extensible headers of PCM', () => {
    expect(readWav(riff([fmt({ tag: 0xfffe, channels: 2, rest: extension(1) }), DATA]))).toEqual({
      sampleRate: 16_000,
      channels: 2,
      pcm: PCM,
    })
  })

  it.each([
    ['0xffffffff in both', 0xffffffff, 0xffffffff],
    ['0 in both', 0, 0],
    ['0 data in a header of 36', 36, 0],
    ['0 data of unknown total', 0xffffffff, 0],
    ['more than there is', 0x7fffffff, 0x7fffff00],
  ])('reads a streamed file as far as it goes: %s', (_, riffSize, dataSize) => {
    const file = riff([fmt(), chunk('data', new Uint8Array(PCM.buffer), dataSize)], riffSize)
    expect(readWav(file).pcm).toEqual(PCM)
  })

  it('reads a file without sound', () => {
    expect(readWav(riff([fmt(), chunk('data', new Uint8Array(0)), chunk('LIST', ascii('INFO'))])).pcm.length).toBe(0)
  })

  it('leaves out a last incomplete frame', () => {
    expect([...readWav(riff([fmt({ channels: 2 }), chunk('data', Uint8Array.of(1, 0, 2, 0, 3, 0, 4))])).pcm]).toEqual([
      1, 2,
    ])
  })
})

describe('refusals', () => {
  it.each([
    ['nothing', new Uint8Array(0), 'not a WAV file: it does not begin with a RIFF/WAVE header'],
    ['an MP3', ascii('ID3\u0004 and so on and on'), 'not a WAV file: it does not begin with a RIFF/WAVE header'],
    ['an AVI', concatBytes([ascii('RIFF'), u32(4), ascii('AVI ')]), 'not a WAV file: '],
    ['A-law', riff([fmt({ tag: 6, bits: 8 }), DATA]), 'holds A-law (format 0x0006); convert it to 16-bit PCM'],
    ['floats', riff([fmt({ tag: 3, bits: 32 }), DATA]), 'holds floating point (format 0x0003)'],
    [
      'extensible floats',
      riff([fmt({ tag: 0xfffe, rest: extension(3) }), DATA]),
      'holds floating point (format 0x0003)',
    ],
    ['another GUID', riff([fmt({ tag: 0xfffe, rest: extension(1, '11'.repeat(14)) }), DATA]), 'holds format 0xfffe'],
    ['an unfinished extension', riff([fmt({ tag: 0xfffe }), DATA]), 'holds format 0xfffe'],
    ['an unknown format', riff([fmt({ tag: 0x1234 }), DATA]), 'holds format 0x1234; convert it'],
    ['8 bits', riff([fmt({ bits: 8 }), DATA]), 'has 8-bit samples; convert it to 16-bit PCM'],
    ['24 bits', riff([fmt({ bits: 24 }), DATA]), 'has 24-bit samples; convert it to 16-bit PCM'],
    ['no channels', riff([fmt({ channels: 0 }), DATA]), 'broken WAV file: 0 channels'],
    ['no rate', riff([fmt({ rate: 0 }), DATA]), 'broken WAV file: a sample rate of 0 Hz'],
    ['a short fmt chunk', riff([chunk('fmt ', new Uint8Array(14)), DATA]), 'the fmt chunk is too short'],
    ['data first', riff([DATA, fmt()]), 'broken WAV file: no fmt chunk before the data'],
    ['no data', riff([fmt()]), 'broken WAV file: no data chunk'],
  ])('says what is wrong with %s', (_, file, message) => {
    expect(() => readWav(file)).toThrow(message)
    expect(() => readWav(file)).toThrow(WavError)
  })

  it('reads or refuses any bytes, and never fails otherwise', () => {
    const seed = riff([chunk('LIST', ascii('INFOabc')), fmt({ tag: 0xfffe, rest: extension(1) }), DATA]).subarray(
      0,
      120,
    )
    const damage = fc.array(fc.tuple(fc.nat({ max: 119 }), fc.nat({ max: 255 })), { maxLength: 4 })
    fc.assert(
      fc.property(damage, fc.nat({ max: 120 }), (changes, length) => {
        const file = seed.slice(0, length)
        for (const [at, value] of changes) if (at < length) file[at] = value
        try {
          readWav(file)
        } catch (error) {
          expect(error).toBeInstanceOf(WavError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
