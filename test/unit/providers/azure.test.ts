import { beforeEach, describe, expect, it } from 'vitest'
import { type AzureOptions, azure } from '../../../adapters/providers/azure.js'
import type { ProviderFailure } from '../../../src/providers/contracts.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { sttProviderSuite } from '../../../src/testing/stt-provider-suite.js'
import { type AzureFault, InProcessAzure } from '../../fixtures/providers/azure/in-process.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { connectStt, format, openStt, pushAll } from '../../fixtures/providers/streams.js'

let fake: InProcessAzure

beforeEach(() => {
  fake = new InProcessAzure()
})

function vendor(options: AzureOptions = {}): ReturnType<typeof azure> {
  return azure({ apiKey: fakeKey, region: 'westeurope', sdk: fake.sdk, ...options })
}

const unreachable = 'Unable to contact server. StatusCode: 1006, undefined Reason: connect ECONNREFUSED'
const text = 'could you turn on the light in the kitchen'

sttProviderSuite(
  { describe, it, expect },
  {
    name: 'azure stt',
    format,
    timeoutMs: 3000,
    settleMs: 20,
    create: () => vendor().stt,
    createFailing: () => {
      fake.next({ refuse: unreachable })
      return vendor().stt
    },
    speech: speak(text, format),
    words: text.split(' '),
  },
)

describe('azure()', () => {
  it('names the environment variables when there is no key or no region', () => {
    expect(() => azure({ apiKey: '' })).toThrow('apiKey: missing; pass it or set AZURE_SPEECH_KEY')
    expect(() => azure({ apiKey: 'k', region: '' })).toThrow('region: missing; pass it or set AZURE_SPEECH_REGION')
    expect(() => azure({ apiKey: 'k', baseUrl: 'speech.example' })).toThrow(
      "baseUrl: 'speech.example' is no ws or http",
    )
  })

  it('says what to install when its package is not there', () => {
    const remedy = 'microsoft-cognitiveservices-speech-sdk is not installed; run: npm install'
    expect(() => azure({ apiKey: 'k', region: 'westeurope' })).toThrow(remedy)
  })

  it('connects to a host of your own with the key of the client, where that is allowed', async () => {
    const { sink } = connectStt(vendor({ baseUrl: 'https://speech.example/' }).stt, {}, { api_key: 'theirs' })
    await sink.until('open')
    expect(fake.recognizers[0]?.config).toMatchObject({ origin: 'wss://speech.example', key: 'theirs' })
  })
})

describe('recognition', () => {
  it('asks for what was configured', async () => {
    const stt = { segmentationSilenceMs: 300, segmentationStrategy: 'Semantic', properties: { A: '1' } } as const
    await openStt(vendor({ stt, properties: { A: '0', B: '2' } }).stt, {
      language: 'de-DE',
      keyterms: ['Straße'],
      vendor: { Speech_SegmentationMaximumTimeMs: 30_000 },
    })
    const [{ config, phrases, stream }] = fake.recognizers as [InProcessAzure['recognizers'][number]]
    expect(config).toMatchObject({
      origin: 'westeurope',
      key: fakeKey,
      speechRecognitionLanguage: 'de-DE',
      timesWords: true,
    })
    expect(config.properties).toEqual({
      A: '1',
      B: '2',
      'SPEECH-Error-MaxRetryCount': '0',
      Speech_SegmentationSilenceTimeoutMs: '300',
      Speech_SegmentationStrategy: 'Semantic',
      Speech_SegmentationMaximumTimeMs: '30000',
    })
    expect(phrases).toEqual(['Straße'])
    expect(stream.format).toEqual({ rate: 16_000, bits: 16, tag: 1 })
  })

  it('gives interims, utterances with words, and the start of speech', async () => {
    const { stream, sink } = await openStt(vendor().stt)
    pushAll(stream, silence(100, format), speak('hello world', format), silence(700, format))
    const final = await sink.untilTranscript('speech-final')
    expect(final).toMatchObject({ text: 'hello world', startMs: 100, confidence: 0.95 })
    expect(final.words).toMatchObject([{ text: 'hello', startMs: 100 }, { text: 'world' }])
    expect(sink.texts('interim')).toEqual(['hello', 'hello world'])
    expect(sink.of('speechStarted')[0]?.atMs).toBe(100)
    expect(sink.of('open')[0]?.info?.requestId).toBe('session-1')
  })

  it('ends the audio to finalize it and goes on with another recognizer, in one time', async () => {
    const { stream, sink } = await openStt(vendor().stt)
    pushAll(stream, speak('one', format))
    stream.finalize?.()
    pushAll(stream, speak('two', format))
    stream.finalize?.()
    await sink.until('finalized', () => true, 2)
    expect(sink.texts('speech-final')).toEqual(['one', 'two'])
    const [, two] = sink.of('transcript').filter(({ transcript }) => transcript.kind === 'speech-final')
    expect(two?.transcript.words?.[0]?.startMs).toBe(speak('one', format).length / 32)
    expect(fake.recognizers.map(({ closed }) => closed)).toEqual([true, true])
  })

  it('gives up a recognizer on which nothing is said, and makes another with the next audio', async () => {
    const { stream, sink } = await openStt(vendor().stt)
    stream.keepAlive?.()
    expect(fake.recognizers[0]?.closed).toBe(true)
    pushAll(stream, speak('one', format))
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(sink.texts('speech-final')).toEqual(['one'])
    expect(fake.recognizers).toHaveLength(2)
  })

  it('says when the client holds audio back, and when it does not any more', async () => {
    fake.next({ stalls: true })
    const { stream, sink } = await openStt(vendor().stt)
    let bytes = 0
    while (stream.push(new Uint8Array(3200))) bytes += 3200
    expect(bytes).toBeGreaterThan(256_000)
    expect(stream.bufferedBytes).toBe(bytes + 3200)
    fake.recognizers[0]?.read()
    await sink.until('drain')
    expect(stream.bufferedBytes).toBe(0)
  })

  it('ends when the client is disconnected without a word, before it connects again by itself', async () => {
    const clock = new ManualClock()
    fake.next({ disconnectAfterBytes: 9000 })
    const { stream, sink } = await openStt(vendor({ clock }).stt)
    pushAll(stream, speak('one two three', format))
    await expect.poll(() => clock.pending).toBe(1)
    clock.advance(20)
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'connection', requestId: 'session-1' })
    expect(fake.recognizers[0]?.closed).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('fails when the session stops before its audio has ended', async () => {
    fake.next({ stopAfterBytes: 6400 })
    const { stream, sink } = await openStt(vendor().stt)
    pushAll(stream, speak('one two three', format))
    const { failure } = await sink.until('closed')
    expect(failure).toMatchObject({ class: 'connection', reason: 'the session was stopped' })
  })

  const cases: readonly (readonly [string, AzureFault, Partial<ProviderFailure>])[] = [
    ['the key is wrong', refused(401), { class: 'auth', httpStatus: 401 }],
    ['nobody pays', refused(402), { class: 'quota', httpStatus: 402 }],
    ['too many are connected', refused(429), { class: 'rate', httpStatus: 429 }],
    ['it is not available', refused(503), { class: 'connection', httpStatus: 503 }],
    ['it cannot be reached', { refuse: unreachable }, { class: 'connection' }],
    ['the free hours are used up', said(7, 'Quota exceeded'), { class: 'quota' }],
    ['the client may not', said(1, 'Authentication error'), { class: 'auth', vendorCode: 'AuthenticationFailure' }],
    ['it is asked too often', said(3, 'Too many requests'), { class: 'rate', vendorCode: 'TooManyRequests' }],
    ['it cannot read', said(2, 'Bad audio. websocket error code: 1007'), { class: 'data', closeCode: 1007 }],
    ['nothing was said', said(4, 'Idle timeout websocket error code: 1000'), { class: 'idle', closeCode: 1000 }],
    ['it fails inside', said(6, 'Due to service inactivity'), { class: 'idle' }],
    ['it takes too long', said(5, 'Timeout while waiting for service'), { class: 'connection' }],
  ]

  it.each(cases)('knows when %s', async (_, fault, failure) => {
    fake.next(fault)
    const { stream, sink } = connectStt(vendor().stt)
    pushAll(stream, speak('one', format))
    expect((await sink.until('closed')).failure).toMatchObject(failure)
  })

  it('keeps the key, which the client puts into its URLs, out of failures', async () => {
    const url = `wss://westeurope.stt.speech.microsoft.com/speech?Ocp-Apim-Subscription-Key=${fakeKey}&X=1`
    fake.next({ refuse: `Unable to contact server. StatusCode: 1006, ${url} Reason: none` })
    const { sink } = connectStt(vendor().stt)
    const { failure } = await sink.until('closed')
    expect(failure?.reason).toBe('Unable to contact server. StatusCode: 1006, (url) Reason: none')
    expect(JSON.stringify(failure)).not.toContain(fakeKey)
  })
})

function refused(status: number): AzureFault {
  return {
    refuse: `Unable to contact server. StatusCode: 1006, undefined Reason: Unexpected server response: ${status}`,
  }
}

function said(errorCode: number, details: string): AzureFault {
  return { cancel: { afterBytes: 3200, errorCode, details } }
}
