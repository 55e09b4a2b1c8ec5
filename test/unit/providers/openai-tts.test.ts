import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type OpenAiOptions, openai } from '../../../adapters/providers/openai.js'
import type { TtsProvider } from '../../../src/providers/contracts.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { FakeOpenAi, refusal } from '../../fixtures/providers/openai.js'
import { connectTts, openTts } from '../../fixtures/providers/streams.js'

let fake: FakeOpenAi

beforeEach(async () => {
  fake = await new FakeOpenAi().listen()
})

afterEach(() => fake.close())

function vendor(options: OpenAiOptions = {}): TtsProvider {
  return openai({ apiKey: fakeKey, baseUrl: `${fake.url}/v1`, ...options }).tts
}

function spoken(): readonly unknown[] {
  return fake.requests.filter(({ method }) => method === 'POST').map(({ json }) => json)
}

describe('synthesis', () => {
  it('asks for samples in the voice that was configured', async () => {
    const tts = vendor({ voiceId: 'marin', tts: { instructions: 'Whisper.', request: { stream_format: 'audio' } } })
    const { stream, sink } = await openTts(tts, {
      speakingRate: 9,
      pronunciations: [{ word: 'GIF', pronunciation: 'jif' }],
    })
    stream.speak('A GIF.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('A jif.')
    expect(spoken()).toEqual([
      {
        model: 'gpt-4o-mini-tts',
        voice: 'marin',
        input: 'A jif.',
        response_format: 'pcm',
        speed: 4,
        instructions: 'Whisper.',
        stream_format: 'audio',
      },
    ])
    expect(fake.requests.at(-1)?.headers.authorization).toBe(`Bearer ${fakeKey}`)
  })

  it('speaks the texts of a context one after the other, and those of two contexts at once', async () => {
    const { stream, sink } = await openTts(vendor())
    stream.speak('One. ', { contextId: 'a' })
    stream.speak('Two.', { contextId: 'a', end: true })
    stream.speak('Three.', { contextId: 'b', end: true })
    await Promise.all([sink.untilDone('a'), sink.untilDone('b')])
    expect(sink.heard('a')).toBe('One. Two.')
    expect(sink.heard('b')).toBe('Three.')
    expect(spoken()).toHaveLength(3)
  })

  it('stops a request whose context was cancelled', async () => {
    const { stream, sink } = await openTts(vendor())
    stream.speak('a very long story '.repeat(100), { contextId: 'a', end: true })
    await sink.until('audio')
    stream.cancel('a')
    await sink.untilDone('a')
    const request = fake.requests.at(-1)
    while (request?.open) await sleep(1)
    expect(sink.heard('a').length).toBeLessThan(1800)
  })

  it('reads nothing while it is paused', async () => {
    const { stream, sink } = await openTts(vendor())
    stream.speak('a long story '.repeat(10), { contextId: 'a', end: true })
    stream.pause?.()
    while (fake.requests.at(-1)?.method !== 'POST' || fake.requests.at(-1)?.open) await sleep(1)
    expect(sink.of('audio')).toEqual([])
    stream.resume?.()
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('a long story '.repeat(10))
  })
})

describe('what goes wrong', () => {
  it('shows before there is text', async () => {
    fake.next({ refuse: refusal(401, 'invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.') })
    const { sink } = connectTts(vendor())
    const { failure } = await sink.until('closed')
    expect(failure).toMatchObject({ class: 'auth', vendorCode: 'invalid_api_key', requestId: 'request-1' })
    expect(spoken()).toEqual([])
  })

  it('is no fault when only the model may not be looked at, or is not known there', async () => {
    const scopes = 'You have insufficient permissions for this operation. Missing scopes: api.model.read.'
    fake.next({ refuse: refusal(403, 'invalid_request_error', 'missing_scope', scopes) })
    for (const model of ['gpt-4o-mini-tts', 'unknown']) {
      const { stream, sink } = await openTts(vendor({ tts: { model } }))
      stream.speak('Hello.', { contextId: 'a', end: true })
      await sink.untilDone('a')
      expect(sink.heard('a')).toBe('Hello.')
    }
  })

  it('is wrong with one text when the text is refused', async () => {
    const { stream, sink } = await openTts(vendor())
    stream.speak('REJECT', { contextId: 'a', end: true })
    const { failure } = await sink.untilDone('a')
    expect(failure).toMatchObject({
      class: 'data',
      httpStatus: 400,
      reason: 'input cannot be spoken.',
      requestId: 'request-2',
    })
    stream.speak('Hello.', { contextId: 'b', end: true })
    expect((await sink.untilDone('b')).failure).toBeUndefined()
  })

  it.each([
    ['the quota is spent', { refuse: refusal(429, 'insufficient_quota', 'insufficient_quota', 'x') }, 'quota'],
    ['it is overloaded', { refuse: { status: 503 } }, 'connection'],
    ['the connection is cut in the middle', { closeAfter: { said: 9600 } }, 'connection'],
  ])('ends the stream when %s', async (_, fault, meaning) => {
    const { stream, sink } = await openTts(vendor())
    fake.next(fault)
    stream.speak('a long story '.repeat(10), { contextId: 'a', end: true })
    expect((await sink.until('closed')).failure).toMatchObject({ class: meaning })
    expect(sink.of('done')).toEqual([])
  })

  it('is told when nobody listens at the address', async () => {
    const tts = vendor({ baseUrl: 'http://127.0.0.1:1/v1' })
    const { failure } = await connectTts(tts).sink.until('closed')
    expect(failure).toMatchObject({ class: 'connection' })
    expect(failure?.reason).not.toBe('fetch failed')
  })
})
