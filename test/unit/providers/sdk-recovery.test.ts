import { describe, expect, it } from 'vitest'
import { azure } from '../../../adapters/providers/azure.js'
import { google } from '../../../adapters/providers/google.js'
import type { SttProvider, TtsProvider } from '../../../src/providers/contracts.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import type { TestCall } from '../../../src/testing/test-call.js'
import { type AzureFault, InProcessAzure } from '../../fixtures/providers/azure/in-process.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import type { GoogleFault } from '../../fixtures/providers/google/call.js'
import { FakeGoogle } from '../../fixtures/providers/google/fake-google.js'
import { InProcessGoogle } from '../../fixtures/providers/google/in-process.js'
import { heardText, linear16, type ScriptedCall, sayWords, scriptedCall } from '../../fixtures/scripted-call.js'

/** Whole sessions over vendors that are reached through their own clients: what their failures cost is no word. */
const sentence = 'one two three four five six seven eight nine ten eleven twelve'
const text = 'This is the first of three sentences. This is the second one. And this is the last of them.'

/** Names are unique in a list. */
let vendors = 0

function googleWith(...faults: readonly GoogleFault[]): { readonly stt: SttProvider; readonly tts: TtsProvider } {
  const fake = new FakeGoogle(1)
  fake.next(...faults)
  const sdk = new InProcessGoogle(fake)
  return google({ stt: { sdk: sdk.stt }, tts: { sdk: sdk.tts } })
}

function azureWith(...faults: readonly AzureFault[]): { readonly stt: SttProvider; readonly tts: TtsProvider } {
  const fake = new InProcessAzure()
  fake.next(...faults)
  return azure({ apiKey: fakeKey, region: 'westeurope', sdk: fake.sdk, name: `azure-${++vendors}` })
}

const cut = (code: number, details: string): GoogleFault => ({ status: { code, details }, after: { bytes: 60_000 } })

describe('recognition', () => {
  const sttFaults: readonly (readonly [string, () => { readonly stt: SttProvider }, number])[] = [
    ['Google has no failure', () => googleWith(), 2000],
    ['Google is cut in the middle of the sentence', () => googleWith(cut(14, 'Connection dropped')), 2000],
    [
      'Google ends a stream for its age',
      () => googleWith(cut(11, 'Exceeded maximum allowed stream duration of 305 seconds.')),
      2000,
    ],
    ['Google refuses the credentials', () => googleWith({ status: { code: 16, details: 'Unauthenticated' } }), 2000],
    ['Google goes deaf', () => googleWith({ zombie: true }), 9000],
    ['Google stops reading', () => googleWith({ stallReads: true }), 9000],
    ['Azure has no failure', () => azureWith(), 2000],
    [
      'Azure is cut in the middle of the sentence',
      () => azureWith({ cancel: { afterBytes: 60_000, errorCode: 4, details: 'websocket error code: 1006' } }),
      2000,
    ],
    ['Azure is disconnected without a word', () => azureWith({ disconnectAfterBytes: 60_000 }), 2000],
    ['Azure refuses the key', () => azureWith({ refuse: 'Unexpected server response: 401' }), 2000],
    ['Azure does not send', () => azureWith({ stalls: true }), 9000],
  ]

  it.each(sttFaults)('loses and doubles no word when %s', async (_, vendor, silenceMs) => {
    const { voice, call } = await talk({ stt: vendor().stt })
    await sayWords(call, sentence, silenceMs)
    await until(call, () => finals(call).length >= sentence.length)
    expect(finals(call)).toBe(sentence)
    await voice.close()
  })

  it.each([
    ['Google', () => googleWith().stt],
    ['Azure', () => azureWith().stt],
  ])('gives the words of push to talk, again and again, with %s', async (_, stt) => {
    const { voice, call } = await talk({ stt: stt() }, { turns: { mode: 'manual' } })
    let at = 0
    for (const [index, words] of ['one two', 'three', 'four five six'].entries()) {
      await sayWords(call, words, 200)
      at += speak(words, linear16).length + silence(200, linear16).length
      call.send({ type: 'finalize', cseq: index + 1, at })
      await until(call, () => finals(call).endsWith(words))
    }
    expect(finals(call)).toBe('one two three four five six')
    await voice.close()
  })
})

describe('synthesis', () => {
  const ttsFaults: readonly (readonly [string, () => { readonly tts: TtsProvider }])[] = [
    ['Google has no failure', () => googleWith()],
    [
      'Google is cut between two sentences',
      () => googleWith({}, { status: { code: 14, details: 'Connection dropped' }, after: { messages: 2 } }),
    ],
    ['Google has no room', () => googleWith({ status: { code: 8, details: 'Quota exceeded' } })],
    ['Google goes mute', () => googleWith({ zombie: true })],
    ['Azure has no failure', () => azureWith()],
    ['Azure is cut while it speaks', () => azureWith({}, { fails: 'websocket error code: 1006' })],
    ['Azure refuses the key', () => azureWith({ refuse: 'Unexpected server response: 401' })],
  ]

  it.each(ttsFaults)('says every word once when %s', async (_, vendor) => {
    const { voice, call } = await talk({ tts: vendor().tts })
    call.send({ type: 'speak', text, cseq: 1, at: 0 })
    await call.expect('tts_playback_complete', 60_000)
    expect(heardText(call).replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
    await voice.close()
  })
})

/** A call whose vendor has another one behind it. */
async function talk(
  vendor: { readonly stt?: SttProvider; readonly tts?: TtsProvider },
  options: object = {},
): Promise<ScriptedCall> {
  const backup = azureWith()
  const scripted = await scriptedCall({
    ...(vendor.stt && { stt: [vendor.stt, backup.stt] }),
    ...(vendor.tts && { tts: [vendor.tts, backup.tts] }),
    ...options,
  })
  await scripted.call.expect('ready')
  return scripted
}

function finals(call: TestCall): string {
  const results = call.of('stt_result').filter(({ is_final }) => is_final === true)
  const texts = results.map(({ transcript }) => transcript).filter(words => words !== '')
  return texts.join(' ').trim()
}

async function until(call: TestCall, holds: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000 && !holds(); waitedMs += 100) await call.advance(100)
}
