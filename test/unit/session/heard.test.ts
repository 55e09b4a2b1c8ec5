import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { UtteranceResult } from '../../../src/index.js'
import { textOf } from '../../../src/testing/spoken-text.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import type { TestCall } from '../../../src/testing/test-call.js'
import { comeBack, heardText, linear16, resumeMessage, sayInto, scriptedCall } from '../../fixtures/scripted-call.js'

// What a session remembers of its own words, against the sound that really left it.

const config = { audio_out: { sample_rates: [16_000] } }
const bytesPerMs = 32

type Step =
  | { readonly do: 'say' | 'user'; readonly words: number }
  | { readonly do: 'wait' | 'away'; readonly ms: number }
  | { readonly do: 'clear' | 'interrupt' | 'type' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('say' as const), words: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('user' as const), words: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 2500 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('away' as const), ms: fc.integer({ min: 0, max: 8000 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('clear' as const, 'interrupt' as const, 'type' as const) }),
  },
)

/** What left on all sockets: the text of each utterance's sound, and how long it is. */
function soundOf(calls: readonly TestCall[]): Map<unknown, { text: string; ms: number }> {
  const sounds = new Map<unknown, Uint8Array[]>()
  for (const { peer } of calls) {
    let id: unknown
    for (const data of peer.received) {
      if (typeof data !== 'string') sounds.set(id, [...(sounds.get(id) ?? []), data])
      else if (data.includes('"tts_start"')) id = (JSON.parse(data) as { utterance_id: unknown }).utterance_id
    }
  }
  return new Map(
    [...sounds].map(([id, chunks]) => {
      const pcm = Buffer.concat(chunks)
      return [id, { text: textOf(pcm), ms: pcm.length / bytesPerMs }]
    }),
  )
}

const wordsIn = (text: string) => text.match(/\w+/g) ?? []

class Talk {
  readonly results: { readonly id: string; readonly result: UtteranceResult }[] = []
  readonly calls: TestCall[]
  private readonly scripted: Awaited<ReturnType<typeof scriptedCall>>
  private token: Readonly<Record<string, unknown>>
  private bytes = 0
  private count = 0

  private constructor(scripted: Awaited<ReturnType<typeof scriptedCall>>, ready: Readonly<Record<string, unknown>>) {
    this.scripted = scripted
    this.calls = [scripted.call]
    this.token = ready
    this.session.on('utterance', ({ id, result }) => result && this.results.push({ id, result }))
  }

  static async begin(): Promise<Talk> {
    const scripted = await scriptedCall({ agent: ({ text }) => `Answer to ${text} and more.` }, { config })
    return new Talk(scripted, await scripted.call.expect('ready'))
  }

  get session() {
    return [...this.scripted.voice.sessions.values()][0]!
  }

  get call(): TestCall {
    return this.calls.at(-1)!
  }

  async act(step: Step): Promise<void> {
    const { session, call } = this
    switch (step.do) {
      case 'say':
        return void session.say(this.words('s', step.words))
      case 'user':
        await this.hear(speak(this.words('u', step.words), linear16))
        return this.hear(silence(700, linear16))
      case 'wait':
        return call.advance(step.ms)
      case 'away':
        return this.leave(step.ms)
      case 'clear':
        return call.send({ type: 'clear' })
      case 'interrupt':
        return session.interrupt()
      case 'type':
        return call.send({ type: 'user_text', text: this.words('t', 2) })
    }
  }

  check(): void {
    const sounds = soundOf(this.calls)
    for (const { id, result } of this.results) {
      const { text, ms } = sounds.get(id) ?? { text: '', ms: 0 }
      expect(result.playedMs).toBeLessThanOrEqual(ms + 1)
      const sent = new Set(wordsIn(text))
      for (const word of wordsIn(result.text)) expect(sent).toContain(word)
    }
    const remembered = this.session.history.filter(({ role }) => role === 'assistant').map(({ text }) => text)
    expect(remembered).not.toContain('')
    const all = new Set([...sounds.values()].flatMap(({ text }) => wordsIn(text)))
    for (const word of remembered.flatMap(wordsIn)) expect(all).toContain(word)
  }

  async end(): Promise<void> {
    await this.call.advance(30_000)
    this.check()
    const { voice, clock } = this.scripted
    await voice.close()
    await this.call.advance(2500)
    expect(clock.pending).toBe(0)
  }

  private async leave(ms: number): Promise<void> {
    this.call.peer.drop()
    await this.scripted.clock.advanceAsync(ms, 20)
    const back = await comeBack(this.scripted, resumeMessage(this.token, { start: 0, end: this.bytes }))
    this.calls.push(back)
    this.token = { ...this.token, ...(await back.expect('resumed')) }
  }

  private async hear(audio: Uint8Array): Promise<void> {
    this.bytes += audio.length
    await sayInto(this.call, audio)
  }

  private words(prefix: string, count: number): string {
    return Array.from({ length: count }, () => `${prefix}${this.count++}`).join(' ')
  }
}

describe('whatever happens', () => {
  it('no word is remembered whose sound did not leave, and nothing was heard for longer than was sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async steps => {
        const talk = await Talk.begin()
        for (const step of steps) {
          await talk.act(step)
          talk.check()
        }
        await talk.end()
      }),
      { numRuns: 40 },
    )
  }, 60_000)
})

describe('a client that was away for too long', () => {
  it('is told to discard what it holds, and hears no tail of it', async () => {
    const scripted = await scriptedCall({}, { config })
    const ready = await scripted.call.expect('ready')
    const session = [...scripted.voice.sessions.values()][0]!
    const cut = session.say('This is the old story that nobody will ever hear to its end, however long they wait.')
    await scripted.call.advance(1500)
    const utterance_id = scripted.call.of('tts_start')[0]!.utterance_id
    scripted.call.peer.drop()
    await scripted.clock.advanceAsync(7000, 20)
    const playback = { utterance_id, received_bytes: 48_000, played_ms: 1000, buffered_ms: 500, underruns: 0 }
    const back = await comeBack(scripted, resumeMessage(ready, { start: 0, end: 0 }, { playback }))
    expect(await back.expect('resumed')).toMatchObject({ tts: { utterance_id, action: 'discard' } })
    await back.advance(3000)
    expect(back.peer.audioBytes).toBe(0)
    expect((await cut.done).outcome).toBe('interrupted')
    session.say('Something new.')
    await back.advance(3000)
    expect(heardText(back)).toBe('Something new.')
    await scripted.voice.close()
  })
})
