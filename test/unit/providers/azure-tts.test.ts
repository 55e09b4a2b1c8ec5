import { beforeEach, describe, expect, it } from 'vitest'
import { ssmlOf } from '../../../adapters/providers/azure/ssml.js'
import { type AzureOptions, azure } from '../../../adapters/providers/azure.js'
import { ttsProviderSuite } from '../../../src/testing/tts-provider-suite.js'
import { InProcessAzure } from '../../fixtures/providers/azure/in-process.js'
import { textIn } from '../../fixtures/providers/azure/synthesise.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { connectTts, format, openTts } from '../../fixtures/providers/streams.js'

let fake: InProcessAzure

beforeEach(() => {
  fake = new InProcessAzure()
})

function vendor(options: AzureOptions = {}): ReturnType<typeof azure> {
  return azure({ apiKey: fakeKey, region: 'westeurope', sdk: fake.sdk, ...options })
}

ttsProviderSuite(
  { describe, it, expect },
  {
    name: 'azure tts',
    format,
    timeoutMs: 3000,
    settleMs: 20,
    create: () => vendor().tts,
    createFailing: () => {
      fake.next({ refuse: 'Unable to contact server. StatusCode: 1006' })
      return vendor().tts
    },
  },
)

describe('synthesis', () => {
  it('asks for what was configured', async () => {
    const { stream, sink } = await openTts(vendor({ tts: { style: 'chat' } }).tts, {
      voiceId: 'de-DE-KatjaNeural',
      speakingRate: 1.2,
    })
    stream.speak('Hallo.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    const [synthesizer] = fake.synthesizers
    expect(synthesizer?.config).toMatchObject({ origin: 'westeurope', speechSynthesisOutputFormat: 16_000 })
    expect(synthesizer?.texts[0]).toMatch(/^<speak version="1.0" .* xml:lang="de-DE"><voice name="de-DE-KatjaNeural">/)
    expect(synthesizer?.texts[0]).toContain('<mstts:express-as style="chat"><prosody rate="1.2">Hallo.</prosody>')
  })

  it('connects ahead, and says in failures what is wrong with the connection', async () => {
    fake.next({ refuse: 'Unable to contact server. StatusCode: 1006 Reason: Unexpected server response: 401' })
    const { sink } = connectTts(vendor().tts)
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'auth', httpStatus: 401 })
    expect(fake.synthesizers[0]?.open).toBe(false)
  })

  it('times words in the whole of their context', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('One. ', { contextId: 'a' })
    stream.speak('Two.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.timings('a')).toEqual([
      { text: 'One', startMs: 0, endMs: 30 },
      { text: 'Two', startMs: 50, endMs: 80 },
    ])
    expect(sink.heard('a')).toBe('One. Two.')
  })

  it('speaks two contexts at once, and uses synthesizers again', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('One.', { contextId: 'a', end: true })
    stream.speak('Two.', { contextId: 'b', end: true })
    await sink.untilDone('a')
    await sink.untilDone('b')
    stream.speak('Three.', { contextId: 'c', end: true })
    await sink.untilDone('c')
    expect(fake.synthesizers).toHaveLength(2)
    expect(['a', 'b', 'c'].map(id => sink.heard(id))).toEqual(['One.', 'Two.', 'Three.'])
    stream.close()
    await sink.until('closed')
    expect(fake.synthesizers.map(({ open }) => open)).toEqual([false, false])
  })

  it('ends a synthesizer to cancel what it says', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('A very long story. '.repeat(20), { contextId: 'a', end: true })
    await sink.until('audio')
    stream.cancel('a')
    await sink.untilDone('a')
    expect(fake.synthesizers[0]?.open).toBe(false)
    stream.speak('Hello.', { contextId: 'b', end: true })
    await sink.untilDone('b')
    expect(fake.synthesizers).toHaveLength(2)
  })

  it('loses a text that Azure refuses, and not the stream', async () => {
    fake.next({ fails: 'Unsupported voice Nobody. websocket error code: 1007' })
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('Hello.', { contextId: 'a', end: true })
    const { failure } = await sink.untilDone('a')
    expect(failure).toMatchObject({ class: 'data', closeCode: 1007, requestId: 'result-1' })
    stream.speak('Hello.', { contextId: 'b', end: true })
    expect((await sink.untilDone('b')).failure).toBeUndefined()
    expect(fake.synthesizers.map(({ open }) => open)).toEqual([false, true])
  })

  it('leaves nothing behind when it is given up while it connects', async () => {
    const { stream, sink } = connectTts(vendor().tts)
    await expect.poll(() => fake.synthesizers.length, { interval: 1 }).toBe(1)
    const [synthesizer] = fake.synthesizers
    stream.abort()
    await sink.until('closed')
    await expect.poll(() => synthesizer?.open).toBe(false)
  })

  it('fails with the connection', async () => {
    fake.next({ fails: 'websocket error code: 1006' })
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('Hello.', { contextId: 'a', end: true })
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'connection', closeCode: 1006 })
  })
})

it('writes any text as markup that says it', () => {
  const voice = { name: 'x"y', language: 'en-US', speakingRate: undefined, style: undefined }
  const text = `Tom & "Jerry" <b> it's\u0000\u0008 fine\ud800 🙂`
  const ssml = ssmlOf(text, voice)
  expect(textIn(ssml)).toBe(`Tom & "Jerry" <b> it's fine 🙂`)
  expect(ssml).toContain('<voice name="x&quot;y">')
})
