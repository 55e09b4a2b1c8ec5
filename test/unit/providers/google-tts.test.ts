import { beforeEach, describe, expect, it } from 'vitest'
import { type GoogleOptions, google } from '../../../adapters/providers/google.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { FakeGoogle } from '../../fixtures/providers/google/fake-google.js'
import { InProcessGoogle } from '../../fixtures/providers/google/in-process.js'
import { openTts } from '../../fixtures/providers/streams.js'

let fake: FakeGoogle
let sdk: InProcessGoogle

beforeEach(() => {
  fake = new FakeGoogle()
  sdk = new InProcessGoogle(fake)
})

function vendor({ tts, ...options }: GoogleOptions = {}): ReturnType<typeof google> {
  return google({ ...options, tts: { sdk: sdk.tts, ...tts } })
}

const unary = { tts: { voice: 'en-GB-Neural2-A' } }

describe('synthesis that streams', () => {
  it('asks for what was configured', async () => {
    const { stream, sink } = await openTts(vendor({ tts: { audioConfig: { volume: 1 } } }).tts, { speakingRate: 1.5 })
    stream.speak('Hello.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('Hello.')
    expect(fake.last.requests[0]!.streamingConfig).toEqual({
      voice: { languageCode: 'en-US', name: 'en-US-Chirp3-HD-Charon' },
      streamingAudioConfig: { audioEncoding: 'PCM', sampleRateHertz: 16_000, speakingRate: 1.5, volume: 1 },
    })
  })

  it('speaks contexts in calls of their own, at once', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('One.', { contextId: 'a' })
    stream.speak('Two.', { contextId: 'b', end: true })
    await sink.untilDone('b')
    stream.speak(' And more.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect([sink.heard('a'), sink.heard('b')]).toEqual(['One. And more.', 'Two.'])
    expect(fake.calls).toHaveLength(2)
  })

  it('ends a call whose text is late before Google aborts it, and says the rest in another', async () => {
    const clock = new ManualClock()
    const { stream, sink } = await openTts(vendor({ clock }).tts)
    stream.speak('One. ', { contextId: 'a' })
    await sink.until('audio')
    clock.advance(4000)
    expect(clock.pending).toBe(0)
    stream.speak('Two.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('One. Two.')
    expect(fake.calls).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })

  it('counts from the last text', async () => {
    const clock = new ManualClock()
    const { stream, sink } = await openTts(vendor({ clock }).tts)
    stream.speak('One. ', { contextId: 'a' })
    clock.advance(3000)
    stream.speak('Two. ', { contextId: 'a' })
    clock.advance(3000)
    stream.speak('Three.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect([sink.heard('a'), fake.calls.length]).toEqual(['One. Two. Three.', 1])
  })

  it('cancels a call, at once for the owner and at Google', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('A very long story. '.repeat(20), { contextId: 'a', end: true })
    await sink.until('audio')
    stream.cancel('a')
    await sink.untilDone('a')
    await expect.poll(() => fake.last.cancelled).toBe(true)
    const count = sink.of('audio').length
    stream.close()
    await sink.until('closed')
    expect(sink.of('audio')).toHaveLength(count)
  })

  it('takes no audio while it is paused', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.pause?.()
    stream.speak('A very long story. '.repeat(20), { contextId: 'a', end: true })
    await new Promise(resolve => setTimeout(resolve, 30))
    expect(sink.of('audio')).toHaveLength(0)
    stream.resume?.()
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('A very long story. '.repeat(20))
  })

  it('loses a text that Google refuses, and not the stream', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('x'.repeat(5001), { contextId: 'a', end: true })
    expect((await sink.untilDone('a')).failure).toMatchObject({ class: 'data', vendorCode: 'INVALID_ARGUMENT' })
    stream.speak('Hello.', { contextId: 'b', end: true })
    expect((await sink.untilDone('b')).failure).toBeUndefined()
  })

  it('says words as they are to be pronounced', async () => {
    const { stream, sink } = await openTts(vendor().tts, {
      pronunciations: [{ word: 'uWS', pronunciation: 'micro web sockets' }],
    })
    stream.speak('Use uWS.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('Use micro web sockets.')
  })
})

describe('synthesis that answers at once', () => {
  it('asks text by text, and takes the samples out of the files', async () => {
    const { stream, sink } = await openTts(vendor(unary).tts, { speakingRate: 0.9 })
    stream.speak('One. ', { contextId: 'a' })
    stream.speak('Two.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('One. Two.')
    expect(fake.texts[0]).toEqual({
      input: { text: 'One. ' },
      voice: { languageCode: 'en-GB', name: 'en-GB-Neural2-A' },
      audioConfig: { audioEncoding: 'LINEAR16', sampleRateHertz: 16_000, speakingRate: 0.9 },
    })
    const { audio } = sink.of('audio')[0]!
    expect(audio.length).toBe(5 * 320)
  })

  it('can be paused within an answer', async () => {
    const { stream, sink } = await openTts(vendor(unary).tts)
    stream.speak('A very long story. '.repeat(20), { contextId: 'a', end: true })
    await sink.until('audio')
    stream.pause?.()
    await new Promise(resolve => setTimeout(resolve, 20))
    const count = sink.of('audio').length
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(sink.of('audio')).toHaveLength(count)
    stream.resume?.()
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('A very long story. '.repeat(20))
  })
})

it.each([
  ['streams', {}],
  ['answers at once', unary],
])('bears a listener that throws where synthesis %s', async (_, options) => {
  const onMessage = (): void => {
    throw new Error('listener')
  }
  const { stream, sink } = await openTts(vendor({ ...options, onMessage }).tts)
  stream.speak('Hello.', { contextId: 'a', end: true })
  expect((await sink.untilDone('a')).failure).toBeUndefined()
  expect(sink.of('warning')[0]).toMatchObject({ code: 'unreadable_message', message: 'listener' })
})
