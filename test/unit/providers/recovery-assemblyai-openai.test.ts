import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { assemblyai } from '../../../adapters/providers/assemblyai.js'
import { openai } from '../../../adapters/providers/openai.js'
import type { AudioFormat } from '../../../src/audio/format.js'
import type { VoiceHandlerOptions } from '../../../src/index.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import type { TestCall } from '../../../src/testing/test-call.js'
import { FakeAssemblyAi } from '../../fixtures/providers/assemblyai.js'
import { type FakeVendor, fakeKey } from '../../fixtures/providers/fake-vendor.js'
import type { Fault } from '../../fixtures/providers/faults.js'
import { FakeOpenAi } from '../../fixtures/providers/openai.js'
import { heardText, type ScriptedCall, scriptedCall } from '../../fixtures/scripted-call.js'

/** Vendors over real sockets, a session on a manual clock: what their failures cost is no word. */
const sentence = 'one two three four five six seven eight nine ten eleven twelve'

interface Setup {
  readonly createFake: () => FakeVendor
  /** What the client sends; nothing is converted, because fakes hear exact samples only. */
  readonly sampleRate: number
  readonly options: (url: string) => VoiceHandlerOptions<never, never>
}

const assembly: Setup = {
  createFake: () => new FakeAssemblyAi({ timeScale: 1 }),
  sampleRate: 16_000,
  options: baseUrl => ({ stt: [assemblyai({ apiKey: fakeKey, baseUrl }).stt], tts: [] }),
}

function open(model: string): Setup {
  return {
    createFake: () => new FakeOpenAi({ timeScale: 1 }),
    sampleRate: 24_000,
    options: url => ({ stt: [openai({ apiKey: fakeKey, baseUrl: `${url}/v1`, stt: { model } }).stt], tts: [] }),
  }
}

const setups: readonly (readonly [string, Setup])[] = [
  ['AssemblyAI', assembly],
  ['OpenAI, a live model', open('gpt-live-transcribe')],
  ['OpenAI, another model', open('gpt-transcribe')],
]

let fake: FakeVendor

describe.each(setups)('recognition by %s', (_, { createFake, sampleRate, options }) => {
  const format = { encoding: 'linear16', sampleRate, channels: 1 } as const
  /** Of the sentence. */
  const middle = 2 * sampleRate * 2

  beforeEach(async () => {
    fake = await createFake().listen()
  })

  afterEach(() => fake.close())

  const faults: readonly (readonly [string, readonly Fault[]])[] = [
    ['the connection is cut in the middle of the sentence', [{ closeAfter: { bytes: middle } }]],
    ['it is cut again and again', [{ closeAfter: { bytes: middle } }, { closeAfter: { bytes: middle } }]],
    ['it restarts', [{ closeAfter: { bytes: middle, code: 1012 } }]],
    ['too many sessions are open', [{ refuse: { status: 429 } }]],
    ['it says every final twice', [{ duplicateFinals: true }]],
  ]

  it.each(faults)('loses and doubles no word when %s', async (_when, script) => {
    fake.next(...script)
    const { voice, call } = await talk(options(fake.url), sampleRate)
    await say(call, sentence, format)
    for (let waitedMs = 0; waitedMs < 10_000 && finals(call).length < sentence.length; waitedMs += 100)
      await call.advance(100)
    expect(finals(call)).toBe(sentence)
    expect(fake.upgrades.length).toBeGreaterThanOrEqual(script.length)
    await voice.close()
  })

  it('goes over to a new session where the old one has lived its time', async () => {
    const reason = { code: 3008, reason: 'Session Expired: Maximum session duration exceeded' }
    const away = { code: 1001, reason: 'Your session hit the maximum duration of 60 minutes.' }
    fake.next({ closeAfter: { bytes: middle, ...(sampleRate === 16_000 ? reason : away) } })
    const { voice, call } = await talk(options(fake.url), sampleRate)
    await say(call, sentence, format)
    for (let waitedMs = 0; waitedMs < 10_000 && finals(call).length < sentence.length; waitedMs += 100)
      await call.advance(100)
    expect(finals(call)).toBe(sentence)
    await voice.close()
  })
})

describe('synthesis by OpenAI', () => {
  const text = 'This is the first of three sentences. This is the second one. And this is the last of them.'

  beforeEach(async () => {
    fake = await new FakeOpenAi({ timeScale: 1 }).listen()
  })

  afterEach(() => fake.close())

  const fine: Fault = {}
  const faults: readonly (readonly [string, readonly Fault[]])[] = [
    ['nobody answers before there is text', [{ refuse: { status: 503 } }]],
    ['it is overloaded at the second sentence', [fine, fine, { refuse: { status: 429 } }]],
    ['it breaks down at the first sentence', [fine, { refuse: { status: 500 } }]],
    ['it takes a text and says nothing', [fine, { zombie: true }]],
  ]

  it.each(faults)('says every word once when %s', async (_, script) => {
    fake.next(...script)
    const tts = [openai({ apiKey: fakeKey, baseUrl: `${fake.url}/v1` }).tts]
    const { voice, call } = await talk({ stt: [], tts }, 16_000)
    call.send({ type: 'speak', text, cseq: 1, at: 0 })
    await call.expect('tts_playback_complete', 60_000)
    expect(heardText(call).replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
    expect(fake.requests.length).toBeGreaterThan(script.length)
    await voice.close()
  })
})

/** In a direction without any provider, nothing is connected. */
async function talk({ stt, tts }: VoiceHandlerOptions<never, never>, sampleRate: number): Promise<ScriptedCall> {
  const options = { ...(stt?.length !== 0 && { stt }), ...(tts?.length !== 0 && { tts }) }
  const scripted = await scriptedCall(options, { config: { stt_config: { sample_rate: sampleRate } } })
  await scripted.call.expect('ready')
  return scripted
}

/** As a microphone would: a frame every 20 ms, and silence that ends the turn. */
async function say(call: TestCall, words: string, format: AudioFormat): Promise<void> {
  const frame = format.sampleRate / 25
  for (const audio of [speak(words, format), silence(2000, format)]) {
    for (let at = 0; at < audio.length; at += frame) {
      call.sendAudio(audio.subarray(at, at + frame))
      await call.advance(20)
    }
  }
}

function finals(call: TestCall): string {
  const results = call.of('stt_result').filter(({ is_final }) => is_final === true)
  return results
    .map(({ transcript }) => transcript)
    .filter(words => words !== '')
    .join(' ')
}
