import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deepgram } from '../../../adapters/providers/deepgram.js'
import { deepgramMessages, UnknownFields } from '../../../examples/probe/known-messages.js'
import { probe } from '../../../examples/probe/probe.js'
import { probeRecognition } from '../../../examples/probe/recognition.js'
import { probeSpeech } from '../../../examples/probe/speech.js'
import { textOf } from '../../../src/testing/spoken-text.js'
import { speak } from '../../../src/testing/spoken-words.js'
import { FakeDeepgram } from '../../fixtures/providers/deepgram.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { format } from '../../fixtures/providers/streams.js'

let fake: FakeDeepgram
let lines: string[]

beforeEach(async () => {
  fake = await new FakeDeepgram({ timeScale: 1 }).listen()
  lines = []
})

afterEach(() => fake.close())

function run(name: string | undefined, env: Record<string, string> = {}): Promise<number> {
  return probe(name, env, line => lines.push(line))
}

describe('probe', () => {
  it.each([
    ['deepgram', 'DEEPGRAM_API_KEY'],
    ['elevenlabs', 'ELEVENLABS_API_KEY'],
    ['cartesia', 'CARTESIA_API_KEY'],
    ['assemblyai', 'ASSEMBLYAI_API_KEY'],
    ['openai', 'OPENAI_API_KEY'],
    ['google', 'GOOGLE_APPLICATION_CREDENTIALS'],
    ['azure', 'AZURE_SPEECH_KEY'],
  ])('says which key %s needs and exits with 2', async (name, variable) => {
    expect(await run(name)).toBe(2)
    expect(lines).toEqual([`${name}: no key; set ${variable}`])
  })

  it.each([
    [
      'google',
      { GOOGLE_APPLICATION_CREDENTIALS: 'key.json' },
      '@google-cloud/speech is not installed; run: npm install',
    ],
    ['azure', { AZURE_SPEECH_KEY: 'key' }, 'region: missing; pass it or set AZURE_SPEECH_REGION'],
  ])('says what %s needs beside the key, and exits with 1', async (name, env, missing) => {
    expect(await run(name, env)).toBe(1)
    expect(lines[0]).toContain(`${name} failed: ${missing}`)
  })

  it('says which vendors there are', async () => {
    expect(await run(undefined)).toBe(1)
    expect(lines[0]).toMatch(/^usage: npm run probe -- deepgram\|/)
  })

  it('says why a vendor does not work, in its own words, and exits with 1', async () => {
    fake.next({ refuse: { status: 402, body: '{"err_code":"ASR_PAYMENT_REQUIRED","err_msg":"No credits."}' } })
    expect(await run('deepgram', { DEEPGRAM_API_KEY: fakeKey, PROBE_BASE_URL: fake.url })).toBe(1)
    expect(lines).toEqual([
      'deepgram failed: quota: No credits., vendorCode ASR_PAYMENT_REQUIRED, httpStatus 402, requestId request-1',
    ])
  })
})

describe('its parts', () => {
  it('let a synthesiser speak', async () => {
    const spoken = await probeSpeech(deepgram({ apiKey: fakeKey, baseUrl: fake.url }).tts, 'Hello there.', format)
    expect(textOf(spoken.audio)).toBe('Hello there.')
    expect(spoken).toMatchObject({ speechMs: 120, requestId: 'request-1' })
    expect(spoken.firstAudioMs).toBeGreaterThan(0)
  })

  it('let a recogniser hear', async () => {
    const { stt } = deepgram({ apiKey: fakeKey, baseUrl: fake.url })
    const heard = await probeRecognition(stt, speak('hello there', format), format)
    expect(heard).toMatchObject({ text: 'hello there', timed: 2, requestId: 'request-1' })
    expect(heard.firstWordsMs).toBeGreaterThan(200)
    expect(heard.lastWordsMs).toBeLessThan(2000)
  })

  it('name what a vendor says that nobody announced', () => {
    const unknown = new UnknownFields(deepgramMessages)
    unknown.see({ type: 'SpeechStarted', channel: [0], timestamp: 1 })
    expect(unknown.found).toEqual([])
    unknown.see({ type: 'SpeechStarted', mood: 'good' })
    unknown.see({ type: 'Surprise' })
    expect(unknown.found).toEqual(['SpeechStarted.mood', 'Surprise'])
  })
})
