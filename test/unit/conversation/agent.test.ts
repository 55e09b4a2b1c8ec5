import { describe, expect, test } from 'vitest'
import type { Agent, AgentPart, Turn } from '../../../src/conversation/agent.js'
import { nothing, slowly, TestTalk } from './harness.js'

async function answer(agent: unknown, options: { turns?: object; passMs?: number } = {}): Promise<TestTalk> {
  const talk = new TestTalk({ agent: agent as Agent<string>, turns: options.turns })
  await talk.pass(100)
  talk.conversation.userTurn('hello', 'text')
  await talk.pass(options.passMs ?? 6000)
  return talk
}

async function* parts(...given: AgentPart[]) {
  yield* given
}

describe('what an agent may give', () => {
  test.each([
    ['a string', () => 'Good morning to you.'],
    ['a promise of a string', async () => 'Good morning to you.'],
    ['an async generator', () => parts('Good ', 'morning ', 'to you.')],
    ['a promise of an async iterable', async () => parts('Good morning', ' to you.')],
  ])('%s', async (_name, agent) => {
    const talk = await answer(agent)
    expect(talk.out.sentText.trim()).toBe('Good morning to you.')
    expect(talk.assistant).toEqual(['Good morning to you.'])
    expect(talk.errors).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })

  test.each([
    ['nothing', () => undefined],
    ['a promise of nothing', async () => {}],
    ['an empty string', () => ''],
    ['no parts', () => parts()],
    ['blanks', () => parts(' ', '\n')],
  ])('%s is a normal answer without words', async (_name, agent) => {
    const talk = await answer(agent)
    expect(talk.conversation.history).toHaveLength(1)
    expect(talk.errors).toEqual([])
    expect(talk.conversation.busy).toBe(false)
    expect(await talk.end()).toEqual(nothing)
  })

  test('the turn carries the session, the history and a signal', async () => {
    const turns: Turn<string>[] = []
    const talk = await answer((turn: Turn<string>) => void turns.push(turn))
    expect(turns[0]).toMatchObject({ text: 'hello', trigger: 'text', session: 'session', signal: { aborted: false } })
    expect(turns[0]!.history).toMatchObject([{ role: 'user', text: 'hello' }])
    expect(await talk.end()).toEqual(nothing)
  })

  test('records and events keep their place between the words', async () => {
    const talk = await answer(() =>
      parts(
        'Let me look that up. ',
        { type: 'record', role: 'tool_call', data: { name: 'weather' } },
        { type: 'event', name: 'looking', data: 1 },
        { type: 'record', role: 'tool_result', data: 'sunny' },
        'It is sunny.',
      ),
    )
    expect(talk.conversation.history.map(({ role, text, data }) => [role, text || data])).toEqual([
      ['user', 'hello'],
      ['assistant', 'Let me look that up.'],
      ['tool_call', { name: 'weather' }],
      ['tool_result', 'sunny'],
      ['assistant', 'It is sunny.'],
    ])
    expect(talk.out.ofType('event')).toEqual([{ type: 'event', name: 'looking', data: 1 }])
    expect(JSON.parse(JSON.stringify(talk.conversation.history))).toEqual(talk.conversation.history)
    expect(await talk.end()).toEqual(nothing)
  })

  test('a flush is spoken without waiting for the end of the sentence', async () => {
    const talk = new TestTalk()
    talk.conversation.update({
      agent: async function* () {
        yield 'Let me check'
        yield { type: 'flush' }
        await new Promise<void>(resolve => talk.clock.after(5000, resolve))
        yield ' the weather for you.'
      },
    })
    talk.conversation.userTurn('weather', 'text')
    await talk.pass(3000)
    expect(talk.out.sentText.trim()).toBe('Let me check')
    await talk.pass(6000)
    expect(talk.assistant).toEqual(['Let me check the weather for you.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('a sentence is spoken when the agent pauses after it', async () => {
    const talk = new TestTalk()
    talk.conversation.update({ agent: slowly(talk.clock, ['One moment.', ' Here it is.'], 3000) })
    talk.conversation.userTurn('weather', 'text')
    await talk.pass(4500)
    expect(talk.out.sentText.trim()).toBe('One moment.')
    await talk.pass(5000)
    expect(await talk.end()).toEqual(nothing)
  })

  test('end closes after the last words were heard, and not if the user interrupts them', async () => {
    const agent = () => parts('Goodbye and have a very nice day.', { type: 'end' }, 'This is never said.')
    const talk = await answer(agent, { passMs: 1000 })
    expect(talk.ended).toBe(0)
    await talk.pass(3000)
    expect(talk.ended).toBe(1)
    expect(talk.out.sentText).not.toContain('never')
    expect(await talk.end()).toEqual(nothing)

    const cut = await answer(agent, { passMs: 1000 })
    cut.conversation.update({ agent: () => 'I am still here.' })
    await cut.says('wait a moment')
    await cut.pass(6000)
    expect(cut.ended).toBe(0)
    expect(await cut.end()).toEqual(nothing)
  })

  test('end is void when the client cuts its words off', async () => {
    const talk = await answer(() => parts('Goodbye and have a very nice day.', { type: 'end' }), { passMs: 1000 })
    talk.conversation.clear(talk.of('utterance')[0]!.id)
    await talk.pass(3000)
    expect(talk.conversation.busy).toBe(false)
    expect(talk.ended).toBe(0)
    expect(await talk.end()).toEqual(nothing)
  })

  test('end without words closes as soon as nothing is being said', async () => {
    const talk = await answer(() => parts({ type: 'end' }), { passMs: 10 })
    expect(talk.ended).toBe(1)
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('an agent that fails', () => {
  const secret = new Error('POST https://llm.example/?key=secret')

  test.each([
    [
      'throws',
      () => {
        throw secret
      },
    ],
    ['rejects', () => Promise.reject(secret)],
    [
      'throws while it is read',
      async function* () {
        yield* parts()
        throw secret
      },
    ],
    ['gives a number', () => 7],
    ['yields an unknown part', () => parts({ type: 'what' } as never)],
    ['yields null', () => parts(null as never)],
    [
      'has a broken iterator',
      () => ({
        [Symbol.asyncIterator]: () => {
          throw secret
        },
      }),
    ],
  ])('%s: one error without its secrets, and the conversation goes on', async (_name, agent) => {
    const talk = await answer(agent)
    expect(talk.errors.map(({ code, scope }) => [code, scope])).toEqual([['agent_failed', 'agent']])
    expect(talk.errors[0]!.message).not.toContain('secret')
    talk.conversation.update({ agent: () => 'Back again.' })
    talk.conversation.userTurn('hello?', 'text')
    await talk.pass(3000)
    expect(talk.assistant).toEqual(['Back again.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('the fallback is said after what was said already', async () => {
    const agent = async function* () {
      yield 'The answer is'
      throw secret
    }
    const talk = await answer(agent, { turns: { fallback: 'Sorry, I lost my thread.' } })
    expect(talk.assistant).toEqual(['The answer is Sorry, I lost my thread.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test.each([
    ['never answers', () => new Promise<string>(() => {})],
    ['never yields', () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) })],
  ])('%s: given up after agentTimeoutMs, signal aborted', async (_name, silent) => {
    let signal: Turn['signal'] | undefined
    const agent = (turn: Turn) => {
      signal = turn.signal
      return silent()
    }
    const talk = await answer(agent, { turns: { agentTimeoutMs: 5000, fallback: 'Sorry.' }, passMs: 4900 })
    expect(talk.errors).toEqual([])
    await talk.pass(2500)
    expect(talk.errors.map(({ code }) => code)).toEqual(['agent_failed'])
    expect(signal).toMatchObject({ aborted: true, reason: 'closed' })
    expect(talk.assistant).toEqual(['Sorry.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('one that stops half way is given up as well: nobody is stuck speaking', async () => {
    const talk = new TestTalk({ turns: { agentTimeoutMs: 5000 } })
    talk.conversation.update({
      agent: async function* () {
        yield 'First part. '
        await new Promise(() => {})
      },
    })
    talk.conversation.userTurn('go', 'text')
    await talk.pass(8000)
    expect(talk.errors.map(({ code }) => code)).toEqual(['agent_failed'])
    expect(talk.conversation.busy).toBe(false)
    expect(talk.assistant).toEqual(['First part.'])
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('an agent nobody wants to hear any more', () => {
  test('gives nothing after its turn was superseded, whatever it does', async () => {
    const talk = new TestTalk()
    const returned: string[] = []
    let asked = 0
    talk.conversation.update({
      agent: async function* ({ text, signal }) {
        asked++
        try {
          for (let n = 0; n < 5; n++) {
            await new Promise<void>(resolve => talk.clock.after(400, resolve))
            yield `${text} ${n}. `
          }
        } finally {
          returned.push(`${text} ${String(signal.reason)}`)
        }
      },
    })
    talk.conversation.userTurn('alpha', 'text')
    await talk.pass(1000)
    talk.conversation.userTurn('beta', 'text')
    const sent = talk.out.sentText
    await talk.pass(10_000)
    expect(asked).toBe(2)
    expect(talk.out.sentText.slice(sent.length)).not.toContain('alpha')
    expect(returned).toEqual(['alpha superseded', 'beta undefined'])
    expect(talk.assistant.at(-1)).toBe('beta 0. beta 1. beta 2. beta 3. beta 4.')
    expect(await talk.end()).toEqual(nothing)
  })

  test('is told when the session closes', async () => {
    let signal: Turn['signal'] | undefined
    const agent = (turn: Turn) => {
      signal = turn.signal
      return new Promise<string>(() => {})
    }
    const talk = await answer(agent, { passMs: 100 })
    expect(await talk.end()).toEqual(nothing)
    expect(signal).toMatchObject({ aborted: true, reason: 'closed' })
    expect(talk.errors).toEqual([])
  })

  test('that writes a lot is asked to wait, and goes on when there is room', async () => {
    const sentence = 'And so it is. '
    const agent = async function* () {
      for (let n = 0; n < 2500; n++) yield sentence
    }
    const talk = new TestTalk({ agent, tts: [{ msPerChar: 1, speed: 100 }], stepMs: 50 })
    talk.conversation.userTurn('go', 'text')
    await talk.pass(90_000)
    expect(talk.assistant[0]).toHaveLength(2500 * sentence.length - 1)
    expect(await talk.end()).toEqual(nothing)
  })

  test('that writes without end is asked to wait, and starves nobody', async () => {
    let given = 0
    const agent = async function* () {
      for (;;) {
        given += 14
        yield 'And so it is. '
      }
    }
    const talk = await answer(agent, { passMs: 2000 })
    expect(given).toBeLessThan(25_000)
    talk.conversation.interrupt('app')
    const last = given
    await talk.pass(1000)
    expect(given).toBe(last)
    expect(await talk.end()).toEqual(nothing)
  })
})

test('usage has the latency from the end of speech and its parts', async () => {
  const talk = new TestTalk({ tts: [{ startMs: 120 }] })
  talk.conversation.update({ agent: slowly(talk.clock, ['Good morning to you.'], 300) })
  await talk.pass(100)
  await talk.says('hello', { silenceMs: 500 })
  await talk.pass(5000)
  const [usage] = talk.of('usage')
  expect(usage).toMatchObject({ agentMs: 300, ttsMs: 120, ttsChars: 20 })
  // 500 ms of silence until the turn ended, then the agent, the synthesiser and a tick of the way out.
  expect(usage!.replyLatencyMs).toBeGreaterThanOrEqual(500 + 300 + 120)
  expect(usage!.replyLatencyMs).toBeLessThanOrEqual(500 + 300 + 120 + 50)
  expect(await talk.end()).toEqual(nothing)
})
