import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type OpenAiOptions, openai } from '../../../adapters/providers/openai.js'
import type { SttProvider } from '../../../src/providers/contracts.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { FakeOpenAi } from '../../fixtures/providers/openai.js'
import { connectStt, openStt } from '../../fixtures/providers/streams.js'

const format = { encoding: 'linear16', sampleRate: 24_000, channels: 1 } as const

let fake: FakeOpenAi

beforeEach(async () => {
  fake = await new FakeOpenAi().listen()
})

afterEach(() => fake.close())

function vendor(stt: OpenAiOptions['stt'] = {}): SttProvider {
  return openai({ apiKey: fakeKey, baseUrl: `${fake.url}/v1`, stt }).stt
}

/** Messages heard, without the audio. */
function heard(): readonly unknown[] {
  return fake.last.messages.filter(message => (message as { type: string }).type !== 'input_audio_buffer.append')
}

describe('openai()', () => {
  it('names the environment variable when there is no key', () => {
    expect(() => openai({ apiKey: '' })).toThrow('apiKey: missing; pass it or set OPENAI_API_KEY')
  })

  it('shows its key in a header and nowhere else', async () => {
    await openStt(vendor())
    expect(fake.last.headers.authorization).toBe(`Bearer ${fakeKey}`)
    expect(fake.last.query.toString()).toBe('intent=transcription')
  })

  it('lets a client show a key of its own', async () => {
    const { sink } = connectStt(vendor(), {}, { api_key: 'another' })
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'auth', vendorCode: 'invalid_api_key' })
  })

  it('gives gateways the model in the query that they want', async () => {
    const { sink } = connectStt(vendor({ query: { model: 'whisper' } }))
    // OpenAI itself refuses it.
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'data', vendorCode: 'invalid_model' })
    expect(fake.last.query.get('model')).toBe('whisper')
  })
})

describe('a transcription session', () => {
  it('is asked for before any audio, as it was configured', async () => {
    const { stream } = connectStt(vendor({ prompt: 'A lamp.', noiseReduction: 'near_field', logprobs: true }), {
      language: 'de-AT',
      keyterms: ['Wien'],
    })
    stream.push(new Uint8Array(4800))
    stream.close()
    while (fake.connections.length === 0) await new Promise(setImmediate)
    await fake.last.said('commit')
    expect(fake.last.messages[0]).toEqual({
      type: 'session.update',
      session: {
        type: 'transcription',
        audio: {
          input: {
            format: { type: 'audio/pcm', rate: 24_000 },
            transcription: { model: 'gpt-live-transcribe', language: 'de', prompt: 'A lamp.', keywords: ['Wien'] },
            turn_detection: null,
            noise_reduction: { type: 'near_field' },
          },
        },
        include: ['item.input_audio_transcription.logprobs'],
      },
    })
  })

  it.each([
    ['gpt-transcribe', { keywords: ['Wien'] }],
    ['gpt-4o-transcribe', { prompt: 'Wien' }],
    ['gpt-realtime-whisper', {}],
  ])('gives %s key terms as it takes them', async (model, hints) => {
    await openStt(vendor({ model }), { keyterms: ['Wien'] })
    const [update] = fake.last.messages as { session: { audio: { input: { transcription: object } } } }[]
    expect(update?.session.audio.input.transcription).toEqual({ model, ...hints })
  })

  it('is open when it is confirmed, and refused with what is wrong', async () => {
    const { sink } = await openStt(vendor())
    expect(sink.of('open')[0]?.info).toEqual({ requestId: 'request-1' })
    const refused = connectStt(vendor({ model: 'gpt-live-transcribe', turnDetection: { type: 'server_vad' } })).sink
    expect((await refused.until('closed')).failure).toMatchObject({
      class: 'data',
      reason: 'Turn detection is not supported for this transcription model.',
      requestId: 'request-2',
    })
    expect(refused.types()).toEqual(['closed'])
  })

  it('takes another language while it runs, and no other model', async () => {
    const { stream } = await openStt(vendor(), { language: 'de' })
    expect(stream.update?.({ model: 'gpt-transcribe' })).toBe(false)
    expect(stream.update?.({ language: 'fr' })).toBe(true)
    await fake.last.said('"fr"')
    expect(heard()).toHaveLength(2)
  })

  it('goes on after an error that most sessions survive', async () => {
    fake.next({ says: { type: 'nothing' } })
    const { stream, sink } = await openStt(vendor())
    fake.last.send({ type: 'error', error: { type: 'server_error', code: null, message: 'Try again.' } })
    expect(await sink.until('warning')).toMatchObject({ code: 'server_error', message: 'Try again.' })
    stream.push(speak('still here', format))
    stream.finalize?.()
    await sink.untilTranscript('final', 'still here')
    fake.last.close(1011)
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'connection', reason: 'Try again.' })
  })
})

describe('recognition by a live model', () => {
  it('gives words while they are spoken, and makes them final when asked', async () => {
    const { stream, sink } = await openStt(vendor())
    stream.push(speak('turn it on', format))
    await sink.untilTranscript('interim', 'turn it on')
    stream.finalize?.()
    await sink.until('finalized')
    expect(sink.texts('interim')).toEqual(['turn', 'turn it', 'turn it on'])
    const final = await sink.untilTranscript('final')
    expect(final).toMatchObject({ text: 'turn it on', startMs: 0, endMs: 1200 })
    expect(final.confidence).toBeCloseTo(Math.exp(-0.1))
  })

  it('answers every finalize, in order, also of nothing', async () => {
    const { stream, sink } = await openStt(vendor())
    stream.finalize?.()
    await sink.until('finalized')
    stream.push(speak('one', format))
    stream.finalize?.()
    stream.finalize?.()
    stream.push(speak('two', format))
    stream.finalize?.()
    await sink.until('finalized', () => true, 4)
    const finals = sink.of('transcript').filter(({ transcript }) => transcript.kind === 'final')
    expect(finals.map(({ transcript }) => [transcript.text, transcript.startMs, transcript.endMs])).toEqual([
      ['one', 0, 400],
      ['two', 400, 800],
    ])
    expect(sink.types().at(-1)).toBe('finalized')
  })

  it('fills up what is too short to be committed, and does not count that', async () => {
    const { stream, sink } = await openStt(vendor())
    stream.push(speak('hm', format, { wordMs: 60, pauseMs: 0 }))
    stream.finalize?.()
    await sink.until('finalized')
    expect(await sink.untilTranscript('final')).toMatchObject({ text: 'hm', endMs: 60 })
    expect(fake.last.audioBytes).toBe(100 * 48)
  })

  it('does not let silence pile up before what is said next', async () => {
    const { stream, sink } = await openStt(vendor())
    stream.push(silence(60_000, format))
    expect(await sink.untilTranscript('final')).toMatchObject({ text: '', endMs: 60_000 })
    stream.push(speak('hello', format))
    stream.finalize?.()
    expect(await sink.untilTranscript('final', 'hello')).toMatchObject({ startMs: 60_000, endMs: 60_400 })
    expect(sink.of('finalized')).toHaveLength(1)
  })

  it('puts results into the order of their audio', async () => {
    fake.next({ swapsResults: true })
    const { stream, sink } = await openStt(vendor())
    for (const word of ['one', 'two']) {
      stream.push(speak(word, format))
      stream.finalize?.()
    }
    await sink.until('finalized', () => true, 2)
    expect(sink.texts('final')).toEqual(['one', 'two'])
  })

  it('takes the last words when it says goodbye, and hangs up itself', async () => {
    const { stream, sink } = await openStt(vendor())
    stream.push(speak('good', format))
    stream.finalize?.()
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(sink.texts('final')).toEqual(['good'])
    expect(await fake.last.ended).toMatchObject({ code: 1000 })
  })

  it('waits for a result that it has asked for, and gives what it knows if none comes', async () => {
    fake.next({ swapsResults: true })
    const { stream, sink } = await openStt(vendor())
    stream.push(speak('good bye', format))
    stream.finalize?.()
    stream.close()
    await fake.last.said('commit')
    await fake.last.later(300)
    expect(fake.last.open).toBe(true)
    fake.last.terminate()
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(sink.texts('final')).toEqual(['good bye'])
  })

  it('takes what could not be understood for no words', async () => {
    const { stream, sink } = await openStt(vendor())
    stream.push(speak('mumble', format))
    stream.finalize?.()
    await sink.until('finalized')
    expect(await sink.until('warning')).toMatchObject({ code: 'audio_unintelligible' })
    expect(sink.texts('final')).toEqual([])
  })

  it('fails when audio was not transcribed, so that another connection hears it again', async () => {
    const { stream, sink } = await openStt(vendor())
    stream.push(speak('choke', format))
    stream.finalize?.()
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'connection', vendorCode: 'server_error' })
    expect(sink.texts('final')).toEqual([])
  })
})

describe('recognition by a model that ends utterances', () => {
  it('gives onset and utterance, and no interims', async () => {
    const stt = vendor({ model: 'gpt-transcribe' })
    expect(stt.capabilities).toMatchObject({ interims: false, endpointing: true, speechStarted: true })
    const { stream, sink } = await openStt(stt)
    stream.push(silence(400, format))
    stream.push(speak('turn it on', format))
    stream.push(silence(600, format))
    const final = await sink.untilTranscript('speech-final')
    expect(final).toMatchObject({ text: 'turn it on', startMs: 100, endMs: 2000 })
    expect(sink.of('speechStarted')).toMatchObject([{ atMs: 100 }])
    expect(sink.texts('interim')).toEqual([])
  })

  it('leaves the end of utterances to finalize when it is told to', async () => {
    const stt = vendor({ model: 'gpt-transcribe', turnDetection: null })
    expect(stt.capabilities).toMatchObject({ endpointing: false, speechStarted: false })
    const { stream, sink } = await openStt(stt)
    stream.push(speak('turn it on', format))
    stream.push(silence(1000, format))
    stream.finalize?.()
    await sink.until('finalized')
    expect(sink.texts('final')).toEqual(['turn it on'])
    expect(sink.of('speechStarted')).toEqual([])
  })
})
