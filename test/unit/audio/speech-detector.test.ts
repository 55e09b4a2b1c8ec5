import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AudioConverter } from '../../../src/audio/convert.js'
import type { AudioFormat } from '../../../src/audio/format.js'
import { pcmBytes } from '../../../src/audio/pcm.js'
import { SpeechDetector, type SpeechDetectorOptions } from '../../../src/audio/speech-detector.js'
import type { Vad } from '../../../src/audio/vad.js'
import { concat, mix, noise, speechLike } from './signals.js'

const PCM_16K: AudioFormat = { encoding: 'linear16', sampleRate: 16_000, channels: 1 }

type Event = readonly [name: 'start' | 'onset' | 'end', atMs: number]

class Recorder {
  readonly events: Event[] = []
  speechStart(atMs: number): void {
    this.events.push(['start', atMs])
  }
  onset(atMs: number): void {
    this.events.push(['onset', atMs])
  }
  speechEnd(atMs: number): void {
    this.events.push(['end', atMs])
  }
}

/** Takes the first sample of a frame for its probability, in percent. */
class ScriptedVad implements Vad {
  readonly frameSamples: number | undefined
  resets = 0
  constructor(frameSamples?: number) {
    this.frameSamples = frameSamples
  }
  push(pcm: Int16Array): number {
    return pcm[0]! / 100
  }
  reset(): void {
    this.resets++
  }
}

/** A detector over scripted probabilities; `play('900 ms at 0, ...')` is written as pairs of duration and percent. */
function scripted(options: SpeechDetectorOptions = {}, vad = new ScriptedVad()) {
  const heard = new Recorder()
  const detector = new SpeechDetector(PCM_16K, heard, { vad, ...options })
  const play = (...parts: (readonly [ms: number, percent: number])[]) => {
    for (const [ms, percent] of parts) detector.push(pcmBytes(new Int16Array(ms * 16).fill(percent)))
  }
  return { detector, heard, play, vad }
}

describe('a stretch of speech', () => {
  it('is reported with its beginning, its onset and its end', () => {
    const { heard, play } = scripted()
    play([500, 0], [1_000, 90], [500, 0])
    expect(heard.events).toEqual([
      ['start', 500],
      ['onset', 700],
      ['end', 1_500],
    ])
  })

  it('begins only after 60 ms of voice, so that a click is none', () => {
    const { detector, heard, play } = scripted()
    play([500, 0], [40, 90], [500, 0], [40, 90], [20, 0], [40, 90], [500, 0])
    expect(heard.events).toEqual([])
    expect(detector.speechMsTotal).toBe(0)
    expect(detector.silentForMs).toBe(detector.positionMs)
    play([60, 90])
    expect(heard.events).toEqual([['start', 1_640]])
    expect(detector.speaking).toBe(true)
  })

  it('bridges pauses shorter than hangMs and ends at longer ones', () => {
    const { heard, play } = scripted({ hangMs: 300 })
    play([300, 90], [280, 0], [300, 90], [300, 0])
    expect(heard.events).toEqual([
      ['start', 0],
      ['onset', 200],
      ['end', 880],
    ])
  })

  it('does not count pauses towards the onset', () => {
    const { heard, play } = scripted({ onsetMs: 200 })
    play([100, 90], [100, 0], [80, 90])
    expect(heard.events).toEqual([['start', 0]])
    play([20, 90], [1_000, 90])
    expect(heard.events).toEqual([
      ['start', 0],
      ['onset', 300],
    ])
  })

  it('goes on at a probability that would not begin it', () => {
    const { heard, play } = scripted()
    play([200, 45], [100, 55], [400, 40], [300, 30])
    expect(heard.events).toEqual([
      ['start', 200],
      ['onset', 400],
      ['end', 700],
    ])
  })

  it('reports the onset again in the next stretch', () => {
    const { heard, play } = scripted({ onsetMs: 100 })
    play([200, 90], [300, 0], [200, 90])
    expect(heard.events.filter(([name]) => name === 'onset')).toEqual([
      ['onset', 100],
      ['onset', 600],
    ])
  })

  it('takes a probability that is no number for silence', () => {
    const { heard, detector } = scripted({ vad: { push: () => Number.NaN } })
    detector.push(new Uint8Array(32_000))
    expect(heard.events).toEqual([])
    expect(detector.silentForMs).toBe(1_000)
  })
})

describe('silence', () => {
  it('is counted from the end of the voice', () => {
    const { detector, play } = scripted({ hangMs: 60 })
    play([100, 90])
    expect(detector.silentForMs).toBe(0)
    play([40, 0])
    expect([detector.speaking, detector.silentForMs]).toEqual([true, 40])
    play([60, 0])
    expect([detector.speaking, detector.silentForMs]).toEqual([false, 100])
    play([20, 90], [20, 0])
    expect(detector.silentForMs).toBe(140)
  })

  it('is counted from the start of the stream before anybody spoke', () => {
    const { detector, play } = scripted()
    play([40, 0])
    expect(detector.silentForMs).toBe(40)
  })
})

describe('totals and positions', () => {
  it('count voice without its pauses', () => {
    const { detector, play } = scripted()
    play([100, 0], [200, 90], [100, 0], [300, 90], [500, 0], [100, 90])
    expect(detector.speechMsTotal).toBe(600)
    expect(detector.positionMs).toBe(1_300)
  })

  it('wait for a whole frame', () => {
    const { detector, play } = scripted()
    play([19, 90])
    expect(detector.positionMs).toBe(0)
    play([1, 90])
    expect(detector.positionMs).toBe(20)
  })

  it('follow the frame of the detector that is plugged in', () => {
    const { detector, heard, play } = scripted({}, new ScriptedVad(512))
    play([512, 0], [96, 90])
    expect(detector.positionMs).toBe(608)
    expect(heard.events).toEqual([['start', 512]])
  })
})

describe('missing sound', () => {
  it('ends speech before a long hole and counts silence anew after it', () => {
    const { detector, heard, play } = scripted()
    play([300, 90])
    detector.skip(1_000)
    expect(heard.events.at(-1)).toEqual(['end', 300])
    expect(detector.positionMs).toBe(1_300)
    expect(detector.silentForMs).toBe(0)
    play([20, 0])
    expect(detector.silentForMs).toBe(20)
  })

  it('lets speech go on over a short hole', () => {
    const { detector, heard, play } = scripted()
    play([300, 90])
    detector.skip(100)
    play([100, 90], [200, 0])
    expect(heard.events).toEqual([
      ['start', 0],
      ['onset', 200],
      ['end', 500],
    ])
    expect(detector.speechMsTotal).toBe(400)
  })

  it('ends speech when a short hole completes a long pause', () => {
    const { detector, heard, play } = scripted()
    play([300, 90], [120, 0])
    detector.skip(100)
    expect(heard.events.at(-1)).toEqual(['end', 300])
  })

  it('never adds up to an endpoint', () => {
    const { detector, play } = scripted()
    play([300, 90], [300, 0])
    detector.skip(10_000)
    play([20, 0])
    expect(detector.silentForMs).toBe(20)
  })

  it('joins no frame across the hole', () => {
    const { detector, heard, play } = scripted()
    play([15, 0])
    detector.skip(5)
    expect(detector.positionMs).toBe(20)
    play([60, 90])
    expect(heard.events).toEqual([['start', 20]])
  })

  it('forgets half a sample', () => {
    const { detector, heard, play } = scripted()
    detector.push(Uint8Array.of(1))
    detector.skip(20)
    play([60, 90])
    expect(heard.events).toEqual([['start', 20]])
  })
})

it('starts again where reset says, without an event', () => {
  const { detector, heard, play, vad } = scripted()
  play([300, 90], [10, 90])
  detector.reset(5_000)
  expect(vad.resets).toBe(1)
  expect([detector.speaking, detector.speechMsTotal, detector.silentForMs, detector.positionMs]).toEqual([
    false,
    0,
    0,
    5_000,
  ])
  expect(heard.events.length).toBe(2)
  play([60, 90])
  expect(heard.events.at(-1)).toEqual(['start', 5_000])
})

describe('any format', () => {
  const speech = concat(noise(-65, 16_000), mix(speechLike(-28, 1_000), noise(-65, 16_000)), noise(-65, 16_000))

  it.each([
    { encoding: 'linear16', sampleRate: 16_000, channels: 1 },
    { encoding: 'linear16', sampleRate: 44_100, channels: 2 },
    { encoding: 'linear16', sampleRate: 48_000, channels: 1 },
    { encoding: 'mulaw', sampleRate: 8_000, channels: 1 },
    { encoding: 'alaw', sampleRate: 8_000, channels: 2 },
  ] as const)('is heard alike, $encoding $sampleRate Hz, $channels channel(s)', format => {
    const converter = new AudioConverter(PCM_16K, format)
    const bytes = converter.convert(pcmBytes(speech))
    for (const vad of [undefined, new ScriptedSpeech()]) {
      const heard = new Recorder()
      new SpeechDetector(format, heard, { vad }).push(bytes)
      expect(heard.events.map(([name]) => name)).toEqual(['start', 'onset', 'end'])
      expect(Math.abs(heard.events[0]![1] - 1_000)).toBeLessThanOrEqual(20)
      expect(Math.abs(heard.events[2]![1] - 1_960)).toBeLessThanOrEqual(60)
    }
  })

  it('is heard the same however the stream is cut', () => {
    const formats: AudioFormat[] = [PCM_16K, { ...PCM_16K, sampleRate: 24_000 }, { ...PCM_16K, channels: 2 }]
    fc.assert(
      fc.property(
        fc.constantFrom(...formats),
        fc.array(fc.oneof(fc.constant(640), fc.integer({ min: 0, max: 20_000 })), { minLength: 1, maxLength: 40 }),
        (format, sizes) => {
          const bytes = new AudioConverter(PCM_16K, format).convert(pcmBytes(speech))
          const whole = new Recorder()
          new SpeechDetector(format, whole).push(bytes)
          const cut = new Recorder()
          const detector = new SpeechDetector(format, cut)
          let at = 0
          for (let i = 0; at < bytes.length; i++) {
            const size = Math.max(1, sizes[i % sizes.length]!)
            detector.push(bytes.slice(at, at + size))
            at += size
          }
          expect(cut).toEqual(whole)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('refuses opus', () => {
    expect(() => new SpeechDetector({ ...PCM_16K, encoding: 'opus' }, new Recorder())).toThrow(TypeError)
  })
})

/** Voice by peak level alone. */
class ScriptedSpeech implements Vad {
  push(pcm: Int16Array): number {
    return pcm.length === 320 && pcm.some(sample => Math.abs(sample) > 800) ? 1 : 0
  }
}
