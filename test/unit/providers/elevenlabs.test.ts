import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ElevenLabsOptions, elevenlabs } from '../../../adapters/providers/elevenlabs.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { FakeElevenLabs } from '../../fixtures/providers/elevenlabs.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { connectStt, format, openStt, pushAll } from '../../fixtures/providers/streams.js'

let fake: FakeElevenLabs

beforeEach(async () => {
  fake = await new FakeElevenLabs().listen()
})

afterEach(() => fake.close())

function stt(options: ElevenLabsOptions = {}): ReturnType<typeof elevenlabs>['stt'] {
  return elevenlabs({ apiKey: fakeKey, baseUrl: fake.url, ...options }).stt
}

describe('elevenlabs()', () => {
  it('names the environment variable when there is no key', () => {
    expect(() => elevenlabs({ apiKey: '' })).toThrow('apiKey: missing; pass it or set ELEVENLABS_API_KEY')
  })

  it('names the regions there are', () => {
    expect(() => elevenlabs({ apiKey: 'x', region: 'mars' as 'eu' })).toThrow(
      "region: 'mars' is none of us, eu, in, sg",
    )
  })
})

describe('recognition', () => {
  it('asks for what was configured, with the key in a header only', async () => {
    await openStt(stt({ stt: { vadSilenceThresholdSecs: 0.8, query: { no_verbatim: true } } }), {
      language: 'de-AT',
      keyterms: ['voice', 'longer than the twenty characters there are', 'wire'],
    })
    const { query, headers } = fake.last
    expect(Object.fromEntries(query)).toMatchObject({
      model_id: 'scribe_v2_realtime',
      audio_format: 'pcm_16000',
      commit_strategy: 'vad',
      vad_silence_threshold_secs: '0.8',
      include_timestamps: 'true',
      language_code: 'de',
      no_verbatim: 'true',
    })
    expect(query.getAll('keyterms')).toEqual(['voice', 'wire'])
    expect(headers['xi-api-key']).toBe(fakeKey)
    expect(query.toString()).not.toContain(fakeKey)
  })

  it('opens when the session has started, and not when a bad key is only told then', async () => {
    const good = await openStt(stt())
    expect(good.sink.events[0]).toEqual({ type: 'open', info: { requestId: 'request-1' } })
    const { sink } = connectStt(stt({ apiKey: 'bad' }))
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'auth', vendorCode: 'auth_error' })
    expect(sink.types()).toEqual(['closed'])
  })

  it('ends an utterance by silence, once, with the times of words', async () => {
    const { stream, sink } = await openStt(stt())
    pushAll(stream, silence(200, format), speak('turn it on', format), silence(600, format))
    const final = await sink.untilTranscript('speech-final')
    expect(final).toMatchObject({ text: 'turn it on', startMs: 200, endMs: 1260, language: 'en' })
    expect(final.confidence).toBeCloseTo(Math.exp(-0.1))
    expect(final.words?.map(({ text, startMs }) => [text, startMs])).toEqual([
      ['turn', 200],
      ['it', 600],
      ['on', 1000],
    ])
    expect(sink.texts('interim')).toEqual(['turn', 'turn it', 'turn it on'])
    expect(sink.texts('speech-final', 'final')).toHaveLength(1)
  })

  it('commits when asked to finalize, which ends no utterance', async () => {
    const { stream, sink } = await openStt(stt())
    pushAll(stream, speak('and then', format))
    stream.finalize?.()
    await sink.until('finalized')
    expect(sink.texts('final')).toEqual(['and then'])
    expect(sink.texts('speech-final')).toEqual([])
  })

  it('takes a commit by silence for what it is while its own is on the way', async () => {
    const { stream, sink } = await openStt(stt())
    pushAll(stream, speak('first', format), silence(700, format))
    stream.finalize?.()
    await sink.until('finalized')
    expect(sink.texts('speech-final')).toEqual(['first'])
    expect(sink.types().filter(type => type === 'finalized')).toHaveLength(1)
  })

  it('makes a commit long enough, so that a short word is not refused, and keeps its times right', async () => {
    const { stream, sink } = await openStt(stt())
    pushAll(stream, speak('no', format, { wordMs: 100, pauseMs: 0 }))
    stream.finalize?.()
    await sink.until('finalized')
    pushAll(stream, speak('stop', format, { pauseMs: 0 }))
    stream.finalize?.()
    const final = await sink.untilTranscript('final', 'stop')
    expect(sink.texts('final')).toEqual(['no', 'stop'])
    expect(final.words).toMatchObject([{ startMs: 100, endMs: 360 }])
    expect(sink.of('warning')).toEqual([])
  })

  it('answers a finalize of nothing at once', async () => {
    const { stream, sink } = await openStt(stt())
    stream.finalize?.()
    await sink.until('finalized')
    expect(fake.last.texts).toEqual([])
  })

  it('keeps an idle stream open with silence that does not count', async () => {
    const { stream, sink } = await openStt(stt({ stt: { commitStrategy: 'manual' } }))
    for (let count = 0; count < 3; count++) stream.keepAlive?.()
    pushAll(stream, speak('here', format))
    stream.keepAlive?.()
    stream.finalize?.()
    const final = await sink.untilTranscript('final', 'here')
    expect(final.words?.[0]).toMatchObject({ startMs: 0, endMs: 260 })
    expect(fake.last.audioBytes).toBe(3 * 3200 + 12_800 + 3200)
  })

  it('calls it idle when nothing keeps it open', async () => {
    await fake.close()
    fake = await new FakeElevenLabs({ timeScale: 0.01 }).listen()
    const { sink } = await openStt(stt())
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'idle', closeCode: 1000 })
  })

  it('commits what was said before it hangs up', async () => {
    const { stream, sink } = await openStt(stt())
    pushAll(stream, speak('good bye', format))
    stream.close()
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(sink.texts('final')).toEqual(['good bye'])
    expect(await fake.last.ended).toMatchObject({ code: 1000 })
    expect(fake.last.texts.filter(text => text.includes('"commit":true'))).toHaveLength(1)
  })

  it('does not hang up before a commit of its own was answered', async () => {
    fake.next({ zombie: true })
    const { stream, sink } = connectStt(stt())
    pushAll(stream, speak('good bye', format))
    stream.finalize?.()
    stream.close()
    while (fake.connections.length === 0) await new Promise(setImmediate)
    await fake.last.said('"commit":true')
    await fake.last.later(300)
    expect(fake.last.open).toBe(true)
    fake.last.terminate()
    expect((await sink.until('closed')).failure).toBeUndefined()
  })

  it('hangs up at once when nothing was said', async () => {
    const { stream, sink } = await openStt(stt())
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(await fake.last.ended).toMatchObject({ code: 1000 })
  })
})

describe('the two results of a commit', () => {
  const timed = (text: string): object => ({
    message_type: 'committed_transcript_with_timestamps',
    text,
    words: [{ text, start: 0, end: 0.5, type: 'word', logprob: 0 }],
  })
  const plain = (text: string): object => ({ message_type: 'committed_transcript', text })

  async function results(clock: ManualClock, ...messages: readonly object[]): Promise<string[]> {
    const { sink } = await openStt(stt({ clock }))
    for (const message of messages) fake.last.send(message)
    fake.last.send({ message_type: 'warning', warning: 'the end' })
    await sink.until('warning')
    clock.advance(300)
    expect(clock.pending).toBe(0)
    return sink.of('transcript').map(({ transcript }) => `${transcript.text} ${transcript.words ? 'timed' : 'plain'}`)
  }

  it('are one, with the times', async () => {
    expect(await results(new ManualClock(), plain('a'), timed('a'), plain('b'), timed('b'))).toEqual([
      'a timed',
      'b timed',
    ])
  })

  it('are one when they come the other way round', async () => {
    expect(await results(new ManualClock(), timed('a'), plain('a'), plain('b'), timed('b'))).toEqual([
      'a timed',
      'b timed',
    ])
  })

  it('are one when the times never come', async () => {
    expect(await results(new ManualClock(), plain('a'), plain('b'), timed('b'))).toEqual(['a plain', 'b timed'])
    expect(await results(new ManualClock(), plain('last'))).toEqual(['last plain'])
  })

  it('are delivered when the connection ends before the times come, and not when it is aborted', async () => {
    const clock = new ManualClock()
    const cut = await openStt(stt({ clock }))
    fake.last.send(plain('kept'))
    fake.last.close(1011)
    await cut.sink.until('closed')
    expect(cut.sink.texts('speech-final')).toEqual(['kept'])

    const aborted = await openStt(stt({ clock }))
    fake.last.send(plain('dropped'))
    fake.last.send({ message_type: 'warning', warning: 'now' })
    await aborted.sink.until('warning')
    aborted.stream.abort()
    await aborted.sink.until('closed')
    expect(aborted.sink.texts('speech-final')).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('are not waited for when no times were asked for', async () => {
    const { stream, sink } = await openStt(stt({ stt: { includeTimestamps: false } }))
    pushAll(stream, speak('hello', format), silence(600, format))
    expect(await sink.untilTranscript('speech-final', 'hello')).toMatchObject({ words: undefined })
  })
})
