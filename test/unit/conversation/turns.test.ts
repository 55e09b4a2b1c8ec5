import { describe, expect, test } from 'vitest'
import type { Turn } from '../../../src/conversation/agent.js'
import { nothing, TestTalk } from './harness.js'

function hear(talk: TestTalk, kind: 'interim' | 'final' | 'speech-final', text: string, utterance = 0, ms = 500): void {
  const endMs = talk.clock.now()
  talk.conversation.onTranscript({ kind, text, utterance, startMs: endMs - ms, endMs })
}

function turnsOf(talk: TestTalk): string[] {
  return talk.of('turn').map(({ text }) => text)
}

describe('a turn', () => {
  test('carries all finals since the last one, with their words and language', async () => {
    const turns: Turn[] = []
    const talk = new TestTalk({ agent: turn => void turns.push(turn) })
    await talk.pass(1000)
    const word = { text: 'book', startMs: 600, endMs: 800 }
    talk.conversation.onTranscript({
      kind: 'final',
      text: 'book a table',
      utterance: 0,
      startMs: 600,
      endMs: 1000,
      words: [word],
      language: 'en-GB',
    })
    await talk.pass(500)
    hear(talk, 'final', 'for four')
    hear(talk, 'interim', '')
    talk.conversation.onEndpoint({ atMs: talk.clock.now(), cause: 'silence' })
    expect(turns).toMatchObject([
      { text: 'book a table for four', words: [word], language: 'en-GB', startMs: 600, endMs: 1500, trigger: 'speech' },
    ])
    expect(turns[0]!.history.at(-1)).toMatchObject({ id: turns[0]!.id, role: 'user', text: 'book a table for four' })
    expect(await talk.end()).toEqual(nothing)
  })

  test('ends with a speech-final, which carries what came before it', async () => {
    const talk = new TestTalk()
    await talk.pass(1000)
    hear(talk, 'final', 'one')
    hear(talk, 'speech-final', 'two')
    expect(turnsOf(talk)).toEqual(['one two'])
    hear(talk, 'speech-final', '', 1)
    talk.conversation.onEndpoint({ atMs: talk.clock.now(), cause: 'silence' })
    expect(turnsOf(talk)).toEqual(['one two'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('with an empty last final keeps the text: a forced end of turn loses nothing', async () => {
    const talk = new TestTalk()
    await talk.pass(1000)
    hear(talk, 'final', 'everything I said')
    hear(talk, 'speech-final', '')
    expect(turnsOf(talk)).toEqual(['everything I said'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('takes the last guess of a recogniser whose final does not come in time, and no second turn when it does', async () => {
    const talk = new TestTalk()
    await talk.pass(1000)
    hear(talk, 'interim', 'what time is it')
    talk.conversation.onEndpoint({ atMs: talk.clock.now(), cause: 'silence' })
    expect(turnsOf(talk)).toEqual(['what time is it'])
    hear(talk, 'final', 'What time is it?')
    talk.conversation.onEndpoint({ atMs: talk.clock.now(), cause: 'silence' })
    expect(turnsOf(talk)).toEqual(['what time is it'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('is made at once of words that come after its end', async () => {
    const talk = new TestTalk()
    await talk.pass(1000)
    talk.conversation.onEndpoint({ atMs: talk.clock.now(), cause: 'silence' })
    talk.conversation.onTranscript({ kind: 'final', text: 'slow recogniser', utterance: 0, startMs: 500, endMs: 900 })
    expect(turnsOf(talk)).toEqual(['slow recogniser'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('joins scripts without blanks without blanks', async () => {
    const talk = new TestTalk()
    await talk.pass(1000)
    hear(talk, 'final', '今日は')
    hear(talk, 'speech-final', 'いい天気')
    expect(turnsOf(talk)).toEqual(['今日はいい天気'])
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('push to talk', () => {
  test('only finalize ends a turn', async () => {
    const talk = new TestTalk({ turns: { mode: 'manual' } })
    await talk.pass(1000)
    hear(talk, 'speech-final', 'first half')
    talk.conversation.onEndpoint({ atMs: talk.clock.now(), cause: 'silence' })
    await talk.pass(1000)
    hear(talk, 'final', 'second half', 1)
    expect(turnsOf(talk)).toEqual([])
    talk.conversation.onEndpoint({ atMs: talk.clock.now(), cause: 'finalize' })
    expect(turnsOf(talk)).toEqual(['first half second half'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('nothing said is no turn', async () => {
    const talk = new TestTalk({ turns: { mode: 'manual' } })
    talk.conversation.onEndpoint({ atMs: 100, cause: 'finalize' })
    talk.conversation.userTurn('   ', 'text')
    expect(turnsOf(talk)).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('isComplete', () => {
  async function ask(isComplete: (text: string) => boolean | Promise<boolean>) {
    const talk = new TestTalk({ turns: { isComplete } })
    await talk.pass(1000)
    hear(talk, 'final', 'my number is')
    talk.conversation.onEndpoint({ atMs: talk.clock.now(), cause: 'silence' })
    await talk.pass(0)
    return talk
  }

  test('holds the turn open for more words', async () => {
    const talk = await ask(text => /\d/.test(text))
    expect(turnsOf(talk)).toEqual([])
    await talk.pass(1000)
    hear(talk, 'final', '12345', 1)
    talk.conversation.onEndpoint({ atMs: talk.clock.now(), cause: 'silence' })
    expect(turnsOf(talk)).toEqual(['my number is 12345'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('for 3 s at most, counted from the last voice', async () => {
    const talk = await ask(() => false)
    await talk.pass(2000)
    talk.conversation.onSpeechStart(talk.clock.now())
    await talk.pass(2900)
    expect(turnsOf(talk)).toEqual([])
    await talk.pass(200)
    expect(turnsOf(talk)).toEqual(['my number is'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('has 150 ms to answer', async () => {
    const talk = await ask(() => new Promise(() => {}))
    await talk.pass(140)
    expect(turnsOf(talk)).toEqual([])
    await talk.pass(20)
    expect(turnsOf(talk)).toEqual(['my number is'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('that answers late, after more words, is not heard', async () => {
    let answer: (complete: boolean) => void = () => {}
    const talk = await ask(() => new Promise(resolve => (answer = resolve)))
    await talk.pass(50)
    hear(talk, 'interim', 'one', 1)
    answer(true)
    await talk.pass(200)
    expect(turnsOf(talk)).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })

  test('that fails harms nothing but is reported', async () => {
    for (const broken of [
      () => Promise.reject(new Error('no')),
      () => {
        throw new Error('no')
      },
    ]) {
      const talk = await ask(broken)
      expect(turnsOf(talk)).toEqual(['my number is'])
      expect(talk.errors.map(({ code }) => code)).toEqual(['app_failed'])
      expect(await talk.end()).toEqual(nothing)
    }
  })

  test('is not asked when the user says so', async () => {
    const talk = new TestTalk({ turns: { isComplete: () => false } })
    await talk.pass(1000)
    hear(talk, 'final', 'done')
    talk.conversation.onEndpoint({ atMs: talk.clock.now(), cause: 'finalize' })
    expect(turnsOf(talk)).toEqual(['done'])
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('typed turns and turns of the application', () => {
  test('a typed turn cuts what is being said; one of the application lets other speech finish', async () => {
    const talk = new TestTalk({ agent: ({ text }) => `You said ${text} to me.` })
    const said = talk.conversation.say('This is a rather long announcement for you.')
    await talk.pass(800)
    talk.conversation.userTurn('the door is open', 'app')
    expect(talk.out.purges).toEqual([])
    await talk.pass(800)
    talk.conversation.userTurn('hush', 'text')
    // The announcement, and the answer that had begun behind it.
    expect(talk.out.purges.map(({ reason }) => reason)).toEqual(['superseded', 'superseded'])
    await talk.pass(4000)
    await expect(said.done).resolves.toMatchObject({ outcome: 'interrupted' })
    expect(talk.out.sentText).not.toContain('door')
    expect(talk.assistant.at(-1)).toBe('You said hush to me.')
    expect(talk.of('turn').map(({ trigger }) => trigger)).toEqual(['app', 'text'])
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('silence', () => {
  test('the idle prompt speaks into it, counts, and begins anew when the user speaks', async () => {
    const counts: number[] = []
    const onIdle = ({ count }: { count: number }) => {
      counts.push(count)
      return count > 2 ? undefined : `Are you still there, number ${count}?`
    }
    const talk = new TestTalk({ turns: { idlePromptMs: 5000, onIdle } })
    await talk.pass(5100)
    expect(counts).toEqual([1])
    expect(talk.conversation.busy).toBe(true)
    await talk.pass(15_000)
    expect(counts).toEqual([1, 2, 3])
    await talk.says('yes I am')
    await talk.pass(5000)
    expect(counts).toEqual([1, 2, 3, 1])
    expect(await talk.end()).toEqual(nothing)
  })

  test('an idle hook that throws is reported', async () => {
    const onIdle = () => {
      throw new Error('no')
    }
    const talk = new TestTalk({ turns: { idlePromptMs: 1000, onIdle } })
    await talk.pass(1500)
    expect(talk.errors.map(({ code }) => code)).toEqual(['app_failed'])
    expect(await talk.end()).toEqual(nothing)
  })
})
