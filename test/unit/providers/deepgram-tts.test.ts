import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DeepgramOptions, deepgram } from '../../../adapters/providers/deepgram.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { FakeDeepgram } from '../../fixtures/providers/deepgram.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { connectTts, openTts } from '../../fixtures/providers/streams.js'

let fake: FakeDeepgram

beforeEach(async () => {
  fake = await new FakeDeepgram().listen()
})

afterEach(() => fake.close())

function tts(options: DeepgramOptions = {}): ReturnType<typeof deepgram>['tts'] {
  return deepgram({ apiKey: fakeKey, baseUrl: fake.url, ...options }).tts
}

describe('synthesis over /v1/speak', () => {
  it('asks for the voice and the format', async () => {
    const mulaw = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const
    const { sink } = connectTts(tts(), { voiceId: 'aura-2-apollo-en', speakingRate: 1.2 }, mulaw)
    await sink.until('open')
    expect(Object.fromEntries(fake.last.query)).toEqual({
      model: 'aura-2-apollo-en',
      encoding: 'mulaw',
      sample_rate: '8000',
      speed: '1.2',
    })
  })

  it('speaks a text and says once that it is done, after all of its audio', async () => {
    const { stream, sink } = await openTts(tts())
    stream.speak('Hello there, how are you?', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('Hello there, how are you?')
    expect(sink.types().slice(-2)).toEqual(['audio', 'done'])
    expect(fake.last.messages).toEqual([{ type: 'Speak', text: 'Hello there, how are you?' }, { type: 'Flush' }])
  })

  it('speaks text that comes in pieces, flushing only what there is to flush', async () => {
    const { stream, sink } = await openTts(tts())
    stream.speak('One ', { contextId: 'a', flush: false })
    stream.speak('two ', { contextId: 'a' })
    stream.flush?.('a')
    stream.speak('three', { contextId: 'a', flush: false })
    stream.speak('', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('One two three')
    expect(fake.last.texts.filter(text => text.includes('Flush'))).toHaveLength(2)
    expect(sink.of('done')).toHaveLength(1)
  })

  it('is done at once with a context that never had text', async () => {
    const { stream, sink } = await openTts(tts())
    stream.speak('', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(fake.last.texts).toEqual([])
  })

  it('is silent after a cancel, whatever still arrives, and then speaks the next context', async () => {
    fake.next({ lateAudio: 3 })
    const { stream, sink } = await openTts(tts())
    stream.speak('This is going to be a very long sentence that nobody wants to hear.', { contextId: 'a', end: true })
    await sink.until('audio')
    stream.cancel('a')
    const heard = sink.heard('a')
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe(heard)
    stream.speak('Sorry.', { contextId: 'b', end: true })
    await sink.untilDone('b')
    expect(sink.heard('b')).toBe('Sorry.')
    expect(sink.of('done').map(({ contextId }) => contextId)).toEqual(['a', 'b'])
  })

  it('speaks another context at once after a cancel, and keeps the two apart', async () => {
    fake.next({ lateAudio: 3 })
    const { stream, sink } = await openTts(tts())
    stream.speak('This is going to be a very long sentence that nobody wants to hear.', { contextId: 'a', end: true })
    await sink.until('audio')
    stream.cancel('a')
    stream.speak('Not this either.', { contextId: 'b', end: true })
    stream.cancel('b')
    stream.speak('But this.', { contextId: 'c', end: true })
    await sink.untilDone('c')
    expect(sink.of('done').map(({ contextId }) => contextId)).toEqual(['a', 'b', 'c'])
    expect([sink.heard('b'), sink.heard('c')]).toEqual(['', 'But this.'])
  })

  it('refuses a second context while one is open, and goes on with the first', async () => {
    const { stream, sink } = await openTts(tts())
    stream.speak('First.', { contextId: 'a' })
    stream.speak('Second.', { contextId: 'b', end: true })
    stream.speak('', { contextId: 'a', end: true })
    expect((await sink.untilDone('b')).failure).toMatchObject({ class: 'rate' })
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('First.')
  })

  it('stops taking audio while paused', async () => {
    const { stream, sink } = await openTts(tts())
    stream.speak('A text that takes some time to say.', { contextId: 'a', end: true })
    stream.pause?.()
    await fake.last.said('Flush')
    // Long enough for all of it to be said.
    await fake.last.later(500)
    const pieces = sink.of('audio').length
    stream.resume?.()
    await sink.untilDone('a')
    expect(pieces).toBe(0)
    expect(sink.heard('a')).toBe('A text that takes some time to say.')
  })

  it('says goodbye', async () => {
    const { stream, sink } = await openTts(tts())
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(fake.last.messages).toEqual([{ type: 'Close' }])
  })

  it('pings while it has nothing to say', async () => {
    const { stream, sink } = await openTts(tts())
    stream.keepAlive?.()
    stream.close()
    await sink.until('closed')
    expect(fake.last.pings).toBe(1)
  })
})

describe('the quota of flushes', () => {
  beforeEach(async () => {
    await fake.close()
    fake = await new FakeDeepgram({ timeScale: 0.001 }).listen()
  })

  it('is never exceeded: a flush too many waits for its window', async () => {
    const clock = new ManualClock()
    const { stream, sink } = await openTts(tts({ clock }))
    for (let count = 0; count < 21; count++) stream.speak(`${count} `, { contextId: 'a' })
    stream.speak('', { contextId: 'a', end: true })
    await sink.when(() => sink.heard('a').endsWith('19 '), 'the twentieth')
    expect(fake.last.texts.filter(text => text.includes('Flush'))).toHaveLength(20)
    expect(sink.of('warning')).toEqual([])
    await fake.last.later(60_000)
    clock.advance(60_000)
    await sink.untilDone('a')
    expect(sink.heard('a')).toMatch(/^0 1 2 .* 19 20 $/)
  })

  it('is renewed by another connection between two contexts', async () => {
    const clock = new ManualClock()
    const { stream, sink } = await openTts(tts({ clock }))
    for (let count = 0; count < 20; count++) {
      stream.speak('Yes.', { contextId: `${count}`, end: true })
      await sink.untilDone(`${count}`)
      clock.advance(1000)
    }
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'lifetime', requestId: 'request-1' })
    expect(clock.pending).toBe(0)
  })

  it('is believed to be used up when Deepgram says so: what was not flushed is flushed again', async () => {
    const clock = new ManualClock()
    const provider = tts({ clock, limits: { ttsFlushes: 100 } })
    const { stream, sink } = await openTts(provider)
    for (let count = 0; count < 21; count++) stream.speak(`${count} `, { contextId: 'a' })
    stream.speak('', { contextId: 'a', end: true })
    expect(await sink.until('warning')).toMatchObject({ code: 'EXCESSIVE_FLUSH' })
    await fake.last.later(60_000)
    clock.advance(60_000)
    await sink.untilDone('a')
    expect(sink.heard('a')).toMatch(/^0 1 2 .* 19 20 $/)
  })
})
