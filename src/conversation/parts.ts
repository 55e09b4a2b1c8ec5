import { Answers } from './answers.js'
import type { ConversationOptions } from './conversation-options.js'
import { History } from './history.js'
import { IdlePrompt } from './idle-prompt.js'
import { Listener } from './listener.js'
import type { ConversationPorts } from './ports.js'
import { Speaker } from './speaker.js'
import type { TtsSupervisor } from './tts-supervisor.js'
import type { SpokenTurn } from './turns.js'

/** What a conversation consists of once somebody says something. */
export interface Parts<Session> {
  readonly history: History
  readonly listener: Listener
  readonly speaker: Speaker
  readonly answers: Answers<Session>
  readonly idle: IdlePrompt
}

/** What the parts need of the conversation they are in. */
export interface PartsHooks {
  /** Session time. */
  nowMs(): number
  /** The user interrupts. */
  interrupt(): void
  /** The user has spoken a turn. `endedAtMs`: when they fell silent, by the clock. */
  turn(turn: SpokenTurn, endedAtMs: number): void
  /** The agent was heard asking to end the session. */
  agentEnds(): void
  /** Nobody has said anything for a while, for the `count`th time. */
  idle(count: number): void
  /** Something has come further. */
  settle(): void
}

const defaultRoomMs = 5000

/** Builds the parts and connects them. They call each other only through here. */
export function createParts<Session>(
  options: ConversationOptions<Session>,
  supervisor: TtsSupervisor,
  ports: ConversationPorts,
  hooks: PartsHooks,
): Parts<Session> {
  const { clock, newId, session, turns, agent, logger, roomMs = defaultRoomMs } = options
  const history = new History(options.history)
  const nowMs = () => hooks.nowMs()
  const speaker = new Speaker(
    { clock, logger, newId, history, nowMs, supervisor, roomMs, stallMs: turns.agentTimeoutMs },
    ports,
    {
      started: utterance => answers.started(utterance),
      ended: utterance => {
        answers.utteranceEnded(utterance)
        hooks.settle()
      },
    },
  )
  const answers: Answers<Session> = new Answers(agent, turns, { session, clock, newId, history, nowMs }, ports, {
    open: () => speaker.reply(),
    written: utterance => speaker.written(utterance),
    cut: (which, reason) => speaker.cut(which, 'interrupted', reason),
    answered: () => hooks.settle(),
    ended: endsSession => {
      if (endsSession) hooks.agentEnds()
      hooks.settle()
    },
  })
  const listener = new Listener(turns, clock, history, ports, {
    get speaking() {
      return speaker.speaking
    },
    get interruptible() {
      return speaker.interruptible
    },
    get preparing() {
      return !speaker.speaking && (answers.working || speaker.hasWords)
    },
    interrupt: () => hooks.interrupt(),
    hold: held => speaker.hold(held),
    turn: (turn, endedAtMs) => hooks.turn(turn, endedAtMs),
  })
  const idle = new IdlePrompt(clock, turns.idlePromptMs, count => hooks.idle(count))
  return { history, listener, speaker, answers, idle }
}
