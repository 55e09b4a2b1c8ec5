import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cartesia } from '../../../adapters/providers/cartesia.js'
import { deepgram } from '../../../adapters/providers/deepgram.js'
import { elevenlabs } from '../../../adapters/providers/elevenlabs.js'
import type { TestCall } from '../../../src/testing/test-call.js'
import { FakeCartesia } from '../../fixtures/providers/cartesia.js'
import { FakeDeepgram } from '../../fixtures/providers/deepgram.js'
import { FakeElevenLabs } from '../../fixtures/providers/elevenlabs.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import type { Fault } from '../../fixtures/providers/faults.js'
import { heardText, type ScriptedCall, sayWords, scriptedCall } from '../../fixtures/scripted-call.js'

/** Vendors over real sockets, a session on a manual clock: what the vendors' failures cost is no word. */
const sentence = 'one two three four five six seven eight nine ten eleven twelve'

let first: FakeDeepgram
let second: FakeElevenLabs
let third: FakeCartesia

beforeEach(async () => {
  const options = { timeScale: 1 }
  first = await new FakeDeepgram(options).listen()
  second = await new FakeElevenLabs(options).listen()
  third = await new FakeCartesia(options).listen()
})

afterEach(async () => {
  const connections = [first, second, third].flatMap(fake => fake.connections)
  // Who does not read does not notice either.
  await Promise.all(connections.filter(({ fault }) => !fault.stallReads).map(({ ended }) => ended))
  await Promise.all([first.close(), second.close(), third.close()])
})

describe('recognition', () => {
  const faults: readonly (readonly [string, readonly Fault[]])[] = [
    ['the connection is cut in the middle of the sentence', [{ closeAfter: { bytes: 60_000 } }]],
    [
      'it closes in the middle with the words of the vendor',
      [{ closeAfter: { bytes: 60_000, code: 1011, reason: 'No response. See https://dpgr.am/net0000' } }],
    ],
    ['it is cut again and again', [{ closeAfter: { bytes: 40_000 } }, { closeAfter: { bytes: 40_000 } }]],
    ['the key is refused', [{ refuse: { status: 401 } }]],
    ['the money is spent', [{ refuse: { status: 402 } }]],
    ['too many streams are open', [{ refuse: { status: 429 } }, { refuse: { status: 429 } }]],
    ['it stops reading', [{ stallReads: true }]],
    ['it goes deaf with its socket open', [{ zombie: true }]],
  ]

  it.each(faults)('loses and doubles no word when %s', async (_, script) => {
    first.next(...script)
    const { voice, call } = await talk({ tts: [] })
    const [fault] = script
    // Only time tells that one has gone deaf.
    await sayWords(call, sentence, fault?.zombie || fault?.stallReads ? 9000 : 2000)
    await untilHeard(call, sentence)
    expect(finals(call)).toBe(sentence)
    expect(first.upgrades.length).toBeGreaterThanOrEqual(script.length)
    await voice.close()
  })

  it('moves to the next vendor when one is down for good', async () => {
    first.always({ refuse: { status: 503 } })
    const { voice, call } = await talk({ tts: [] })
    await sayWords(call, sentence, 2000)
    await untilHeard(call, sentence)
    expect(finals(call)).toBe(sentence)
    expect(second.connections).toHaveLength(1)
    await voice.close()
  })
})

describe('synthesis', () => {
  const text = 'This is the first of three sentences. This is the second one. And this is the last of them.'
  const faults: readonly (readonly [string, readonly Fault[]])[] = [
    ['the connection is cut between two sentences', [{ closeAfter: { messages: 3 } }]],
    ['the key is refused', [{ refuse: { status: 401 } }]],
    ['too many connections are open', [{ refuse: { status: 429 } }, { refuse: { status: 429 } }]],
    ['it goes mute with its socket open', [{ zombie: true }]],
    ['the 60 minutes are over', [{ closeAfter: { messages: 3, code: 1011, reason: 'Time limit. NET-0003' } }]],
  ]

  it.each(faults)('says every word once when %s', async (_, script) => {
    first.next(...script)
    const { voice, call } = await talk({ stt: [] })
    call.send({ type: 'speak', text, cseq: 1, at: 0 })
    await call.expect('tts_playback_complete', 60_000)
    expect(unspaced(heardText(call))).toBe(unspaced(text))
    expect(first.upgrades.length).toBeGreaterThanOrEqual(script.length)
    await voice.close()
  })

  it('goes on at the word where the connection was cut, where the vendor tells the times of words', async () => {
    second.next({ closeAfter: { said: 20_000 } })
    const { voice, call } = await talk({ stt: [], tts: [vendors().elevenlabs] })
    call.send({ type: 'speak', text, cseq: 1, at: 0 })
    await call.expect('tts_playback_complete', 60_000)
    expect(unspaced(heardText(call))).toBe(unspaced(text))
    expect(second.connections).toHaveLength(2)
    await voice.close()
  })
})

type Vendors = Readonly<Record<'deepgram' | 'elevenlabs' | 'cartesia', ReturnType<typeof deepgram>>>

function vendors(): Vendors {
  return {
    deepgram: deepgram({ apiKey: fakeKey, baseUrl: first.url }),
    elevenlabs: elevenlabs({ apiKey: fakeKey, baseUrl: second.url }),
    cartesia: cartesia({ apiKey: fakeKey, baseUrl: third.url, stt: { endpoint: 'manual' } }),
  }
}

/** A call over all vendors. In a direction without any, nothing of theirs is connected. */
async function talk({ stt, tts }: { stt?: Vendors['deepgram'][]; tts?: Vendors['deepgram'][] }): Promise<ScriptedCall> {
  const all = Object.values(vendors())
  const options = { ...(stt?.length !== 0 && { stt: stt ?? all }), ...(tts?.length !== 0 && { tts: tts ?? all }) }
  const scripted = await scriptedCall(options)
  await scripted.call.expect('ready')
  return scripted
}

function unspaced(text: string): string {
  return text.replaceAll(' ', '')
}

function finals(call: TestCall): string {
  const results = call.of('stt_result').filter(({ is_final }) => is_final === true)
  return results
    .map(({ transcript }) => transcript)
    .join(' ')
    .trim()
}

async function untilHeard(call: TestCall, words: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000 && finals(call).length < words.length; waitedMs += 100)
    await call.advance(100)
}
