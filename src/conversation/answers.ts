import type { Clock } from '../util/clock.js'
import type { AbortReason, Agent, Turn } from './agent.js'
import type { History } from './history.js'
import type { LiveUtterance } from './live-utterance.js'
import type { ConversationPorts } from './ports.js'
import { Reply } from './reply.js'
import type { TurnOptions } from './turn-options.js'
import type { SpokenTurn } from './turns.js'
import { joinSpeech } from './words.js'

/** A complete turn of the user, spoken or typed. */
export interface UserTurn extends SpokenTurn {
  readonly trigger: Turn['trigger']
  /** When the user fell silent, by the clock. */
  readonly endedAtMs: number
}

export interface AnswersOptions<Session> {
  readonly session: Session
  readonly clock: Clock
  readonly newId: () => string
  readonly history: History
  /** Session time. */
  readonly nowMs: () => number
}

export interface AnswersHooks {
  /** Queues an utterance. */
  open(): LiveUtterance
  /** The utterance has more text, or all of it. */
  written(utterance: LiveUtterance): void
  /** Takes back the utterances that `which` selects. */
  cut(which: (utterance: LiveUtterance) => boolean, reason: AbortReason): void
  /** An agent has given all it had to give. */
  answered(): void
  /** An answer was heard or cut off. */
  ended(endsSession: boolean): void
}

/** Gives every turn of the user its one answer, and takes an answer back when a newer turn makes it void. */
export class Answers<Session> {
  readonly #options: AnswersOptions<Session>
  readonly #ports: ConversationPorts
  readonly #hooks: AnswersHooks
  /** Answers that have not been heard to their end; only the last one may still be written. */
  #replies: readonly Reply<Session>[] = []
  #agent: Agent<Session> | undefined
  #turnOptions: TurnOptions
  /** Waits for an answer that may not be interrupted while it is still being written. */
  #deferred: UserTurn | undefined
  #turns = 0
  #failures = 0

  constructor(
    agent: Agent<Session> | undefined,
    turnOptions: TurnOptions,
    options: AnswersOptions<Session>,
    ports: ConversationPorts,
    hooks: AnswersHooks,
  ) {
    this.#agent = agent
    this.#turnOptions = turnOptions
    this.#options = options
    this.#ports = ports
    this.#hooks = hooks
  }

  get turns(): number {
    return this.#turns
  }

  get failures(): number {
    return this.#failures
  }

  /** An agent is at work, or a turn waits for it. */
  get working(): boolean {
    return this.#deferred !== undefined || this.#replies.some(reply => reply.running)
  }

  /** From the next turn on. */
  configure(agent: Agent<Session> | undefined, turnOptions: TurnOptions): void {
    this.#agent = agent
    this.#turnOptions = turnOptions
  }

  /** Answers a turn. What is still being said to earlier ones is void, unless it may not be interrupted. */
  take(turn: UserTurn): void {
    const { bargeIn } = this.#turnOptions
    if (!bargeIn && this.#replies.some(reply => reply.running && reply.isHeard)) {
      this.#deferred = this.#deferred ? joinTurns(this.#deferred, turn) : turn
      return
    }
    for (const reply of this.#replies) if (bargeIn || !reply.isHeard) this.#void(reply, 'superseded')
    this.#answer(turn)
  }

  /** Answers the turn that had to wait, if it need not wait any longer. */
  takeDeferred(): void {
    const turn = this.#deferred
    if (!turn || this.#replies.some(reply => reply.running)) return
    this.#deferred = undefined
    this.take(turn)
  }

  /** Nobody wants the answers that were begun before `beforeMs` of the clock. What was said of them is the caller's to cut. */
  abort(reason: AbortReason, beforeMs: number = Number.POSITIVE_INFINITY): void {
    if (reason === 'closed') this.#deferred = undefined
    for (const reply of this.#replies) if (reply.startedAtMs < beforeMs) reply.abort(reason)
  }

  started(utterance: LiveUtterance): void {
    this.#replyOf(utterance)?.started(utterance)
  }

  utteranceEnded(utterance: LiveUtterance): void {
    const reply = this.#replyOf(utterance)
    if (!reply) return
    const cut = utterance.result?.outcome !== 'completed'
    reply.utteranceEnded(utterance)
    if (cut && reply.running) this.#void(reply, 'barge_in')
  }

  #replyOf(utterance: LiveUtterance): Reply<Session> | undefined {
    return this.#replies.find(reply => reply.owns(utterance))
  }

  #void(reply: Reply<Session>, reason: AbortReason): void {
    reply.abort(reason)
    this.#hooks.cut(utterance => reply.owns(utterance), reason)
  }

  #answer(turn: UserTurn): void {
    const { session, history, newId } = this.#options
    const { text, trigger, words, language, startMs, endMs } = turn
    const id = newId()
    this.#turns++
    history.add({ id, role: 'user', text, atMs: startMs })
    const said = history.items
    const agent = this.#agent
    const reply = agent && this.#createReply(id, turn.endedAtMs)
    // It is there before anybody hears of the turn: whoever answers the event with another turn makes it void.
    if (reply) this.#replies = [...this.#replies, reply]
    this.#ports.emit('turn', { id, text, trigger })
    reply?.start(agent!, { id, text, words, language, startMs, endMs, trigger, history: said, session })
  }

  #createReply(turnId: string, speechEndedAtMs: number): Reply<Session> {
    const { agentTimeoutMs, fallback } = this.#turnOptions
    const reply: Reply<Session> = new Reply(
      turnId,
      {
        ...this.#options,
        timeoutMs: agentTimeoutMs,
        fallback,
        speechEndedAtMs,
        run: fn => (this.#ports.run ? this.#ports.run(turnId, fn) : fn()),
      },
      {
        open: () => this.#hooks.open(),
        written: utterance => this.#hooks.written(utterance),
        event: (name, data) => this.#ports.out.send({ type: 'event', name, data }),
        error: error => {
          this.#failures++
          this.#ports.error(error)
        },
        answered: () => this.#hooks.answered(),
        ended: () => this.#ended(reply),
      },
    )
    return reply
  }

  #ended(reply: Reply<Session>): void {
    this.#replies = this.#replies.filter(other => other !== reply)
    const { usage, turnId } = reply
    if (usage) this.#ports.emit('usage', { turnId, ...usage })
    this.#hooks.ended(reply.endsSession)
  }
}

/** What was said in two turns, as one. */
function joinTurns(a: UserTurn, b: UserTurn): UserTurn {
  const words = a.words || b.words ? [...(a.words ?? []), ...(b.words ?? [])] : undefined
  return { ...b, text: joinSpeech(a.text, b.text), words, startMs: a.startMs }
}
