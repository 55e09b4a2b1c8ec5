import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DeepgramOptions, deepgram } from '../../../adapters/providers/deepgram.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { FakeDeepgram } from '../../fixtures/providers/deepgram.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { connectStt, format, openStt, pushAll } from '../../fixtures/providers/streams.js'

let fake: FakeDeepgram

beforeEach(async () => {
  fake = await new FakeDeepgram().listen()
})

afterEach(() => fake.close())

function account(options: DeepgramOptions = {}): DeepgramOptions {
  return { apiKey: fakeKey, baseUrl: fake.url, ...options }
}

describe('deepgram()', () => {
  it('names the environment variable when there is no key', () => {
    expect(() => deepgram({ apiKey: '' })).toThrow(new TypeError('apiKey: missing; pass it or set DEEPGRAM_API_KEY'))
  })

  it('names a base URL that is none', () => {
    expect(() => deepgram({ apiKey: 'x', baseUrl: 'api.deepgram.com' })).toThrow(/^baseUrl: 'api\.deepgram\.com' is no/)
  })

  it('takes undefined for every option', () => {
    const { tts } = deepgram({
      ...account(),
      name: undefined,
      limits: { ttsMaxTextChars: undefined, ttsMaxSessionMs: 1 },
    })
    expect(tts.name).toBe('deepgram')
    expect(tts.capabilities).toMatchObject({ maxTextChars: 2000, maxSessionMs: 1 })
  })

  it('serves both lists under one name, which can be changed', () => {
    const { stt, tts } = deepgram(account({ name: 'second' }))
    expect([stt.name, tts.name]).toEqual(['second', 'second'])
  })
})

describe('recognition over /v1/listen', () => {
  it('asks for what was configured, with the key in a header only', async () => {
    const { stt } = deepgram(
      account({ headers: { 'x-proxy': 'yes' }, stt: { smartFormat: true, query: { tag: ['a', 'b'] } } }),
    )
    await openStt(stt, { language: 'de', keyterms: ['voice', 'wire'], vendor: { numerals: true } })
    const { query, headers } = fake.last
    expect(Object.fromEntries(query)).toMatchObject({
      model: 'nova-3',
      language: 'de',
      encoding: 'linear16',
      sample_rate: '16000',
      interim_results: 'true',
      vad_events: 'true',
      endpointing: '300',
      utterance_end_ms: '1000',
      smart_format: 'true',
      numerals: 'true',
    })
    expect(query.getAll('keyterm')).toEqual(['voice', 'wire'])
    expect(query.getAll('tag')).toEqual(['a', 'b'])
    expect(headers).toMatchObject({ authorization: `Token ${fakeKey}`, 'x-proxy': 'yes' })
    expect(query.toString()).not.toContain(fakeKey)
  })

  it('calls key terms keywords for models that know no other', async () => {
    await openStt(deepgram(account({ stt: { model: 'nova-2' } })).stt, { keyterms: ['voice'] })
    expect(fake.last.query.getAll('keywords')).toEqual(['voice'])
    expect(fake.last.query.has('keyterm')).toBe(false)
  })

  it("uses a client's own key", async () => {
    const { sink } = connectStt(deepgram(account({ apiKey: 'another' })).stt, {}, { api_key: fakeKey })
    await sink.until('open')
    expect(fake.last.headers.authorization).toBe(`Token ${fakeKey}`)
  })

  it('tells the id of the request when it opens', async () => {
    const { sink } = await openStt(deepgram(account()).stt)
    expect(sink.events[0]).toEqual({ type: 'open', info: { requestId: 'request-1' } })
  })

  it('gives interims, finals with the times of words, and the ends of utterances', async () => {
    const { stream, sink } = await openStt(deepgram(account()).stt)
    pushAll(stream, silence(200, format), speak('turn on the light', format), silence(600, format))
    const final = await sink.untilTranscript('speech-final', 'turn on the light')
    expect(sink.texts('interim')).toEqual(['turn', 'turn on', 'turn on the', 'turn on the light'])
    expect(final).toMatchObject({ startMs: 0, confidence: 0.98 })
    expect(final.words?.map(({ text, startMs, endMs }) => [text, startMs, endMs])).toEqual([
      ['turn', 200, 460],
      ['on', 600, 860],
      ['the', 1000, 1260],
      ['light', 1400, 1660],
    ])
    expect(sink.of('speechStarted')).toEqual([{ type: 'speechStarted', atMs: 200 }])
    expect(sink.of('progress').at(-1)?.processedMs).toBe(final.endMs)
  })

  it('ends an utterance that only the gap between words ends', async () => {
    const { stream, sink } = await openStt(deepgram(account({ stt: { endpointing: false } })).stt)
    pushAll(stream, speak('one two three four five six seven eight', format), silence(1500, format))
    await sink.untilTranscript('speech-final')
    expect(sink.texts('final')).toEqual(['one two three four five six seven eight'])
  })

  it('does not end an utterance twice', async () => {
    const { stream, sink } = await openStt(deepgram(account()).stt)
    pushAll(stream, speak('hello', format), silence(3000, format))
    stream.finalize?.()
    await sink.until('finalized')
    expect(
      sink.of('transcript').filter(({ transcript }) => transcript.kind === 'speech-final' && transcript.text),
    ).toHaveLength(1)
  })

  it('finalizes what is being said', async () => {
    const { stream, sink } = await openStt(deepgram(account()).stt)
    pushAll(stream, speak('stop', format, { pauseMs: 0 }))
    stream.finalize?.()
    await sink.until('finalized')
    expect(sink.texts('speech-final')).toEqual(['stop'])
  })

  it('sends no message without bytes, which would end the stream', async () => {
    const { stream, sink } = await openStt(deepgram(account()).stt)
    expect(stream.push(new Uint8Array(0))).toBe(true)
    pushAll(stream, speak('still here', format), silence(400, format))
    await sink.untilTranscript('speech-final', 'still here')
    expect(sink.types()).not.toContain('closed')
  })

  it('keeps an idle stream open, even one that never had audio, without moving its times', async () => {
    const { stream, sink } = await openStt(deepgram(account()).stt)
    stream.keepAlive?.()
    stream.keepAlive?.()
    pushAll(stream, speak('here', format), silence(400, format))
    const final = await sink.untilTranscript('speech-final', 'here')
    expect(fake.last.messages).toEqual([{ type: 'KeepAlive' }, { type: 'KeepAlive' }])
    expect(fake.last.audioBytes).toBe(3200 + 12_800 + 12_800)
    expect(final.words?.[0]).toMatchObject({ startMs: 0, endMs: 260 })
  })

  it('reports an idle end when nothing keeps it open', async () => {
    await fake.close()
    fake = await new FakeDeepgram({ timeScale: 0.01 }).listen()
    const { sink } = await openStt(deepgram(account()).stt)
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'idle', vendorCode: 'NET-0001' })
  })

  it('says goodbye, takes the last results and ends without a failure', async () => {
    const { stream, sink } = await openStt(deepgram(account()).stt)
    pushAll(stream, speak('good bye', format, { pauseMs: 0 }))
    stream.close()
    stream.close()
    await sink.until('closed')
    expect(sink.texts('final')).toEqual(['good bye'])
    expect(sink.events.at(-1)).toEqual({ type: 'closed', failure: undefined })
    expect(fake.last.messages).toEqual([{ type: 'CloseStream' }])
  })

  it('passes finals on as they come: doubles are for whoever knows what was said', async () => {
    fake.next({ duplicateFinals: true })
    const { stream, sink } = await openStt(deepgram(account()).stt)
    pushAll(stream, speak('twice', format), silence(400, format))
    await sink.until('transcript', ({ transcript }) => transcript.kind === 'speech-final', 2)
    expect(sink.texts('speech-final')).toEqual(['twice', 'twice'])
  })

  it('tells how far a recogniser that lags behind has come', async () => {
    fake.next({ realtimeFactor: 1.25 })
    const { stream, sink } = await openStt(deepgram(account()).stt)
    const pushedAt = performance.now()
    pushAll(stream, speak('slowly but surely', format), silence(400, format))
    const vendorMsPerMs = 10
    const tooFast: number[] = []
    await sink.until('progress', ({ processedMs }) => {
      if (processedMs > (performance.now() - pushedAt) * vendorMsPerMs * 1.25) tooFast.push(processedMs)
      return processedMs >= 1400
    })
    expect(tooFast).toEqual([])
    expect(sink.texts('speech-final')).toEqual(['slowly but surely'])
  })

  it('warns of messages it cannot read and goes on', async () => {
    fake.next({ malformed: true, says: { type: 'Results', start: 'soon' } })
    const { stream, sink } = await openStt(deepgram(account()).stt)
    pushAll(stream, speak('fine', format), silence(400, format))
    await sink.untilTranscript('speech-final', 'fine')
    expect(sink.of('warning')).toHaveLength(5)
    expect(sink.of('warning').every(({ code }) => code === 'unreadable_message')).toBe(true)
  })

  it('shows every message before it reads it', async () => {
    const seen: unknown[] = []
    const { stream, sink } = await openStt(deepgram(account({ onMessage: message => seen.push(message.type) })).stt)
    pushAll(stream, speak('look', format), silence(400, format))
    await sink.untilTranscript('speech-final', 'look')
    expect(seen).toEqual(['SpeechStarted', 'Results', 'Results'])
  })
})

describe('recognition over /v2/listen', () => {
  const flux = { model: 'flux-general-en', eagerEotThreshold: 0.5 } as const

  it('is what a Flux model takes, also one that only a session asks for', async () => {
    await openStt(deepgram(account({ stt: flux })).stt)
    await openStt(deepgram(account()).stt, { model: 'flux-general-multi', language: 'de' })
    expect(fake.connections.map(({ path }) => path)).toEqual(['/v2/listen', '/v2/listen'])
    expect(fake.connections.map(({ query }) => query.get('language_hint'))).toEqual([null, 'de'])
  })

  it('gives cumulative interims, may-be ends that are taken back, and turns', async () => {
    const { stream, sink } = await openStt(deepgram(account({ stt: flux })).stt)
    pushAll(stream, speak('well', format), silence(300, format), speak('yes', format), silence(800, format))
    const final = await sink.untilTranscript('speech-final', 'well yes')
    expect(final).toMatchObject({ cumulative: true, startMs: 0, confidence: 0.9 })
    expect(final.words?.map(({ text }) => text)).toEqual(['well', 'yes'])
    const story = sink.events.flatMap(event =>
      event.type === 'eagerEnd' ? [`maybe: ${event.text}`] : event.type === 'resumed' ? ['no'] : [],
    )
    expect(story).toEqual(['maybe: well', 'no', 'maybe: well yes'])
    expect(sink.of('speechStarted')).toEqual([{ type: 'speechStarted', atMs: 0 }])
  })

  it('ends the turn that is open when asked to finalize', async () => {
    const { stream, sink } = await openStt(deepgram(account({ stt: flux })).stt)
    pushAll(stream, speak('enough', format))
    stream.finalize?.()
    await sink.until('finalized')
    expect(sink.texts('speech-final')).toEqual(['enough'])
  })

  it('learns that an account may not force the end of a turn, which costs one connection', async () => {
    fake.always({ rejects: ['ForceEndTurn'] })
    const { stt } = deepgram(account({ stt: flux }))
    const first = await openStt(stt)
    first.stream.finalize?.()
    expect((await first.sink.until('closed')).failure).toMatchObject({ class: 'lifetime' })
    const second = await openStt(stt)
    second.stream.finalize?.()
    pushAll(second.stream, speak('hello', format), silence(800, format))
    await second.sink.untilTranscript('speech-final', 'hello')
    expect(fake.last.texts).toEqual([])
  })

  it('pings instead of sending a message it does not know, and ends a turn that gets no more audio', async () => {
    const { stream, sink } = await openStt(deepgram(account({ stt: flux })).stt)
    stream.keepAlive?.()
    pushAll(stream, speak('hello', format))
    await sink.untilTranscript('interim', 'hello')
    stream.keepAlive?.()
    await sink.untilTranscript('speech-final', 'hello')
    expect(fake.last.pings).toBe(2)
    expect(fake.last.messages).toEqual([{ type: 'ForceEndTurn' }])
  })

  it('makes the last update final when it is closed, because Flux does not', async () => {
    const { stream, sink } = await openStt(deepgram(account({ stt: flux })).stt)
    pushAll(stream, speak('one more', format))
    await sink.untilTranscript('interim')
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(sink.texts('speech-final')).toEqual(['one more'])
  })

  it('says nothing more when it is aborted', async () => {
    const { stream, sink } = await openStt(deepgram(account({ stt: flux })).stt)
    pushAll(stream, speak('one more', format))
    await sink.untilTranscript('interim')
    const before = sink.events.length
    stream.close()
    stream.abort()
    await sink.until('closed')
    expect(sink.events.slice(before)).toEqual([{ type: 'closed', failure: undefined }])
  })

  it('takes new key terms while it runs, and nothing else', async () => {
    const { stream, sink } = await openStt(deepgram(account({ stt: flux })).stt, { keyterms: ['a'] })
    expect(stream.update?.({ keyterms: ['b', 'c'] })).toBe(true)
    expect(stream.update?.({ keyterms: ['b', 'c'], language: 'de' })).toBe(false)
    stream.close()
    await sink.until('closed')
    expect(fake.last.messages).toEqual([{ type: 'Configure', keyterms: ['b', 'c'] }, { type: 'CloseStream' }])
  })
})
