import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ElevenLabsOptions, elevenlabs } from '../../../adapters/providers/elevenlabs.js'
import { FakeElevenLabs } from '../../fixtures/providers/elevenlabs.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { connectTts, openTts } from '../../fixtures/providers/streams.js'

let fake: FakeElevenLabs

beforeEach(async () => {
  fake = await new FakeElevenLabs().listen()
})

afterEach(() => fake.close())

function tts(options: ElevenLabsOptions = {}): ReturnType<typeof elevenlabs>['tts'] {
  return elevenlabs({ apiKey: fakeKey, baseUrl: fake.url, ...options }).tts
}

describe('synthesis', () => {
  it('asks for the voice, the model and the format', async () => {
    const provider = tts({ voiceId: 'of the account', tts: { modelId: 'eleven_flash_v2_5' } })
    await openTts(provider, { language: 'de-AT' })
    const { path, query, headers } = fake.last
    expect(path).toBe('/v1/text-to-speech/of%20the%20account/multi-stream-input')
    expect(Object.fromEntries(query)).toEqual({
      model_id: 'eleven_flash_v2_5',
      output_format: 'pcm_16000',
      language_code: 'de',
      inactivity_timeout: '180',
      sync_alignment: 'true',
    })
    expect(headers['xi-api-key']).toBe(fakeKey)
  })

  it('tells the language only to models that take it', async () => {
    await openTts(tts(), { model: 'eleven_multilingual_v2', language: 'de' })
    expect(fake.last.query.has('language_code')).toBe(false)
  })

  it('asks for G.711 by its name', async () => {
    const { sink } = connectTts(tts(), {}, { encoding: 'mulaw', sampleRate: 8000, channels: 1 })
    await sink.until('open')
    expect(fake.last.query.get('output_format')).toBe('ulaw_8000')
  })

  it('opens a context with its settings, flushes, and closes it when the last text was said', async () => {
    const provider = tts({
      tts: { voiceSettings: { stability: 0.5, speed: 0.9 }, chunkLengthSchedule: [50] },
    })
    const { stream, sink } = await openTts(provider, { speakingRate: 3 })
    stream.speak('One.', { contextId: 'a' })
    stream.speak('Two.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('One. Two. ')
    expect(fake.last.messages).toEqual([
      {
        text: ' ',
        context_id: 'a',
        voice_settings: { stability: 0.5, speed: 1.2 },
        generation_config: { chunk_length_schedule: [50] },
      },
      { text: 'One. ', context_id: 'a', flush: true },
      { text: 'Two. ', context_id: 'a', flush: true },
      { context_id: 'a', close_context: true },
    ])
    expect(sink.of('done')).toHaveLength(1)
  })

  it('spells words as they are to be spoken', async () => {
    const pronunciations = [
      { word: 'SQL', pronunciation: 'sequel' },
      { word: 'C++', pronunciation: 'see plus plus' },
    ]
    const { stream, sink } = await openTts(tts(), { pronunciations })
    stream.speak('sql and C++, not MySQL.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('sequel and see plus plus, not MySQL. ')
  })

  it('times characters from the first audio of their context', async () => {
    const { stream, sink } = await openTts(tts())
    stream.speak('The first sentence.', { contextId: 'a' })
    stream.speak('And a second one.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    const timings = sink.timings('a')
    expect(timings.map(({ text }) => text).join('')).toBe('The first sentence. And a second one. ')
    timings.forEach(({ startMs, endMs }, index) => {
      expect([startMs, endMs]).toEqual([index * 10, index * 10 + 10])
    })
  })

  it('speaks contexts side by side', async () => {
    const { stream, sink } = await openTts(tts())
    const ids = ['a', 'b', 'c', 'd']
    for (const id of ids)
      stream.speak(`This is said by ${id}, at the same time as the others.`, { contextId: id, end: true })
    await Promise.all(ids.map(id => sink.untilDone(id)))
    for (const id of ids) expect(sink.heard(id)).toBe(`This is said by ${id}, at the same time as the others. `)
    const order = sink.of('audio').map(({ contextId }) => contextId)
    expect(order.slice(0, 4)).toEqual(ids)
  })

  it('is silent after a cancel until ElevenLabs has let go of the context', async () => {
    const { stream, sink } = await openTts(tts())
    stream.speak('This is going to be a very long sentence that nobody wants to hear.', { contextId: 'a', end: true })
    await sink.until('audio')
    stream.cancel('a')
    stream.cancel('a')
    const { length } = sink.events
    await sink.untilDone('a')
    expect(sink.types().slice(length)).toEqual(['done'])
    expect(fake.last.texts.filter(text => text.includes('close_context'))).toHaveLength(1)
  })

  it('closes a context that is cancelled before its end, and drops what was not flushed', async () => {
    const { stream, sink } = await openTts(tts())
    stream.speak('Never to be said', { contextId: 'a', flush: false })
    stream.cancel('a')
    await sink.untilDone('a')
    expect(sink.types()).toEqual(['open', 'done'])
  })

  it('never names a context that is not open, which would open it', async () => {
    const { stream, sink } = await openTts(tts())
    stream.flush?.('x')
    stream.cancel('x')
    stream.speak('', { contextId: 'x', end: true })
    await sink.untilDone('x')
    stream.speak('Hello.', { contextId: 'a', end: true })
    stream.flush?.('a')
    stream.keepAlive?.()
    await sink.untilDone('a')
    stream.flush?.('a')
    stream.keepAlive?.()
    stream.close()
    await sink.until('closed')
    expect(fake.last.messages.map(message => Object.keys(message as object).at(-1))).toEqual([
      'voice_settings',
      'flush',
      'close_context',
      'close_socket',
    ])
  })

  it('refuses a sixth context instead of losing all of them', async () => {
    const { stream, sink } = await openTts(tts())
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) stream.speak('Hello.', { contextId: id })
    expect((await sink.untilDone('f')).failure).toMatchObject({ class: 'rate' })
    stream.speak('', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.types()).not.toContain('closed')
  })

  it('keeps contexts that wait for text open', async () => {
    const { stream, sink } = await openTts(tts())
    stream.speak('Wait for it', { contextId: 'a' })
    stream.keepAlive?.()
    stream.speak('', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(fake.last.messages).toContainEqual({ context_id: 'a', text: '' })
  })

  it('calls it idle when no text came for too long', async () => {
    await fake.close()
    fake = await new FakeElevenLabs({ timeScale: 0.01 }).listen()
    const { sink } = await openTts(tts({ limits: { ttsInactivitySecs: 20 } }))
    const { failure } = await sink.until('closed')
    expect(failure).toMatchObject({ class: 'idle', vendorCode: 'input_timeout_exceeded' })
  })

  it('says goodbye', async () => {
    const { stream, sink } = await openTts(tts())
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(fake.last.messages).toEqual([{ close_socket: true }])
  })
})
