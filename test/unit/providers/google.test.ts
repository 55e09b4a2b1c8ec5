import { beforeEach, describe, expect, it } from 'vitest'
import { googleFailure } from '../../../adapters/providers/google/failure.js'
import { type GoogleOptions, google } from '../../../adapters/providers/google.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import type { GoogleRequest } from '../../fixtures/providers/google/call.js'
import { FakeGoogle } from '../../fixtures/providers/google/fake-google.js'
import { InProcessGoogle } from '../../fixtures/providers/google/in-process.js'
import { connectStt, format, openStt, pushAll } from '../../fixtures/providers/streams.js'

let fake: FakeGoogle
let sdk: InProcessGoogle

beforeEach(() => {
  fake = new FakeGoogle()
  sdk = new InProcessGoogle(fake)
})

function vendor({ stt, ...options }: GoogleOptions = {}): ReturnType<typeof google> {
  return google({ ...options, stt: { sdk: sdk.stt, ...stt }, tts: { sdk: sdk.tts } })
}

/** The first message of the last call. */
async function configured(): Promise<GoogleRequest> {
  await expect.poll(() => fake.last.requests.length).toBeGreaterThan(0)
  return fake.last.requests[0]!
}

describe('google()', () => {
  it('loads nothing when it is created, and says what to install when it is asked for a half without its package', () => {
    const { stt } = vendor()
    expect(stt.name).toBe('google')
    expect(sdk.created).toEqual([])
    const without = google()
    expect(() => without.stt).toThrow('@google-cloud/speech is not installed; run: npm install @google-cloud/speech')
    expect(() => without.tts).toThrow('npm install @google-cloud/text-to-speech')
  })

  it('refuses a location that is none', () => {
    expect(() => google({ location: 'https://eu' })).toThrow("location: 'https://eu' is none; use one such as")
  })

  it('names the environment variable when there are no credentials', async () => {
    fake.next({
      status: { code: 16, details: 'Getting metadata from plugin failed: Could not load the default credentials.' },
    })
    const { sink } = connectStt(vendor().stt)
    const { failure } = await sink.until('closed')
    expect(failure).toMatchObject({ class: 'auth', vendorCode: 'UNAUTHENTICATED' })
    expect(failure?.reason).toContain('set GOOGLE_APPLICATION_CREDENTIALS')
  })

  it('creates one client for many streams, with its own connection and a small buffer', async () => {
    const { stt } = vendor({ location: 'eu', keyFilename: 'key.json', clientOptions: { port: 1 } })
    await openStt(stt)
    await openStt(stt)
    expect(sdk.created).toEqual([
      {
        keyFilename: 'key.json',
        apiEndpoint: 'eu-speech.googleapis.com',
        port: 1,
        'grpc.per_rpc_retry_buffer_size': 65_536,
        'grpc.max_reconnect_backoff_ms': 2000,
        'grpc.use_local_subchannel_pool': 1,
      },
    ])
  })

  it('takes another client where one has no room for more calls, and closes it when nobody uses it', async () => {
    const { stt } = vendor({ limits: { callsPerConnection: 2 } })
    const first = await openStt(stt)
    const second = await openStt(stt)
    expect(sdk.created).toHaveLength(2)
    for (const { stream, sink } of [second, first]) {
      stream.abort()
      await sink.until('closed')
    }
    expect(sdk.closed).toBe(1)
  })

  it('makes no call for a stream that is given up while the package is being loaded', async () => {
    const { stream, sink } = connectStt(vendor().stt)
    stream.abort()
    await sink.until('closed')
    await new Promise(resolve => setTimeout(resolve, 20))
    expect([sdk.created, fake.calls]).toEqual([[], []])
  })
})

describe('recognition', () => {
  it('asks version 1 for what was configured', async () => {
    await openStt(vendor({ stt: { config: { useEnhanced: true } } }).stt, {
      language: 'de-DE',
      keyterms: ['Straße'],
      vendor: { profanityFilter: true },
    })
    expect((await configured()).streamingConfig).toEqual({
      config: {
        encoding: 'LINEAR16',
        sampleRateHertz: 16_000,
        audioChannelCount: 1,
        languageCode: 'de-DE',
        model: 'latest_long',
        enableAutomaticPunctuation: true,
        enableWordTimeOffsets: true,
        speechContexts: [{ phrases: ['Straße'], boost: 10 }],
        useEnhanced: true,
        profanityFilter: true,
      },
      interimResults: true,
      enableVoiceActivityEvents: true,
    })
  })

  it('asks version 2 for what was configured, in the project of the credentials', async () => {
    await openStt(vendor({ location: 'europe-west4', stt: { api: 'v2', model: 'chirp_2' } }).stt, { keyterms: ['a'] })
    const { recognizer, streamingConfig } = await configured()
    expect(recognizer).toBe('projects/project-of-the-credentials/locations/europe-west4/recognizers/_')
    expect(streamingConfig).toMatchObject({
      config: {
        explicitDecodingConfig: { encoding: 'LINEAR16', sampleRateHertz: 16_000, audioChannelCount: 1 },
        languageCodes: ['en-US'],
        model: 'chirp_2',
        adaptation: { phraseSets: [{ inlinePhraseSet: { phrases: [{ value: 'a', boost: 10 }] } }] },
      },
      streamingFeatures: { interimResults: true, enableVoiceActivityEvents: true },
    })
  })

  it('joins the parts of an interim, and ends the utterance where voice has ended', async () => {
    const { stream, sink } = await openStt(vendor().stt)
    pushAll(stream, silence(100, format), speak('hello big world', format), silence(800, format))
    const final = await sink.untilTranscript('speech-final', 'hello big world')
    expect(sink.texts('interim')).toEqual(['hello', 'hello big', 'hello big world'])
    expect(final).toMatchObject({
      startMs: 100,
      confidence: 0.9,
      language: 'en-us',
      words: [{ text: 'hello' }, {}, {}],
    })
    expect(sink.of('speechStarted')[0]?.atMs).toBe(100)
    expect(sink.of('progress').length).toBeGreaterThan(2)
  })

  it('ends an utterance whose words were final before its voice was known to have ended', async () => {
    fake.next({ lateActivityEnd: true })
    const { stream, sink } = await openStt(vendor().stt)
    pushAll(stream, speak('hello', format), silence(800, format))
    expect(await sink.untilTranscript('final')).toMatchObject({ text: 'hello' })
    expect(await sink.untilTranscript('speech-final')).toMatchObject({ text: '' })
  })

  it('promises no ends of utterances without voice activity events', () => {
    const { capabilities } = vendor({ stt: { voiceActivityEvents: false } }).stt
    expect(capabilities).toMatchObject({ endpointing: false, speechStarted: false })
  })

  it('splits audio that is too large for a message', async () => {
    const { stream } = await openStt(vendor().stt)
    stream.push(new Uint8Array(40_000))
    await expect.poll(() => fake.last.audioBytes).toBe(40_000)
    const sizes = fake.last.requests.slice(1).map(({ audioContent }) => audioContent!.length)
    expect(sizes).toEqual([12_800, 12_800, 12_800, 1600])
  })

  it('ends a call to finalize it and goes on in another, in one time', async () => {
    const { stream, sink } = await openStt(vendor().stt)
    pushAll(stream, speak('one', format))
    stream.finalize?.()
    pushAll(stream, speak('two', format))
    stream.finalize?.()
    await sink.until('finalized', () => true, 2)
    const finals = sink.of('transcript').filter(({ transcript }) => transcript.kind === 'final')
    expect(finals.map(({ transcript }) => transcript.text)).toEqual(['one', 'two'])
    expect(finals[1]?.transcript.startMs).toBeGreaterThanOrEqual(finals[0]!.transcript.endMs)
    expect(finals[1]?.transcript.words?.[0]?.startMs).toBe(speak('one', format).length / 32)
    expect(
      sink
        .types()
        .filter(type => type === 'transcript' || type === 'finalized')
        .slice(-1),
    ).toEqual(['finalized'])
    expect(fake.calls).toHaveLength(2)
  })

  it('gives up a call on which nothing is said, for nothing, and begins another with the next audio', async () => {
    const { stream, sink } = await openStt(vendor().stt)
    stream.keepAlive?.()
    await expect.poll(() => fake.last.cancelled).toBe(true)
    pushAll(stream, speak('one', format))
    stream.keepAlive?.()
    expect((await sink.untilTranscript('final')).text).toBe('one')
    pushAll(stream, speak('two', format))
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(sink.texts('final')).toEqual(['one', 'two'])
    expect(fake.calls).toHaveLength(3)
  })

  it('says when Google takes no more audio, and when it does again', async () => {
    fake.next({ stallReads: true })
    const { stream, sink } = await openStt(vendor().stt)
    let pushed = 0
    while (stream.push(new Uint8Array(3200))) pushed++
    expect(pushed).toBeLessThan(64)
    expect(stream.bufferedBytes).toBeGreaterThan(0)
    fake.last.read()
    await sink.until('drain')
    await expect.poll(() => stream.bufferedBytes, { timeout: 500 }).toBe(0)
    expect(sink.types()).not.toContain('closed')
  })

  it('fails when the last results do not come, and leaves no timer', async () => {
    const clock = new ManualClock()
    fake.next({ withholdsEnd: true })
    const { stream, sink } = await openStt(vendor({ clock }).stt)
    pushAll(stream, speak('one', format))
    stream.finalize?.()
    clock.advance(5000)
    expect((await sink.until('closed')).failure).toMatchObject({
      class: 'connection',
      reason: 'the last results did not come',
    })
    expect(clock.pending).toBe(0)
  })

  it('names the request in failures', async () => {
    fake.next({ status: { code: 13, details: 'Internal error encountered.' }, after: { responses: 2 } })
    const { stream, sink } = await openStt(vendor().stt)
    pushAll(stream, speak('one two three', format))
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'connection', requestId: '4242' })
  })

  it('shows every response to whoever wants to see', async () => {
    const seen: unknown[] = []
    const { stream, sink } = await openStt(vendor({ onMessage: message => seen.push(message) }).stt)
    pushAll(stream, speak('one', format))
    await sink.untilTranscript('interim')
    expect(seen).toContainEqual(expect.objectContaining({ speechEventType: 'SPEECH_ACTIVITY_BEGIN' }))
  })

  it('fails, and nothing else, when the client throws', async () => {
    const { SpeechClient } = sdk.stt.v1
    class Throwing extends SpeechClient {
      override _streamingRecognize = (): never => {
        throw new Error('no more calls')
      }
    }
    const { sink } = connectStt(vendor({ stt: { sdk: { ...sdk.stt, v1: { SpeechClient: Throwing } } } }).stt)
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'connection', reason: 'no more calls' })
  })

  it('does not try again what is no client', async () => {
    const { sink } = connectStt(vendor({ stt: { sdk: {} as never } }).stt)
    const { failure } = await sink.until('closed')
    expect(failure?.class).toBe('auth')
    expect(failure?.reason).toMatch(/^the vendor's client cannot be used: /)
  })

  it('places results without times of words behind each other', async () => {
    const { stream, sink } = await openStt(vendor({ stt: { config: { enableWordTimeOffsets: false } } }).stt)
    pushAll(stream, speak('one', format), silence(700, format), speak('two', format), silence(700, format))
    const one = await sink.untilTranscript('speech-final', 'one')
    const two = await sink.untilTranscript('speech-final', 'two')
    expect(one).toMatchObject({ startMs: 0, words: undefined })
    expect([one.endMs > 0, two.startMs]).toEqual([true, one.endMs])
  })

  it('takes back that an utterance was over when voice goes on before its words are final', async () => {
    const { stream, sink } = await openStt(vendor().stt)
    pushAll(stream, speak('well', format), silence(250, format), speak('yes', format), silence(700, format))
    await sink.untilTranscript('speech-final', 'well yes')
    expect(sink.texts('final', 'speech-final')).toEqual(['well yes'])
    expect(sink.of('speechStarted')).toHaveLength(2)
  })
})

describe('a failure of Google', () => {
  it('says when to come back, if Google does', () => {
    const retryDelay = { seconds: '2', nanos: 500_000_000 }
    const error = Object.assign(new Error('Quota exceeded.'), { code: 8, statusDetails: [{}, { retryDelay }] })
    expect(googleFailure(error)).toMatchObject({ class: 'rate', retryAfterMs: 2500 })
  })
})
