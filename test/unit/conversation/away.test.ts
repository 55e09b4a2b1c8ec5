import { describe, expect, test } from 'vitest'
import type { Turn } from '../../../src/conversation/agent.js'
import { nothing, slowly, TestTalk } from './harness.js'

const story = 'Once upon a time there was a king. He had three sons and a very old horse. One day the horse ran away.'

describe('a client that is away', () => {
  test('for less than 5 s hears the rest when it is back', async () => {
    const talk = new TestTalk({ agent: () => story })
    talk.conversation.userTurn('story', 'text')
    await talk.pass(1500)
    talk.detach()
    await talk.pass(4900)
    talk.attach()
    await talk.pass(6000)
    expect(talk.assistant).toEqual([story])
    expect(talk.out.purges).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })

  test('for longer does not: the turn is cut at what was heard, the synthesiser released', async () => {
    const signals: Turn['signal'][] = []
    const talk = new TestTalk()
    talk.conversation.update({
      agent: turn => {
        signals.push(turn.signal)
        return slowly(talk.clock, story.split(/(?<=\. )/), 4000)(turn)
      },
    })
    talk.conversation.userTurn('story', 'text')
    await talk.pass(5000)
    talk.detach()
    await talk.pass(5500)
    expect(signals[0]).toMatchObject({ aborted: true, reason: 'closed' })
    expect(talk.out.purges).toMatchObject([{ reason: 'away' }])
    expect(talk.tts[0]!.openStreams).toBe(0)
    talk.attach()
    await talk.pass(3000)
    expect(talk.assistant).toHaveLength(1)
    expect(story.startsWith(talk.assistant[0]!)).toBe(true)
    expect(talk.out.ofType('interrupted')).toHaveLength(1)
    talk.conversation.say('Welcome back.')
    await talk.pass(2000)
    expect(talk.assistant.at(-1)).toBe('Welcome back.')
    expect(await talk.end()).toEqual(nothing)
  })

  test('hears what was begun meanwhile when it is back', async () => {
    const talk = new TestTalk({ agent: ({ text }) => `You asked about ${text}.` })
    talk.conversation.say('This was said before.')
    await talk.pass(300)
    talk.detach()
    await talk.pass(4000)
    // The end of what the user said before the line broke, heard out of the recogniser's buffer.
    talk.conversation.onTranscript({ kind: 'speech-final', text: 'the weather', utterance: 0, startMs: 0, endMs: 300 })
    await talk.pass(10_000)
    expect(talk.out.sentText).not.toContain('weather')
    talk.attach()
    await talk.pass(4000)
    expect(talk.assistant.at(-1)).toBe('You asked about the weather.')
    expect(await talk.end()).toEqual(nothing)
  })

  test('from before anything was said hears it when it is back', async () => {
    const talk = new TestTalk()
    await talk.pass(100)
    talk.detach()
    talk.conversation.say('Welcome back.')
    await talk.pass(6000)
    expect(talk.tts[0]!.texts).toEqual([])
    talk.attach()
    await talk.pass(3000)
    expect(talk.assistant).toEqual(['Welcome back.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('is not prompted', async () => {
    let asked = 0
    const talk = new TestTalk({ turns: { idlePromptMs: 1000, onIdle: () => void asked++ } })
    talk.detach()
    await talk.pass(10_000)
    expect(asked).toBe(0)
    expect(await talk.end()).toEqual(nothing)
  })

  test('holds up nothing that may not be interrupted', async () => {
    const talk = new TestTalk()
    const notice = talk.conversation.say('This call is being recorded.', { allowInterruption: false })
    await talk.pass(700)
    talk.detach()
    await talk.pass(6000)
    await expect(notice.done).resolves.toMatchObject({ outcome: 'interrupted' })
    expect(await talk.end()).toEqual(nothing)
  })
})

test('a slow consumer is cut off from everything, also from what may not be interrupted', async () => {
  const talk = new TestTalk()
  const notice = talk.conversation.say('This call is being recorded.', { allowInterruption: false })
  await talk.pass(700)
  talk.conversation.interrupt('slow_consumer')
  await talk.pass(500)
  await expect(notice.done).resolves.toMatchObject({ outcome: 'interrupted' })
  expect(talk.conversation.busy).toBe(false)
  expect(await talk.end()).toEqual(nothing)
})

describe('the end', () => {
  test('afterSpeech waits for everything that is to be said, and answers nobody any more', async () => {
    const talk = new TestTalk({ agent: () => 'An answer.' })
    talk.conversation.say('Goodbye and thank you for calling.')
    talk.conversation.say('Come again.')
    let done = 0
    talk.conversation.afterSpeech(() => done++)
    await talk.pass(1000)
    talk.conversation.userTurn('one more thing', 'app')
    expect(done).toBe(0)
    await talk.pass(3000)
    expect(done).toBe(1)
    expect(talk.out.sentText).toContain('Come again.')
    expect(talk.of('turn')).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })

  test('afterSpeech is at once when nothing is said', async () => {
    const talk = new TestTalk()
    let done = 0
    talk.conversation.afterSpeech(() => done++)
    expect(done).toBe(1)
    expect(await talk.end()).toEqual(nothing)
  })

  test('a closed conversation hears and says nothing', async () => {
    const talk = new TestTalk({ agent: () => 'An answer.' })
    await talk.end()
    const { conversation } = talk
    conversation.start()
    conversation.onSpeechStart(1)
    conversation.onOnset(1)
    conversation.onTranscript({ kind: 'speech-final', text: 'hello', utterance: 0, startMs: 0, endMs: 1 })
    conversation.onSpeechEnd(1)
    conversation.onEndpoint({ atMs: 1, cause: 'finalize' })
    conversation.onEagerEnd({ text: 'x' })
    conversation.userTurn('hello', 'text')
    conversation.speak({ text: 'hello', flush: true, allow_interruption: true })
    conversation.clear()
    conversation.interrupt('app')
    conversation.giveUpVoice()
    conversation.room()
    conversation.attach()
    conversation.detach()
    conversation.close()
    await talk.pass(10_000)
    expect(talk.events).toEqual([])
    expect(talk.out.messages).toEqual([])
    expect(talk.clock.pending).toBe(0)
  })
})

test('the history of an earlier session is continued, and given to the agent', async () => {
  const earlier = [{ id: 'old', role: 'user', text: 'My name is Ada.', atMs: 0 }]
  const talk = new TestTalk({
    conversation: { history: earlier, greeting: 'Welcome back.' },
    agent: ({ history }) => `I remember ${history.length} things.`,
  })
  await talk.pass(2000)
  talk.conversation.userTurn('what do you remember', 'text')
  await talk.pass(3000)
  expect(talk.conversation.history.map(({ text }) => text)).toEqual([
    'My name is Ada.',
    'Welcome back.',
    'what do you remember',
    'I remember 3 things.',
  ])
  expect(earlier).toHaveLength(1)
  expect(await talk.end()).toEqual(nothing)
})
