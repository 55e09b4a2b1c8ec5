import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CartesiaOptions, cartesia } from '../../../adapters/providers/cartesia.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { FakeCartesia } from '../../fixtures/providers/cartesia.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { format, openStt, openTts, pushAll } from '../../fixtures/providers/streams.js'

let fake: FakeCartesia

beforeEach(async () => {
  fake = await new FakeCartesia().listen()
})

afterEach(() => fake.close())

function vendor(options: CartesiaOptions = {}): ReturnType<typeof cartesia> {
  return cartesia({ apiKey: fakeKey, baseUrl: fake.url, ...options })
}

describe('cartesia()', () => {
  it('names the environment variable when there is no key', () => {
    expect(() => cartesia({ apiKey: '' })).toThrow('apiKey: missing; pass it or set CARTESIA_API_KEY')
  })

  it('pins the version of the messages it was written for', async () => {
    await openStt(vendor().stt)
    await openStt(vendor({ version: '2027-01-01' }).stt)
    const versions = fake.connections.map(({ headers }) => headers['cartesia-version'])
    expect(versions).toEqual(['2026-08-14', '2027-01-01'])
    expect(fake.last.headers.authorization).toBe(`Bearer ${fakeKey}`)
    expect(fake.last.query.toString()).not.toContain(fakeKey)
  })
})

describe('recognition by turns', () => {
  it('asks for what was configured', async () => {
    await openStt(vendor({ stt: { turnEndTimeoutMs: 1000, query: { turn_end_threshold: 0.3 } } }).stt, {
      keyterms: ['a', 'b'],
    })
    expect(fake.last.path).toBe('/stt/turns/websocket')
    expect(Object.fromEntries(fake.last.query)).toMatchObject({
      model: 'ink-2',
      encoding: 'pcm_s16le',
      sample_rate: '16000',
      turn_end_timeout_ms: '1000',
      turn_end_threshold: '0.3',
    })
    expect(fake.last.query.getAll('keyterm')).toEqual(['a', 'b'])
  })

  it('gives cumulative interims, may-be ends that are taken back, and turns', async () => {
    const { stream, sink } = await openStt(vendor().stt)
    pushAll(stream, speak('well', format), silence(300, format), speak('yes', format), silence(800, format))
    expect(await sink.untilTranscript('speech-final')).toMatchObject({ text: 'well yes', cumulative: true })
    expect(sink.texts('interim')).toEqual(['well', 'well yes'])
    const story = sink.types().filter(type => ['speechStarted', 'eagerEnd', 'resumed'].includes(type))
    expect(story).toEqual(['speechStarted', 'eagerEnd', 'resumed', 'eagerEnd'])
  })

  it('places results in what was pushed, in order, behind what may not have been heard', async () => {
    const { stream, sink } = await openStt(vendor().stt)
    pushAll(stream, speak('one', format), silence(700, format))
    const one = await sink.untilTranscript('speech-final', 'one')
    pushAll(stream, speak('two', format), silence(700, format))
    const two = await sink.untilTranscript('speech-final', 'two')
    expect(one).toMatchObject({ endMs: 800 })
    expect(two.startMs).toBeGreaterThanOrEqual(one.endMs)
    expect(two.endMs).toBe(1900)
  })

  it('has no finalize to offer', () => {
    const { stt } = vendor()
    expect(stt.capabilities.finalize).toBe('none')
  })

  it('takes the last turn when it says goodbye', async () => {
    const { stream, sink } = await openStt(vendor().stt)
    pushAll(stream, speak('good bye', format, { pauseMs: 0 }))
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(sink.texts('speech-final')).toEqual(['good bye'])
  })
})

describe('recognition on demand', () => {
  const manual = { stt: { endpoint: 'manual' } } as const

  it('gives interims, and finals with the times of words when asked', async () => {
    const { stream, sink } = await openStt(vendor(manual).stt, { language: 'en-US' })
    expect(fake.last.path).toBe('/stt/websocket')
    expect(fake.last.query.get('language')).toBe('en')
    pushAll(stream, silence(100, format), speak('push to talk', format))
    stream.finalize?.()
    await sink.until('finalized')
    const final = await sink.untilTranscript('final')
    expect(final).toMatchObject({ text: 'push to talk', startMs: 100, endMs: 1160, language: 'en' })
    expect(sink.texts('interim')).toEqual(['push', 'push to', 'push to talk'])
  })

  it('keeps an idle stream open with silence that does not count', async () => {
    const { stream, sink } = await openStt(vendor(manual).stt)
    stream.keepAlive?.()
    pushAll(stream, speak('here', format))
    stream.finalize?.()
    expect((await sink.untilTranscript('final', 'here')).words).toMatchObject([{ startMs: 0, endMs: 260 }])
    expect(fake.last.audioBytes).toBe(3200 + 12_800)
  })

  it('takes the last results when it says goodbye', async () => {
    const { stream, sink } = await openStt(vendor(manual).stt)
    pushAll(stream, speak('good bye', format))
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(sink.texts('final')).toEqual(['good bye'])
    expect(fake.last.texts).toEqual(['close'])
  })

  it('names the request in failures', async () => {
    fake.next({ says: { type: 'error', status_code: 500, title: 'x', message: 'y', request_id: 'request-1' } })
    const { sink } = await openStt(vendor(manual).stt)
    expect((await sink.until('closed')).failure).toMatchObject({ requestId: 'request-1', class: 'connection' })
  })
})

describe('synthesis', () => {
  it('repeats voice, model and format in every request of a context', async () => {
    const { tts } = vendor({ voiceId: 'v', tts: { generationConfig: { volume: 1.5 }, pronunciationDictId: 'p' } })
    const { stream, sink } = await openTts(tts, { language: 'de-AT', speakingRate: 9 })
    stream.speak('One. ', { contextId: 'a' })
    stream.speak('Two.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    const fixed = {
      context_id: 'a',
      model_id: 'sonic-3.5',
      voice: { mode: 'id', id: 'v' },
      output_format: { container: 'raw', encoding: 'pcm_s16le', sample_rate: 16_000 },
      language: 'de',
      add_timestamps: true,
      max_buffer_delay_ms: 0,
      generation_config: { volume: 1.5, speed: 1.5 },
      pronunciation_dict_id: 'p',
    }
    expect(fake.last.messages).toEqual([
      { ...fixed, transcript: 'One. ', continue: true },
      { ...fixed, transcript: '', continue: true, flush: true },
      { ...fixed, transcript: 'Two.', continue: false },
    ])
    expect(sink.heard('a')).toBe('One. Two.')
    expect(sink.of('done')).toHaveLength(1)
  })

  it('times words from the first audio of their context', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('Hello there. ', { contextId: 'a' })
    stream.speak('How are you?', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.timings('a').map(({ text, startMs, endMs }) => [text, startMs, endMs])).toEqual([
      ['Hello', 0, 50],
      ['there.', 60, 120],
      ['How', 130, 160],
      ['are', 170, 200],
      ['you?', 210, 250],
    ])
  })

  it('is done at once when it cancels, and silent from then on', async () => {
    fake.next({ lateAudio: 3 })
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('This is going to be a very long sentence that nobody wants to hear.', { contextId: 'a', end: true })
    await sink.until('audio')
    stream.cancel('a')
    stream.cancel('a')
    const { length } = sink.events
    stream.speak('Sorry.', { contextId: 'b', end: true })
    await sink.untilDone('b')
    expect(sink.events.slice(length).filter(({ type }) => type === 'done')).toHaveLength(2)
    expect(sink.events.slice(length).some(event => event.type === 'audio' && event.contextId === 'a')).toBe(false)
    expect(fake.last.messages).toContainEqual({ context_id: 'a', cancel: true })
  })

  it('loses only the context that an error names', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('REJECT', { contextId: 'a', end: true })
    stream.speak('Fine.', { contextId: 'b', end: true })
    expect((await sink.untilDone('a')).failure).toMatchObject({ class: 'data', vendorCode: 'invalid_transcript' })
    await sink.untilDone('b')
    expect(sink.heard('b')).toBe('Fine.')
  })

  it('calls it rate when the plan allows no more contexts', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    for (const id of ['a', 'b', 'c']) stream.speak('Hello. ', { contextId: id })
    expect((await sink.untilDone('c')).failure).toMatchObject({ class: 'rate', vendorCode: 'concurrency_limited' })
  })

  it('needs no request for a context that never had text', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(fake.last.texts).toEqual([])
  })

  it('says goodbye with a close frame', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(await fake.last.ended).toMatchObject({ code: 1000 })
  })
})
