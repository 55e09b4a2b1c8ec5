import { describe, expect, test } from 'vitest'
import type { FailureClass, ProviderFailure } from '../../../src/providers/contracts.js'
import type { TtsFault } from '../../../src/testing/scripted-tts.js'
import { nothing, TestTalk } from './harness.js'

const speech =
  'The first sentence is here to be heard. The second one is somewhat longer than the first one was. ' +
  'A third one follows after that. And the fourth sentence is the last one of them all.'

function failure(kind: FailureClass, retryAfterMs?: number): ProviderFailure {
  return { class: kind, reason: `scripted ${kind}`, retryAfterMs }
}

/** The first connection has the fault, later ones work. */
function once(fault: TtsFault): (connection: number) => TtsFault | undefined {
  return connection => (connection === 0 ? fault : undefined)
}

const always = (fault: TtsFault) => () => fault

function words(text: string): string[] {
  return text.split(/\s+/).filter(word => word !== '')
}

/** Words that were delivered more than once: pieces of `heard` that do not continue the text. */
function repeatedWords(heard: string): number {
  return words(heard).length - words(speech).length
}

async function speak(talk: TestTalk, text = speech): Promise<void> {
  const utterance = talk.conversation.say(text)
  await talk.pass(15_000)
  await expect(utterance.done).resolves.toMatchObject({ outcome: 'completed', text })
}

describe('a synthesiser that dies half way through an utterance', () => {
  test('with word times the listener hears the rest, and at most one word again', async () => {
    for (let closeAtMs = 100; closeAtMs < 8000; closeAtMs += 300) {
      const talk = new TestTalk({ tts: [{ fault: once({ closeAtMs }) }] })
      await speak(talk)
      expect(repeatedWords(talk.out.sentText), `${closeAtMs}: ${talk.out.sentText}`).toBeLessThanOrEqual(1)
      expect(words(talk.out.sentText).at(-1)).toBe('all.')
      expect(talk.tts[0]!.connections).toHaveLength(2)
      expect(await talk.end()).toEqual(nothing)
    }
  })

  test('with character times as well', async () => {
    for (let closeAtMs = 150; closeAtMs < 8000; closeAtMs += 700) {
      const talk = new TestTalk({ tts: [{ alignment: 'char', fault: once({ closeAtMs }) }] })
      await speak(talk)
      expect(repeatedWords(talk.out.sentText)).toBeLessThanOrEqual(1)
      expect(await talk.end()).toEqual(nothing)
    }
  })

  test('without times it begins the sentence again that was being said, and no other', async () => {
    const sentences = speech.split(/(?<=\.) /)
    const longest = Math.max(...sentences.map(sentence => words(sentence).length))
    for (let closeAtMs = 100; closeAtMs < 8000; closeAtMs += 300) {
      const talk = new TestTalk({ tts: [{ alignment: 'none', fault: once({ closeAtMs }) }] })
      await speak(talk)
      const sent = talk.out.sentText
      expect(repeatedWords(sent), `${closeAtMs}: ${sent}`).toBeLessThanOrEqual(longest)
      // Twice in full only when all of its audio had come and just its end had not been confirmed.
      const twice = sentences.filter(sentence => sent.split(sentence).length > 2)
      expect(twice.length, `${closeAtMs}: ${sent}`).toBeLessThanOrEqual(closeAtMs === 4900 ? 1 : 0)
      expect(await talk.end()).toEqual(nothing)
    }
  })

  test('A, B and C one after the other: every word is heard in order', async () => {
    const talk = new TestTalk({
      tts: [
        { fault: always({ closeAtMs: 1500, failure: failure('auth') }) },
        { fault: always({ closeAtMs: 1200, failure: failure('quota') }) },
        {},
      ],
    })
    await speak(talk)
    expect(talk.tts.map(({ connections }) => connections.length)).toEqual([1, 1, 1])
    expect(repeatedWords(talk.out.sentText)).toBeLessThanOrEqual(2)
    expect(talk.conversation.stats().failovers).toBe(2)
    expect(talk.legs.map(({ state, provider }) => `${state} ${provider}`)).toEqual([
      'live tts-0',
      'down tts-0',
      'live tts-1',
      'down tts-1',
      'live tts-2',
    ])
    expect(await talk.end()).toEqual(nothing)
  })

  test('a backup with another sample rate and encoding goes on in the same utterance', async () => {
    const mulaw = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const
    const talk = new TestTalk({
      tts: [
        {
          formats: [{ encoding: 'linear16', sampleRate: 24_000, channels: 1 }],
          fault: always({ closeAtMs: 2000, failure: failure('auth') }),
        },
        { formats: [{ encoding: 'linear16', sampleRate: 48_000, channels: 1 }, mulaw] },
      ],
    })
    await speak(talk)
    const [track] = talk.out.tracks
    expect(talk.out.tracks).toHaveLength(1)
    expect(track!.rate).toBe(24_000)
    const wordless = speech.length + 1
    expect(track!.receivedMs).toBeGreaterThan(50 * (wordless - 5))
    expect(track!.receivedMs).toBeLessThan(50 * (wordless + 15))
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('a synthesiser that says nothing', () => {
  test('after the text: replaced within 6 s, one that still works is preferred', async () => {
    const talk = new TestTalk({ tts: [{ fault: always({ muteAtMs: 0 }) }, {}] })
    const saidAtMs = talk.clock.now()
    await speak(talk)
    expect(talk.tts[0]!.connections).toHaveLength(1)
    const live = talk.legs.find(({ state, provider }) => state === 'live' && provider === 'tts-1')
    expect(live!.atMs - saidAtMs).toBeLessThanOrEqual(6000)
    expect(await talk.end()).toEqual(nothing)
  })

  test('in the middle: what it had not said is said by the next', async () => {
    const talk = new TestTalk({ tts: [{ fault: once({ muteAtMs: 1000 }) }] })
    await speak(talk)
    expect(repeatedWords(talk.out.sentText)).toBeLessThanOrEqual(1)
    expect(await talk.end()).toEqual(nothing)
  })

  test('never opens: given up after 5 s', async () => {
    const talk = new TestTalk({ tts: [{ fault: always({ neverOpens: true }) }, {}] })
    await speak(talk)
    expect(talk.tts[0]!.openStreams).toBe(0)
    expect(words(talk.out.sentText)).toEqual(words(speech))
    expect(await talk.end()).toEqual(nothing)
  })

  test('reports a text as done without any audio: the words go out as text', async () => {
    const talk = new TestTalk({ tts: [{ fault: always({ silentFor: text => text.includes('third') }) }] })
    await speak(talk)
    expect(talk.out.sentText).not.toContain('third')
    expect(talk.out.captions.map(({ text }) => text).join(' ')).toBe(speech)
    expect(await talk.end()).toEqual(nothing)
  })

  test('reports everything as done without any audio: the next one serves', async () => {
    const talk = new TestTalk({ tts: [{ fault: always({ silentFor: () => true }) }, {}] })
    await speak(talk)
    expect(talk.tts[1]!.connections).toHaveLength(1)
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('connecting', () => {
  test('a bad key costs less than 200 ms and is not tried again', async () => {
    const talk = new TestTalk({ tts: [{ fault: always({ refuse: failure('auth') }) }, {}], start: false })
    talk.conversation.start()
    await talk.pass(200)
    expect(talk.legs.map(({ state, provider }) => `${state} ${provider}`)).toEqual(['down tts-0', 'live tts-1'])
    await speak(talk)
    expect(talk.tts[0]!.connections).toHaveLength(1)
    expect(await talk.end()).toEqual(nothing)
  })

  test('a connection that fails is retried with growing waits before the next provider', async () => {
    const talk = new TestTalk({ tts: [{ fault: always({ refuse: failure('connection') }) }, {}] })
    await speak(talk)
    expect(talk.tts[0]!.connections.length).toBeGreaterThan(1)
    expect(talk.tts[0]!.connections.length).toBeLessThanOrEqual(6)
    expect(await talk.end()).toEqual(nothing)
  })

  test('a provider that throws is a provider that failed', async () => {
    for (const throws of ['connect', 'speak'] as const) {
      const talk = new TestTalk({ tts: [{ fault: always({ throws }) }, {}] })
      await speak(talk)
      expect(talk.errors).toEqual([])
      expect(words(talk.out.sentText)).toEqual(words(speech))
      expect(await talk.end()).toEqual(nothing)
    }
  })

  test('an idle close is no failure: the next text connects again', async () => {
    const talk = new TestTalk({ tts: [{ idleMs: 6000 }] })
    await talk.pass(20_000)
    expect(talk.tts[0]!.openStreams).toBe(0)
    await speak(talk)
    expect(talk.legs).toEqual([{ state: 'live', provider: 'tts-0', atMs: 50 }])
    expect(await talk.end()).toEqual(nothing)
  })

  test('a stream that is given too long to live in the middle of speech is replaced without anybody noticing', async () => {
    const talk = new TestTalk({ tts: [{ fault: once({ closeAtMs: 6500, failure: failure('lifetime') }) }] })
    await talk.pass(6000)
    await speak(talk)
    expect(talk.legs).toEqual([{ state: 'live', provider: 'tts-0', atMs: 50 }])
    expect(repeatedWords(talk.out.sentText)).toBeLessThanOrEqual(1)
    expect(await talk.end()).toEqual(nothing)
  })

  test('an old stream is replaced between utterances, before its provider ends it', async () => {
    const talk = new TestTalk({ tts: [{ maxSessionMs: 60_000 }] })
    await talk.pass(50_000)
    talk.conversation.say('One sentence.')
    await talk.pass(3000)
    talk.conversation.say('Another sentence.')
    await talk.pass(3000)
    const [old, fresh] = talk.tts[0]!.connections
    expect(old!.texts).toEqual(['One sentence.'])
    expect(fresh!.texts).toEqual(['Another sentence.'])
    expect(talk.tts[0]!.openStreams).toBe(1)
    expect(await talk.end()).toEqual(nothing)
  })

  test('the preferred provider is used again at an utterance, once it has had time to recover', async () => {
    const talk = new TestTalk({ tts: [{ fault: once({ muteAtMs: 500 }) }, {}] })
    await speak(talk)
    expect(talk.tts[1]!.texts.length).toBeGreaterThan(0)
    await talk.pass(60_000)
    talk.conversation.say('Still the backup.')
    await talk.pass(3000)
    talk.conversation.say('The preferred one again.')
    await talk.pass(3000)
    expect(talk.tts[1]!.texts.at(-1)).toBe('Still the backup.')
    expect(talk.tts[0]!.texts.at(-1)).toBe('The preferred one again.')
    expect(talk.tts[1]!.openStreams).toBe(0)
    expect(await talk.end()).toEqual(nothing)
  })

  test('one that is idle at the end is said goodbye to, one that is busy is cut off', async () => {
    for (const busy of [false, true]) {
      const talk = new TestTalk()
      await talk.pass(200)
      if (busy) talk.conversation.say(speech)
      await talk.pass(500)
      const { request } = talk.tts[0]!.connections[0]!
      expect(await talk.end()).toEqual(nothing)
      expect(request.signal.aborted).toBe(busy)
    }
  })

  test('keep-alives go out while nothing is said', async () => {
    const talk = new TestTalk({ tts: [{ keepAliveMs: 8000, idleMs: 10_000 }] })
    await talk.pass(60_000)
    expect(talk.tts[0]!.connections).toHaveLength(1)
    expect(talk.tts[0]!.connections[0]!.keepAlives).toBe(7)
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('when nothing is left to try', () => {
  test('the rest goes out as text, and counts as said', async () => {
    const talk = new TestTalk({ tts: [{ fault: always({ closeAtMs: 1000, failure: failure('auth') }) }] })
    await speak(talk)
    expect(talk.legs.at(-1)).toMatchObject({ state: 'lost', provider: 'tts-0' })
    const shown = talk.out.ofType('tts_text').map(({ text }) => text)
    expect(words(`${talk.out.sentText} ${shown.join(' ')}`).length).toBeLessThanOrEqual(words(speech).length + 1)
    expect(shown.at(-1)).toBe('And the fourth sentence is the last one of them all.')
    expect(talk.assistant).toEqual([speech])
    expect(await talk.end()).toEqual(nothing)
  })

  test('a session that gives synthesis up goes on with text', async () => {
    const talk = new TestTalk({ tts: [{ fault: always({ refuse: failure('connection') }) }], agent: () => speech })
    talk.conversation.userTurn('hello', 'text')
    await talk.pass(30_000)
    expect(talk.assistant).toEqual([])
    talk.conversation.giveUpVoice()
    expect(talk.assistant).toEqual([speech])
    expect(talk.conversation.busy).toBe(false)
    expect(await talk.end()).toEqual(nothing)
  })

  test('other providers can be given to it', async () => {
    const talk = new TestTalk({ tts: [{ fault: always({ refuse: failure('auth') }) }, {}], start: false })
    const [broken, working] = talk.tts
    talk.conversation.update({ tts: [{ provider: broken!, options: {} }] })
    talk.conversation.start()
    await talk.pass(1000)
    expect(talk.legs.at(-1)).toMatchObject({ state: 'lost' })
    talk.conversation.update({ tts: [{ provider: working!, options: { voiceId: 'other' } }] })
    await speak(talk)
    expect(words(talk.out.sentText)).toEqual(words(speech))
    expect(working!.connections[0]!.request.options).toEqual({ voiceId: 'other' })
    expect(await talk.end()).toEqual(nothing)
  })
})
