import { describe, expect, test } from 'vitest'
import type { ProviderFailure } from '../../../src/providers/contracts.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { ScriptedTts } from '../../../src/testing/scripted-tts.js'
import { nothing, slowly, TestTalk } from './harness.js'

// Each of these was reported by users of another voice framework.

const story = Array.from({ length: 12 }, (_, n) => `This is sentence number ${n} of the story.`).join(' ')

describe('interruptions', () => {
  test('a full lane does not keep the user from interrupting', async () => {
    const talk = new TestTalk({ agent: () => story, tts: [{ speed: 50 }] })
    await talk.says('go on')
    await talk.pass(2500)
    expect(talk.out.queuedMs).toBeGreaterThan(4000)
    await talk.coughs()
    expect(talk.out.purges).toHaveLength(1)
    expect(talk.out.queuedMs).toBe(0)
    expect(await talk.end()).toEqual(nothing)
  })

  test('before the first audio, the synthesiser stops working on the old answer', async () => {
    const talk = new TestTalk({ agent: ({ text }) => `You said ${text}, I believe.`, tts: [{ startMs: 700 }] })
    await talk.says('one')
    await talk.pass(200)
    await talk.says('two', { onset: false })
    expect(talk.tts[0]!.connections[0]!.cancelled.size).toBeGreaterThan(0)
    await talk.pass(5000)
    expect(talk.out.receivedText).not.toContain('one')
    expect(talk.assistant).toEqual(['You said two, I believe.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('minutes of text are not in the lane when the user interrupts', async () => {
    const talk = new TestTalk({ agent: () => story.repeat(20), tts: [{ speed: 50 }] })
    await talk.says('go on')
    await talk.pass(20_000)
    expect(talk.out.queuedMs).toBeLessThan(10_000)
    expect(talk.tts[0]!.texts.length).toBeLessThan(40)
    expect(await talk.end()).toEqual(nothing)
  })

  test('a clear that comes too late does not take the next answer', async () => {
    const talk = new TestTalk({ agent: ({ text }) => `You said ${text}, I believe.` })
    await talk.says('one')
    await talk.pass(3000)
    const old = talk.of('utterance')[0]!.id
    await talk.says('two')
    await talk.pass(600)
    talk.conversation.clear(old)
    await talk.pass(4000)
    expect(talk.assistant).toEqual(['You said one, I believe.', 'You said two, I believe.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('what the user says while the assistant speaks is never lost', async () => {
    for (const turns of [{}, { bargeIn: false }, { resumeFalseInterruption: true }]) {
      const talk = new TestTalk({ agent: () => story, turns })
      await talk.says('go on')
      await talk.pass(1500)
      await talk.says('what about the horse')
      await talk.pass(60_000)
      expect(talk.conversation.history.filter(({ role }) => role === 'user').map(({ text }) => text)).toEqual([
        'go on',
        'what about the horse',
      ])
      expect(await talk.end()).toEqual(nothing)
    }
  })

  test('an answer that was cut is remembered once', async () => {
    const talk = new TestTalk({ agent: () => story })
    await talk.says('go on')
    await talk.pass(1500)
    await talk.says('stop')
    talk.conversation.interrupt('app')
    talk.conversation.clear()
    await talk.pass(2000)
    expect(talk.assistant).toHaveLength(1)
    expect(talk.of('interrupted')).toHaveLength(1)
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('nobody is stuck', () => {
  test('an agent that waits within its answer for something it has said itself', async () => {
    const talk = new TestTalk()
    talk.conversation.update({
      agent: async function* () {
        yield 'Let me look.'
        const { outcome } = await talk.conversation.say('Still looking.').done
        yield `That was ${outcome}.`
      },
    })
    await talk.says('look it up')
    await talk.pass(10_000)
    expect(talk.errors).toEqual([])
    expect(talk.assistant).toEqual(['Let me look.', 'Still looking.', 'That was completed.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('an agent that says something before its first word', async () => {
    const talk = new TestTalk()
    talk.conversation.update({
      agent: async () => {
        await talk.conversation.say('One moment please.').done
        return 'Here it is.'
      },
    })
    await talk.says('look it up')
    await talk.pass(6000)
    expect(talk.assistant).toEqual(['One moment please.', 'Here it is.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('what waits behind a slow answer does not break into its sentences', async () => {
    const talk = new TestTalk()
    talk.conversation.update({ agent: slowly(talk.clock, ['The answer ', 'comes in ', 'small pieces. '], 200) })
    await talk.says('go')
    await talk.pass(250)
    talk.conversation.say('An announcement.')
    await talk.pass(6000)
    expect(talk.assistant).toEqual(['The answer comes in small pieces.', 'An announcement.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('an answer that follows one which filled the lane and was never heard', async () => {
    const talk = new TestTalk({ agent: ({ text }) => (text === 'long' ? story : `You said ${text}.`) })
    const notice = talk.conversation.say('Please hold the line for one little moment now.')
    talk.conversation.userTurn('long', 'app')
    await talk.pass(1500)
    expect(talk.out.queuedMs).toBeGreaterThan(5000)
    talk.conversation.userTurn('short', 'app')
    await talk.pass(6000)
    await expect(notice.done).resolves.toMatchObject({ outcome: 'completed' })
    expect(talk.assistant.at(-1)).toBe('You said short.')
    expect(await talk.end()).toEqual(nothing)
  })

  test('a client that never reports its playback', async () => {
    const talk = new TestTalk({ agent: () => 'Nobody hears this.' })
    talk.out.playing = false
    await talk.says('go on')
    await talk.pass(60_000)
    expect(talk.conversation.speaking).toBe(false)
    expect(talk.conversation.busy).toBe(false)
    expect(talk.assistant).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })

  test('a false alarm before the answer does not lose the answer', async () => {
    const talk = new TestTalk()
    talk.conversation.update({ agent: slowly(talk.clock, ['Here is the answer.'], 800) })
    await talk.says('go')
    await talk.pass(200)
    await talk.coughs()
    await talk.pass(6000)
    expect(talk.assistant).toEqual(['Here is the answer.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('an answer goes on by itself after a pause of its agent', async () => {
    const talk = new TestTalk()
    talk.conversation.update({ agent: slowly(talk.clock, ['First part. ', 'Second part after a long while.'], 6000) })
    await talk.says('go')
    await talk.pass(20_000)
    expect(talk.assistant).toEqual(['First part. Second part after a long while.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('closing while everything is busy ends every promise and leaves nothing', async () => {
    const talk = new TestTalk()
    talk.conversation.update({ agent: () => new Promise<string>(() => {}) })
    await talk.says('go')
    const utterances = [
      talk.conversation.say(story),
      talk.conversation.say(story, { allowInterruption: false }),
      talk.conversation.say({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }),
    ]
    await talk.pass(1500)
    expect(await talk.end()).toEqual(nothing)
    const outcomes = await Promise.all(utterances.map(({ done }) => done))
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled', 'cancelled'])
  })
})

describe('synthesisers', () => {
  const refuse = (kind: ProviderFailure['class']) => ({ refuse: { class: kind, reason: 'scripted' } })

  test('a dead one is noticed within 6 s and reported, and its words are not taken for said', async () => {
    const talk = new TestTalk({ agent: () => story, tts: [{ fault: () => ({ muteAtMs: 0 }) }] })
    await talk.says('go on')
    await talk.pass(4000)
    expect(talk.assistant).toEqual([])
    await talk.pass(2000)
    expect(talk.legs.map(({ state }) => state)).toContain('down')
    expect(talk.assistant).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })

  test('one that closes without audio does not hold up the next', async () => {
    const policy = { class: 'data', reason: '1008 voice not found', closeCode: 1008 } as const
    const talk = new TestTalk({ agent: () => 'Hello there.', tts: [{ fault: () => ({ refuse: policy }) }, {}] })
    await talk.says('hello')
    await talk.pass(2000)
    expect(talk.assistant).toEqual(['Hello there.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('an answer of records alone is no outage', async () => {
    const talk = new TestTalk({
      agent: async function* () {
        yield { type: 'record', role: 'tool_call', data: 1 }
      },
    })
    await talk.says('do it')
    await talk.pass(10_000)
    expect(talk.legs).toEqual([{ state: 'live', provider: 'tts-0', atMs: 50 }])
    expect(talk.errors).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })

  test('a bad key is tried once, not for every sentence', async () => {
    const talk = new TestTalk({ agent: () => story, tts: [{ fault: () => refuse('auth') }, {}] })
    await talk.says('go on')
    await talk.pass(20_000)
    expect(talk.tts[0]!.connections).toHaveLength(1)
    expect(await talk.end()).toEqual(nothing)
  })

  test('every new connection is asked with the options of its own candidate', async () => {
    const clock = new ManualClock()
    const failure = { class: 'auth', reason: 'scripted' } as const
    const first = new ScriptedTts({ clock, name: 'first', fault: () => ({ closeAtMs: 500, failure }) })
    const second = new ScriptedTts({ clock, name: 'second' })
    const talk = new TestTalk({
      clock,
      tts: [],
      conversation: {
        tts: [
          { provider: first, options: { voiceId: 'first', speakingRate: 1.2 } },
          { provider: second, options: { voiceId: 'second' }, credentials: { key: 'own' } },
        ],
      },
    })
    talk.conversation.say(story)
    await talk.pass(3000)
    expect(first.connections[0]!.request).toMatchObject({ options: { voiceId: 'first', speakingRate: 1.2 } })
    expect(second.connections[0]!.request).toMatchObject({
      options: { voiceId: 'second' },
      credentials: { key: 'own' },
    })
    expect(await talk.end()).toEqual(nothing)
  })
})

test('the last words before the end are heard', async () => {
  const talk = new TestTalk({
    agent: async function* () {
      yield 'Thank you for calling, goodbye.'
      yield { type: 'end' }
    },
  })
  await talk.says('bye')
  let heardAtEnd = ''
  for (let n = 0; n < 100 && heardAtEnd === ''; n++) {
    await talk.pass(50)
    if (talk.ended > 0) heardAtEnd = talk.out.sentText.trim()
  }
  expect(heardAtEnd).toBe('Thank you for calling, goodbye.')
  expect(talk.out.tracks[0]!.playedMs).toBe(talk.out.tracks[0]!.receivedMs)
  expect(await talk.end()).toEqual(nothing)
})
