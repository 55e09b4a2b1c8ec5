import type { Agent } from '../../../src/conversation/agent.js'
import { Conversation } from '../../../src/conversation/conversation.js'
import type { ConversationOptions } from '../../../src/conversation/conversation-options.js'
import type { ConversationEvents, TtsCandidate } from '../../../src/conversation/ports.js'
import { defaultTurnOptions, type TurnOptions } from '../../../src/conversation/turn-options.js'
import type { TtsProvider } from '../../../src/providers/contracts.js'
import { ProviderHealth } from '../../../src/providers/health.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { ScriptedTts, type ScriptedTtsOptions } from '../../../src/testing/scripted-tts.js'
import type { VoiceError } from '../../../src/util/errors.js'
import { silentLogger } from '../../../src/util/logger.js'
import { FakeOut } from './fake-out.js'

export interface TestOptions {
  readonly agent?: Agent<string> | undefined
  readonly turns?: Partial<TurnOptions> | undefined
  /** The synthesisers in failover order. Default: one that works. Empty: none. */
  readonly tts?: readonly Omit<ScriptedTtsOptions, 'clock'>[] | undefined
  readonly clock?: ManualClock | undefined
  readonly conversation?: Partial<ConversationOptions<string>> | undefined
  /** How finely time passes. Default 10. */
  readonly stepMs?: number | undefined
  /** False: `start` is left to the test. */
  readonly start?: boolean | undefined
}

export type Recorded = {
  [E in keyof ConversationEvents]: { readonly event: E; readonly payload: ConversationEvents[E] }
}[keyof ConversationEvents]

export type LegEvent = { readonly state: string; readonly provider: string; readonly atMs: number }

/** A conversation with scripted synthesisers, a client that plays, and a user who speaks. */
export class TestTalk {
  readonly clock: ManualClock
  readonly out: FakeOut
  readonly tts: readonly ScriptedTts[]
  readonly conversation: Conversation<string>
  readonly events: Recorded[] = []
  readonly errors: VoiceError[] = []
  readonly erroredUtterances: (string | undefined)[] = []
  readonly legs: LegEvent[] = []
  readonly health: ProviderHealth
  ended = 0
  /** A listener of the application, which may call back at once. */
  onEvent: ((recorded: Recorded) => void) | undefined
  private readonly stepMs: number
  /** Session time of the user's voice: it is heard as it is spoken. */
  private utterance = 0

  constructor(options: TestOptions = {}) {
    this.clock = options.clock ?? new ManualClock()
    this.stepMs = options.stepMs ?? 10
    const { clock } = this
    this.out = new FakeOut(clock)
    this.tts = (options.tts ?? [{}]).map((script, at) => new ScriptedTts({ name: `tts-${at}`, ...script, clock }))
    this.health = new ProviderHealth({ clock, random: () => 0.5 })
    let id = 0
    this.conversation = new Conversation<string>(
      {
        session: 'session',
        agent: options.agent,
        tts: this.tts.map(candidate),
        turns: { ...defaultTurnOptions, ...options.turns },
        clock,
        random: () => 0.5,
        health: this.health,
        logger: silentLogger,
        newId: () => `id-${++id}`,
        ...options.conversation,
      },
      {
        out: this.out,
        emit: (event, payload) => {
          const recorded = { event, payload } as Recorded
          this.events.push(recorded)
          this.onEvent?.(recorded)
        },
        leg: ({ state, provider }) => void this.legs.push({ state, provider, atMs: clock.now() }),
        error: (error, utteranceId) => {
          this.errors.push(error)
          this.erroredUtterances.push(utteranceId)
        },
        ended: () => void this.ended++,
        audioMs: () => clock.now(),
      },
    )
    this.out.connect(this.conversation)
    if (options.start ?? true) this.conversation.start()
  }

  /** Lets time pass. */
  async pass(ms: number, stepMs = this.stepMs): Promise<void> {
    await this.clock.advanceAsync(ms, stepMs)
  }

  /** The user says something: voice, interims word by word every 200 ms, silence, and the end of the turn. */
  async says(text: string, options: { readonly onset?: boolean; readonly silenceMs?: number } = {}): Promise<void> {
    const words = text.split(' ')
    const startMs = this.clock.now()
    const utterance = this.utterance++
    this.conversation.onSpeechStart(startMs)
    for (let at = 0; at < words.length; at++) {
      await this.pass(200)
      if (at === 0 && (options.onset ?? true)) this.conversation.onOnset(this.clock.now())
      const said = words.slice(0, at + 1).join(' ')
      this.conversation.onTranscript({ kind: 'interim', text: said, utterance, startMs, endMs: this.clock.now() })
    }
    const endMs = this.clock.now()
    await this.pass(200)
    this.conversation.onSpeechEnd(endMs)
    this.conversation.onTranscript({ kind: 'final', text, utterance, startMs, endMs })
    await this.pass((options.silenceMs ?? 500) - 200)
    this.conversation.onEndpoint({ atMs: this.clock.now(), cause: 'silence' })
    await this.pass(0)
  }

  /** Voice without words that lasts long enough to interrupt. */
  async coughs(): Promise<void> {
    this.conversation.onSpeechStart(this.clock.now())
    await this.pass(200)
    this.conversation.onOnset(this.clock.now())
    await this.pass(100)
    this.conversation.onSpeechEnd(this.clock.now())
  }

  of<E extends keyof ConversationEvents>(event: E): ConversationEvents[E][] {
    return this.events
      .filter(recorded => recorded.event === event)
      .map(({ payload }) => payload as ConversationEvents[E])
  }

  /** What the assistant is recorded to have said. */
  get assistant(): string[] {
    return this.conversation.history.filter(({ role }) => role === 'assistant').map(({ text }) => text)
  }

  detach(): void {
    this.out.attach(false)
    this.conversation.detach()
  }

  attach(): void {
    this.out.attach(true)
    this.conversation.attach()
  }

  /** Ends the session and tells what is left behind. */
  async end(): Promise<{ readonly timers: number; readonly streams: number }> {
    this.conversation.close()
    this.out.close()
    await this.pass(5000)
    return { timers: this.clock.pending, streams: this.tts.reduce((sum, { openStreams }) => sum + openStreams, 0) }
  }
}

/** Nothing is left behind. */
export const nothing = { timers: 0, streams: 0 }

export function candidate(provider: TtsProvider): TtsCandidate {
  return { provider, options: {} }
}

/** An agent that gives its answers in pieces, with pauses on the test's clock. */
export function slowly(clock: ManualClock, pieces: readonly string[], pauseMs: number): Agent<string> {
  return async function* () {
    for (const piece of pieces) {
      await new Promise<void>(resolve => clock.after(pauseMs, resolve))
      yield piece
    }
  }
}
