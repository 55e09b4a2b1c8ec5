import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FRAME_MS, FRAME_SAMPLES } from '../../../adapters/providers/embedded/frames.js'
import { spokenText } from '../../../adapters/providers/embedded/hypothesis.js'
import type { SpeechEvent } from '../../../adapters/providers/embedded/messages.js'
import { Recogniser } from '../../../adapters/providers/embedded/recogniser.js'
import type { Transcript } from '../../../src/providers/contracts.js'

const options = { endpointMs: 500, maxUtteranceMs: 15_000 }
const VOICE = 1000
const HUM = 2000

/** Hears a word per ten frames of voice; a hum is voice without words. Takes down every sample it is given. */
class FakeDecoder {
  readonly utterances: number[][] = []
  running = false
  words = 0

  start(): void {
    expect(this.running).toBe(false)
    this.running = true
    this.words = 0
    this.utterances.push([])
  }

  process(samples: Int16Array): void {
    expect(this.running).toBe(true)
    const heard = this.utterances.at(-1)!
    heard.push(...samples.filter((_, index) => index % FRAME_SAMPLES === 0))
    this.words = Math.floor(heard.filter(sample => sample >= VOICE && sample < HUM).length / 10)
  }

  hypothesis(): string {
    return Array.from({ length: this.words }, (_, index) => `word${index + 1}(2)`).join(' ')
  }

  finish(): string {
    expect(this.running).toBe(true)
    this.running = false
    return `<s> ${this.hypothesis()} <sil>`
  }
}

function setUp(overrides: Partial<typeof options> = {}) {
  const decoder = new FakeDecoder()
  const events: SpeechEvent[] = []
  const classifier = { isVoice: (samples: Int16Array) => samples[0]! >= VOICE }
  const recogniser = new Recogniser(decoder, classifier, { ...options, ...overrides }, event => events.push(event))
  let frame = 0
  /** `ms` of frames that carry their number, so that the decoder can tell which it was given. */
  const sound = (ms: number, level: number) => {
    const samples = new Int16Array((ms / FRAME_MS) * FRAME_SAMPLES)
    for (let at = 0; at < samples.length; at += FRAME_SAMPLES) samples[at] = level + (frame++ % 1000)
    return new Uint8Array(samples.buffer)
  }
  const hear = (ms: number, level: number) => recogniser.push(sound(ms, level))
  const results = () => events.filter((event): event is Transcript => event.kind !== 'started')
  const finals = () => results().filter(({ kind }) => kind !== 'interim')
  return { decoder, events, recogniser, sound, hear, results, finals }
}

describe('an utterance', () => {
  it('begins after three voiced frames, with 300 ms from before its end given to the decoder', () => {
    const { decoder, events, hear } = setUp()
    hear(1000, 0)
    hear(40, VOICE)
    expect(events).toEqual([])
    hear(20, VOICE)
    expect(events).toEqual([{ kind: 'started', atMs: 1000 }])
    const frames = decoder.utterances[0]!
    expect(frames).toHaveLength(15)
    expect(frames.slice(0, 12)).toEqual(Array.from({ length: 12 }, (_, index) => 38 + index))
  })

  it('does not begin with clicks', () => {
    const { events, hear } = setUp()
    for (let i = 0; i < 20; i++) {
      hear(40, VOICE)
      hear(60, 0)
    }
    expect(events).toEqual([])
  })

  it('ends after the endpoint silence, at its last voice, with a speech-final', () => {
    const { finals, hear } = setUp()
    hear(400, 0)
    hear(600, VOICE)
    hear(480, 0)
    expect(finals()).toEqual([])
    hear(20, 0)
    expect(finals()).toEqual([{ kind: 'speech-final', text: 'word1 word2 word3', startMs: 400, endMs: 1000 }])
  })

  it('gives an interim when its text changes, and only then', () => {
    const { results, hear } = setUp()
    hear(1000, VOICE)
    const interims = results()
    expect(interims.map(({ text }) => text)).toEqual(
      [1, 2, 3, 4, 5].map(count => Array.from({ length: count }, (_, index) => `word${index + 1}`).join(' ')),
    )
    for (const { startMs, endMs } of interims) expect([startMs, endMs % 20]).toEqual([0, 0])
  })

  it('is not reported when nothing was understood', () => {
    const { events, hear, recogniser } = setUp()
    hear(1000, HUM)
    hear(600, 0)
    hear(1000, HUM)
    recogniser.finalize()
    recogniser.end()
    expect(events.map(event => event.kind)).toEqual(['started', 'started'])
  })

  it('reaches the decoder whole and in order, and silence between utterances does not', () => {
    const { decoder, hear } = setUp()
    hear(1000, 0)
    hear(700, VOICE)
    hear(2000, 0)
    hear(700, VOICE)
    hear(2000, 0)
    expect(decoder.utterances).toHaveLength(2)
    for (const frames of decoder.utterances) {
      const numbers = frames.map(sample => sample % 1000)
      expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index))
      expect(frames).toHaveLength(12 + 35 + 25)
    }
  })
})

describe('a long utterance', () => {
  it('is given in parts, the last of which ends it', () => {
    const { finals, hear } = setUp({ maxUtteranceMs: 2000 })
    hear(5000, VOICE)
    hear(600, 0)
    expect(finals().map(({ kind, startMs, endMs }) => [kind, startMs, endMs])).toEqual([
      ['final', 0, 2000],
      ['final', 2000, 4000],
      ['speech-final', 4000, 5000],
    ])
  })

  it('is ended also when nothing was said after its last part', () => {
    const { finals, hear, recogniser } = setUp()
    hear(1000, VOICE)
    recogniser.finalize()
    hear(600, 0)
    expect(finals().map(({ kind, text }) => [kind, text])).toEqual([
      ['final', 'word1 word2 word3 word4 word5'],
      ['speech-final', ''],
    ])
  })
})

describe('finalize', () => {
  it('gives a final and goes on with the same utterance', () => {
    const { events, finals, hear, recogniser } = setUp()
    hear(400, VOICE)
    recogniser.finalize()
    hear(400, VOICE)
    hear(600, 0)
    expect(finals().map(({ kind, startMs, endMs }) => [kind, startMs, endMs])).toEqual([
      ['final', 0, 400],
      ['speech-final', 400, 800],
    ])
    expect(events.filter(event => event.kind === 'started')).toHaveLength(1)
  })

  it('does nothing in silence', () => {
    const { events, hear, recogniser } = setUp()
    hear(1000, 0)
    recogniser.finalize()
    expect(events).toEqual([])
  })
})

describe('the end of the stream', () => {
  it('ends an open utterance', () => {
    const { decoder, finals, hear, recogniser } = setUp()
    hear(420, VOICE)
    recogniser.end()
    expect(finals()).toMatchObject([{ kind: 'speech-final', text: 'word1 word2', endMs: 420 }])
    expect(decoder.running).toBe(false)
  })
})

describe('audio', () => {
  it('gives the same events however it is cut into messages', () => {
    const whole = setUp()
    const audio = Buffer.concat([whole.sound(500, 0), whole.sound(900, VOICE), whole.sound(700, 0)])
    whole.recogniser.push(audio)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }), sizes => {
        const parts = setUp()
        for (let offset = 0, i = 0; offset < audio.length; i++) {
          const size = sizes[i % sizes.length]!
          parts.recogniser.push(audio.subarray(offset, offset + size))
          offset += size
        }
        expect(parts.events).toEqual(whole.events)
        expect(parts.decoder.utterances).toEqual(whole.decoder.utterances)
      }),
      { numRuns: 50 },
    )
  })

  it('counts as processed when the decoder has heard it or need not', () => {
    const { hear, recogniser } = setUp()
    hear(400, 0)
    expect(recogniser.processedBytes).toBe(400 * 32)
    hear(60, VOICE)
    expect(recogniser.processedBytes).toBe(460 * 32)
    hear(80, VOICE)
    expect(recogniser.processedBytes).toBe(460 * 32)
    hear(20, VOICE)
    expect(recogniser.processedBytes).toBe(560 * 32)
  })
})

describe('the text of a hypothesis', () => {
  it('is its words without pronunciation numbers, noises and marks', () => {
    expect(spokenText('<s> i(2) read(3) <sil> it [NOISE] ++UM++ <unk> </s>')).toBe('i read it')
    expect(spokenText('<s> </s>')).toBe('')
    expect(spokenText('')).toBe('')
  })
})
