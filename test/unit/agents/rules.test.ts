import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { durationOf } from '../../../examples/agents/durations.js'
import { createRulesAgent } from '../../../examples/agents/rules.js'
import type { AgentPart, HistoryItem, VoiceSession } from '../../../src/index.js'

const agent = createRulesAgent(() => new Date(2026, 2, 14, 9, 5))

class FakeSession {
  readonly said: string[] = []
  close: () => void = () => {}
  say(text: string) {
    this.said.push(text)
  }
  on(_event: 'closed', listener: () => void) {
    this.close = listener
  }
}

function turn(text: string, earlier: readonly string[] = [], session = new FakeSession()) {
  const history = [...earlier, text].map((said, n): HistoryItem => ({ id: `${n}`, role: 'user', text: said, atMs: n }))
  return {
    id: 'turn',
    text,
    startMs: 0,
    endMs: 0,
    trigger: 'speech' as const,
    history,
    session: session as unknown as VoiceSession,
    signal: new AbortController().signal,
  }
}

function answer(text: string, earlier?: readonly string[]): string {
  return agent(turn(text, earlier)) as string
}

describe('the rule-based agent', () => {
  test.each([
    ['hello there', 'Good morning. What can I do for you?'],
    ['what time is it', 'It is 9:05 AM.'],
    ['what day is it today', 'It is Saturday, March 14.'],
    ['is it going to rain', "I can't look outside, so I really don't know. A window is your best source."],
    ['how do you spell cat', 'cat is spelled C, A, T.'],
    ['my name is ada lovelace and i like numbers', 'Nice to meet you, Ada Lovelace.'],
    ['what is my name', 'You have not told me your name yet.'],
    ['thank you very much', 'You are welcome.'],
    ['how are you', 'I am fine, thank you. What can I do for you?'],
    ['the quick brown fox', 'You said the quick brown fox.'],
    ['The quick brown fox!', 'You said The quick brown fox.'],
  ])('answers "%s"', (text, expected) => {
    expect(answer(text)).toBe(expected)
  })

  test('remembers a name by the history, also in a greeting', () => {
    expect(answer('what is my name', ['hello', 'My name is Grace.', 'what time is it'])).toBe('Your name is Grace.')
    expect(answer('hi', ['call me grace'])).toBe('Good morning, Grace. What can I do for you?')
  })

  test('takes whole words only, the most specific first', () => {
    expect(answer('the timeless chimera')).toMatch(/^You said/)
    expect(answer('this is anything')).toMatch(/^You said/)
    expect(answer('hello set a timer')).toMatch(/^For how long/)
  })

  test('says goodbye and ends the call', async () => {
    const parts: AgentPart[] = []
    for await (const part of agent(turn('okay goodbye', ['my name is ada'])) as AsyncIterable<AgentPart>)
      parts.push(part)
    expect(parts).toEqual(['Goodbye, Ada. It was nice talking to you.', { type: 'end' }])
  })
})

describe('the timer', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('speaks up when it is over', () => {
    const session = new FakeSession()
    expect(agent(turn('set a timer for five minutes please', [], session))).toBe('Okay, five minutes, starting now.')
    vi.advanceTimersByTime(299_000)
    expect(session.said).toEqual([])
    vi.advanceTimersByTime(1000)
    expect(session.said).toEqual(['Your timer of five minutes is over.'])
  })

  test('ends with the session', () => {
    const session = new FakeSession()
    agent(turn('set a timer for one second', [], session))
    session.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})

test.each([
  ['five minutes', 300_000],
  ['for twenty five seconds', 25_000],
  ['an hour from now', 3_600_000],
  ['90 seconds', 90_000],
  ['fifty-nine minutes', 3_540_000],
  ['zero minutes', undefined],
  ['many minutes', undefined],
  ['twenty eleven minutes', 660_000],
  ['soon', undefined],
])('"%s" lasts %s ms', (text, ms) => {
  expect(durationOf(text)?.ms).toBe(ms)
})
