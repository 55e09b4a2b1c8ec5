import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AssemblyAiOptions, assemblyai } from '../../../adapters/providers/assemblyai.js'
import type { SttProvider } from '../../../src/providers/contracts.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { FakeAssemblyAi } from '../../fixtures/providers/assemblyai.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { connectStt, format, openStt, pushAll } from '../../fixtures/providers/streams.js'

let fake: FakeAssemblyAi

beforeEach(async () => {
  fake = await new FakeAssemblyAi().listen()
})

afterEach(() => fake.close())

function vendor(options: AssemblyAiOptions = {}): SttProvider {
  return assemblyai({ apiKey: fakeKey, baseUrl: fake.url, ...options }).stt
}

describe('assemblyai()', () => {
  it('names the environment variable when there is no key', () => {
    expect(() => assemblyai({ apiKey: '' })).toThrow('apiKey: missing; pass it or set ASSEMBLYAI_API_KEY')
  })

  it('refuses a region there is not', () => {
    expect(() => assemblyai({ apiKey: fakeKey, region: 'mars' as 'eu' })).toThrow("region: 'mars' is none of us, eu")
  })

  it('shows its key in a header and nowhere else', async () => {
    await openStt(vendor())
    expect(fake.last.headers.authorization).toBe(fakeKey)
    expect(fake.last.query.toString()).not.toContain(fakeKey)
  })

  it('lets a client show a key of its own', async () => {
    const { sink } = connectStt(vendor(), {}, { api_key: 'another' })
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'auth', vendorCode: '1008' })
  })
})

describe('recognition', () => {
  it('asks for what was configured, with lists as JSON', async () => {
    const stt = vendor({ stt: { maxTurnSilence: 700, inactivityTimeoutSecs: 20, query: { domain: 'medical-v1' } } })
    await openStt(stt, { language: 'de-AT', keyterms: ['Wien', 'Graz'] })
    expect(Object.fromEntries(fake.last.query)).toEqual({
      speech_model: 'universal-3-5-pro',
      encoding: 'pcm_s16le',
      sample_rate: '16000',
      max_turn_silence: '700',
      inactivity_timeout: '20',
      keyterms_prompt: '["Wien","Graz"]',
      language_codes: '["de"]',
      domain: 'medical-v1',
    })
  })

  it('gives the onset, cumulative interims and the turn, with the times of words', async () => {
    const { stream, sink } = await openStt(vendor())
    pushAll(stream, silence(200, format), speak('turn it on', format), silence(1100, format))
    expect(await sink.untilTranscript('speech-final')).toMatchObject({
      text: 'turn it on',
      cumulative: true,
      startMs: 200,
      endMs: 1260,
      confidence: 0.98,
      words: [{ text: 'turn', startMs: 200, endMs: 460 }, { text: 'it' }, { text: 'on' }],
    })
    expect(sink.texts('interim')).toEqual(['turn', 'turn it', 'turn it on'])
    expect(sink.of('speechStarted')[0]?.atMs).toBe(200)
  })

  it('ends a turn by force, and answers', async () => {
    const { stream, sink } = await openStt(vendor())
    pushAll(stream, speak('off', format))
    stream.finalize?.()
    await sink.until('finalized')
    expect(sink.texts('speech-final')).toEqual(['off'])
    expect(fake.last.messages).toEqual([{ type: 'ForceEndpoint' }])
  })

  it('takes new key terms while it runs, and nothing else', async () => {
    const { stream } = await openStt(vendor(), { language: 'en' })
    expect(stream.update?.({ language: 'en', keyterms: ['lamp'] })).toBe(true)
    expect(stream.update?.({ language: 'fr', keyterms: ['lamp'] })).toBe(false)
    await fake.last.said('UpdateConfiguration')
    expect(fake.last.messages).toEqual([{ type: 'UpdateConfiguration', keyterms_prompt: ['lamp'] }])
  })

  it('says goodbye and takes the turn that was open', async () => {
    const { stream, sink } = await openStt(vendor())
    pushAll(stream, speak('good bye', format))
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(sink.texts('speech-final')).toEqual(['good bye'])
    expect(await fake.last.ended).toMatchObject({ code: 1000 })
  })

  it('keeps what was heard of a turn that no end came for', async () => {
    fake.next({ rejects: ['Terminate'] })
    const { stream, sink } = await openStt(vendor())
    pushAll(stream, speak('good bye', format))
    await sink.untilTranscript('interim', 'good bye')
    stream.close()
    await fake.last.said('Terminate')
    fake.last.close(1000)
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(sink.texts('speech-final')).toEqual(['good bye'])
  })

  it('names the session in failures', async () => {
    fake.next({ closeAfter: { bytes: 3200, code: 3005, reason: 'Session Cancelled: An error occurred' } })
    const { stream, sink } = await openStt(vendor())
    expect(sink.of('open')[0]?.info).toEqual({ requestId: 'request-1' })
    pushAll(stream, speak('hello', format))
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'connection', requestId: 'request-1' })
  })

  it('is held open by messages where it would end, and twice as often as it has to be', async () => {
    const stt = vendor({ stt: { inactivityTimeoutSecs: 5 } })
    expect(stt.capabilities.keepAliveMs).toBe(2500)
    const { stream, sink } = await openStt(stt)
    // The vendor's 5 seconds are half of ours.
    const beat = setInterval(() => stream.keepAlive?.(), 200)
    await fake.last.later(7500)
    clearInterval(beat)
    expect(sink.types()).toEqual(['open'])
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'idle' })
  })
})

describe('recognition by models that format on demand', () => {
  const model = 'universal-streaming-english'

  it('gives words while they are spoken, without an onset', async () => {
    const stt = vendor({ stt: { model } })
    expect(stt.capabilities.speechStarted).toBe(false)
    const { stream, sink } = await openStt(stt)
    pushAll(stream, speak('turn it on', format), silence(1100, format))
    await sink.untilTranscript('speech-final', 'turn it on')
    expect(sink.texts('interim')).toEqual(['turn', 'turn it', 'turn it on'])
    expect(sink.of('speechStarted')).toEqual([])
  })

  it('takes the formatted one of two ends of a turn', async () => {
    const { stream, sink } = await openStt(vendor({ stt: { model, formatTurns: true } }))
    pushAll(stream, speak('turn it on', format), silence(1100, format), speak('off', format))
    await sink.untilTranscript('interim', 'off')
    expect(sink.texts('speech-final')).toEqual(['Turn it on.'])
  })

  it('takes the other one when the next turn begins, or after a while', async () => {
    fake.always({ rejects: ['format'] })
    const clock = new ManualClock()
    const { stream, sink } = await openStt(vendor({ stt: { model, formatTurns: true }, clock }))
    pushAll(stream, speak('turn it on', format), silence(1100, format), speak('and off', format))
    await sink.untilTranscript('interim', 'and off')
    expect(sink.texts('speech-final')).toEqual(['turn it on'])
    pushAll(stream, silence(1100, format))
    while (clock.pending === 0) await new Promise(setImmediate)
    clock.advance(500)
    expect(sink.texts('speech-final')).toEqual(['turn it on', 'and off'])
    stream.abort()
    await sink.until('closed')
    expect(clock.pending).toBe(0)
  })
})
