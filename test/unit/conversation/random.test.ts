import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Agent, AgentPart } from '../../../src/conversation/agent.js'
import type { UtteranceResult } from '../../../src/conversation/utterance.js'
import type { FailureClass } from '../../../src/providers/contracts.js'
import { nothing, type Recorded, TestTalk } from './harness.js'

type AgentKind = 'instant' | 'slow' | 'throws' | 'silent' | 'never' | 'stops' | 'records'

type Action =
  | { readonly do: 'speak'; readonly words: number; readonly agent: AgentKind }
  | { readonly do: 'type'; readonly agent: AgentKind }
  | { readonly do: 'cough' | 'clear' | 'interrupt' | 'late' | 'detach' | 'attach' | 'speech-final' }
  | { readonly do: 'say' | 'client'; readonly interruptible: boolean }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'fail'; readonly as: FailureClass }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'upon'; readonly event: Recorded['event']; readonly reaction: Action }

const agentKind = fc.constantFrom<AgentKind>('instant', 'slow', 'throws', 'silent', 'never', 'stops', 'records')
/** What is done at once, so that a listener can do it in the middle of anything. */
const sudden = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('type'), agent: agentKind }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('clear', 'interrupt', 'late', 'detach', 'attach', 'speech-final') }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('say', 'client'), interruptible: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel'), which: fc.nat(10) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fail'),
      as: fc.constantFrom<FailureClass>('connection', 'lifetime', 'idle', 'rate'),
    }),
  },
) as fc.Arbitrary<Action>
const action = fc.oneof(
  { weight: 11, arbitrary: sudden },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('speak'), words: fc.integer({ min: 1, max: 4 }), agent: agentKind }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cough') }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 0, max: 3000 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('upon'),
      event: fc.constantFrom<Recorded['event']>('speech', 'turn', 'utterance', 'interrupted', 'usage'),
      reaction: sudden,
    }),
  },
) as fc.Arbitrary<Action>

const options = fc.record({
  bargeIn: fc.boolean(),
  minWords: fc.constantFrom(1, 1, 2),
  resumeFalseInterruption: fc.boolean(),
  alignment: fc.constantFrom('word' as const, 'char' as const, 'none' as const),
  contexts: fc.constantFrom(1, 2, 4),
  lateAudioMs: fc.constantFrom(0, 500),
  doubleDone: fc.boolean(),
})

/** A rate that no device has, so that a thousand conversations are heard in seconds. */
const formats = [{ encoding: 'linear16', sampleRate: 1000, channels: 1 }] as const

interface Asked {
  readonly turn: string
  readonly text: string
  aborted: boolean
  /** What of its answer had reached the lane when it was aborted. */
  reachedAtAbort: number
}

function wordsOf(text: string): Set<string> {
  return new Set(text.match(/[\p{L}\p{N}-]+/gu))
}

/** One randomised conversation, and everything that must hold whatever happens in it. */
class RandomTalk {
  readonly talk: TestTalk
  readonly asked: Asked[] = []
  readonly results: UtteranceResult[] = []
  private readonly replaced = new Set<string>()
  private readonly utterances: { cancel(): void }[] = []
  private nextAgent: AgentKind = 'instant'
  private count = 0
  private settled = 0
  /** Agents that were neither done nor told to stop. */
  private running = 0

  constructor(
    given: { alignment: 'word' | 'char' | 'none'; contexts: number; lateAudioMs: number; doubleDone: boolean } & object,
  ) {
    const { alignment, contexts, lateAudioMs, doubleDone, ...turns } = given
    this.talk = new TestTalk({
      stepMs: 40,
      agent: turn => this.answer(turn),
      turns: { ...turns, agentTimeoutMs: 3000 },
      tts: [
        { formats, alignment, contexts, fault: () => ({ lateAudioMs, doubleDone }) },
        { formats, alignment, contexts: 2 },
      ],
    })
  }

  async act(action: Action): Promise<void> {
    const { talk } = this
    const { conversation } = talk
    switch (action.do) {
      case 'speak':
        this.nextAgent = action.agent
        return talk.says(Array.from({ length: action.words }, () => `u${this.count++}`).join(' '))
      case 'type':
        this.nextAgent = action.agent
        return conversation.userTurn(`typed${this.count++}`, 'text')
      case 'cough':
        return talk.coughs()
      case 'clear':
        return conversation.clear()
      case 'interrupt':
        return conversation.interrupt('app')
      case 'late': {
        if (!talk.of('turn').some(({ trigger }) => trigger === 'speech')) return
        const endMs = 0
        return conversation.onTranscript({ kind: 'interim', text: 'late', utterance: 0, startMs: 0, endMs })
      }
      case 'speech-final': {
        const endMs = talk.clock.now()
        const text = `final${this.count++}`
        return conversation.onTranscript({
          kind: 'speech-final',
          text,
          utterance: 1e6 + this.count,
          startMs: endMs,
          endMs,
        })
      }
      case 'detach':
        return talk.detach()
      case 'attach':
        return talk.attach()
      case 'say':
        return this.say(action.interruptible)
      case 'client':
        return conversation.speak({
          text: `c${this.count++} one two three.`,
          flush: true,
          allow_interruption: action.interruptible,
        })
      case 'cancel':
        return this.utterances[action.which]?.cancel()
      case 'fail':
        for (const tts of talk.tts) tts.connections.at(-1)?.fail({ class: action.as, reason: 'random' })
        return
      case 'wait':
        return talk.pass(action.ms)
      case 'upon':
        talk.onEvent = ({ event, payload }) => {
          if (event !== action.event) return
          talk.onEvent = undefined
          const { id } = payload as { readonly id?: string }
          if (event === 'turn' && id) this.replaced.add(id)
          void this.act(action.reaction)
        }
    }
  }

  check(): void {
    const { talk } = this
    for (const { result, id } of talk.of('utterance')) {
      if (!result || !talk.out.tracks.some(track => track.id === id)) continue
      const position = talk.out.position(id)
      expect(result.playedMs).toBeLessThanOrEqual(position.sentMs + 0.001)
      const sent = talk.out.sentTextOf(id)
      for (const word of wordsOf(result.text)) expect(sent).toContain(word)
    }
    const said = talk.out.sentText
    for (const text of talk.assistant) for (const word of wordsOf(text)) expect(said).toContain(word)
    for (const { turn, aborted, reachedAtAbort } of this.asked) {
      if (aborted) expect(this.reached(turn)).toBe(reachedAtAbort)
    }
  }

  /** Everything comes to rest by itself. */
  async rest(): Promise<void> {
    const { talk } = this
    talk.onEvent = undefined
    talk.attach()
    await talk.pass(60_000, 250)
    this.check()
    expect(talk.conversation.speaking).toBe(false)
    expect(talk.conversation.busy).toBe(false)
    expect(this.settled).toBe(this.utterances.length)
    // A turn that a listener replaces as soon as it hears of it is the only one that is never asked about.
    const turns = talk.of('turn').map(({ id }) => id)
    const asked = this.asked.map(({ turn }) => turn)
    expect(asked).toEqual(turns.filter(id => asked.includes(id) || !this.replaced.has(id)))
    // No word is said twice, so none may be answered twice.
    const answered = this.asked.flatMap(({ text }) => text.split(' ')).filter(word => word !== 'late')
    expect(new Set(answered).size).toBe(answered.length)
    const errors = talk.errors.filter(({ code }) => code !== 'agent_failed' && code !== 'queue_full')
    expect(errors).toEqual([])
    expect(talk.clock.pending).toBe(0)
    await this.act({ do: 'type', agent: 'instant' })
    await talk.pass(10_000, 250)
    const last = talk.of('turn').at(-1)!.id
    expect(talk.assistant.at(-1)).toBe(`${last}-0 and some more of it. ${last}-1 and some more of it.`)
    expect(await talk.end()).toEqual(nothing)
  }

  /** It ends in the middle of whatever is going on. */
  async breakOff(): Promise<void> {
    this.talk.onEvent = undefined
    expect(await this.talk.end()).toEqual(nothing)
    expect(this.settled).toBe(this.utterances.length)
    expect(this.running).toBe(0)
  }

  private say(allowInterruption: boolean): void {
    const utterance = this.talk.conversation.say(`s${this.count++} four five six seven.`, { allowInterruption })
    this.utterances.push(utterance)
    utterance.done.then(() => this.settled++)
  }

  private reached(turn: string): number {
    return this.talk.out.receivedText.split(`${turn}-`).length - 1
  }

  private answer({ id, text, signal }: Parameters<Agent<string>>[0]): ReturnType<Agent<string>> {
    const asked: Asked = { turn: id, text, aborted: false, reachedAtAbort: 0 }
    this.asked.push(asked)
    const kind = this.nextAgent
    const endless = kind === 'never' || kind === 'stops'
    if (endless) this.running++
    signal.addEventListener('abort', () => {
      if (endless) this.running--
      // An agent that failed is told as well, and what it had said before is still heard.
      asked.aborted = signal.reason !== 'closed'
      // What was purged may still be in the lane of the fake; nothing may be added.
      asked.reachedAtAbort = this.reached(id)
    })
    const { clock } = this.talk
    const words = (n: number) => `${id}-${n} and some more of it. `
    switch (kind) {
      case 'instant':
        return words(0) + words(1)
      case 'throws':
        throw new Error('agent')
      case 'silent':
        return undefined
      case 'never':
        return new Promise(() => {})
      default:
        return (async function* (): AsyncGenerator<AgentPart> {
          for (let n = 0; n < 4; n++) {
            if (kind !== 'records') await new Promise<void>(resolve => clock.after(300, resolve))
            yield words(n)
            if (kind === 'records') yield { type: 'record', role: 'tool', data: n }
            if (kind === 'stops' && n === 1) await new Promise(() => {})
          }
        })()
    }
  }
}

test('whatever happens: one answer per turn, none after its abort, nobody stuck, nothing unheard remembered', async () => {
  await fc.assert(
    fc.asyncProperty(options, fc.array(action, { minLength: 3, maxLength: 14 }), async (given, actions) => {
      const random = new RandomTalk(given)
      for (const action of actions) {
        await random.act(action)
        random.check()
      }
      await random.rest()
    }),
    { numRuns: 1000 },
  )
}, 60_000)

test('a session that ends in the middle of anything leaves no promise, no agent, no timer and no stream', async () => {
  await fc.assert(
    fc.asyncProperty(options, fc.array(action, { minLength: 1, maxLength: 10 }), async (given, actions) => {
      const random = new RandomTalk(given)
      for (const action of actions) await random.act(action)
      await random.breakOff()
    }),
    { numRuns: 300 },
  )
}, 60_000)
