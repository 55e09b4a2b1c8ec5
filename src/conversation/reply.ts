import type { Clock } from '../util/clock.js'
import type { VoiceError } from '../util/errors.js'
import type { AbortReason, Agent, Turn } from './agent.js'
import { AgentRun, type AgentRunOptions, type AgentRunSink } from './agent-run.js'
import type { History } from './history.js'
import { HeardItem, type LiveUtterance } from './live-utterance.js'
import { isSpeakable, joinSpeech } from './words.js'

export interface ReplyOptions extends AgentRunOptions {
  readonly clock: Clock
  readonly history: History
  readonly newId: () => string
  /** Session time. */
  readonly nowMs: () => number
  /** Spoken when the agent failed. */
  readonly fallback: string | undefined
  /** When the user fell silent, by the clock. */
  readonly speechEndedAtMs: number
}

export interface ReplyPorts {
  /** Queues another utterance of this reply. */
  open(): LiveUtterance
  /** The utterance has more text, or all of it. */
  written(utterance: LiveUtterance): void
  event(name: string, data: unknown): void
  error(error: VoiceError): void
  /** The agent has given all it had to give. */
  answered(): void
  /** All of it was heard or cut off. Once. */
  ended(): void
}

/** The answer to one turn: what the agent gives, as utterances and as items of the history, in its order. */
export class Reply<Session> implements AgentRunSink {
  readonly turnId: string
  readonly startedAtMs: number
  readonly #options: ReplyOptions
  readonly #ports: ReplyPorts
  readonly #run: AgentRun<Session>
  readonly #items: Map<LiveUtterance, HeardItem[]> = new Map()
  /** What the agent's text goes into. */
  #utterance: LiveUtterance | undefined
  #item: HeardItem | undefined
  #firstTextAtMs: number | undefined
  #firstAudioAtMs: number | undefined
  #sentAtMs: number | undefined
  #spokenChars = 0
  #endsSession = false
  #isCut = false
  #isEnded = false

  constructor(turnId: string, options: ReplyOptions, ports: ReplyPorts) {
    this.turnId = turnId
    this.#options = options
    this.#ports = ports
    this.startedAtMs = options.clock.now()
    this.#run = new AgentRun(options, this)
  }

  /** The agent is still at work on it. */
  get running(): boolean {
    return this.#run.running
  }

  /** Some of it has been sent. */
  get isHeard(): boolean {
    return this.#sentAtMs !== undefined
  }

  /** The agent wants the session to end, and was heard saying so. */
  get endsSession(): boolean {
    return this.#endsSession && !this.#isCut
  }

  /** What it took; undefined when nothing of it was sent. */
  get usage():
    | { readonly replyLatencyMs: number; readonly agentMs: number; readonly ttsMs: number; readonly ttsChars: number }
    | undefined {
    if (this.#sentAtMs === undefined || this.#firstTextAtMs === undefined) return undefined
    return {
      replyLatencyMs: this.#sentAtMs - this.#options.speechEndedAtMs,
      agentMs: this.#firstTextAtMs - this.startedAtMs,
      ttsMs: (this.#firstAudioAtMs ?? this.#firstTextAtMs) - this.#firstTextAtMs,
      ttsChars: this.#spokenChars,
    }
  }

  start(agent: Agent<Session>, turn: Omit<Turn<Session>, 'signal'>): void {
    this.#run.start(agent, turn)
  }

  /** Nobody wants it any more. What was said of it is cut by whoever calls this. */
  abort(reason: AbortReason): void {
    this.#isCut = true
    this.#run.abort(reason)
    this.#utterance = undefined
    this.#checkEnded()
  }

  owns(utterance: LiveUtterance): boolean {
    return this.#items.has(utterance)
  }

  /** The first audio of one of its utterances left. */
  started(utterance: LiveUtterance): void {
    this.#firstAudioAtMs ??= utterance.firstAudioAtMs
    this.#sentAtMs ??= this.#options.clock.now()
  }

  /** One of its utterances was heard or cut off. */
  utteranceEnded(utterance: LiveUtterance): void {
    for (const item of this.#items.get(utterance) ?? []) this.#options.history.close(item)
    this.#items.delete(utterance)
    this.#spokenChars += utterance.spokenChars
    if (utterance.result?.outcome !== 'completed') this.#isCut = true
    if (utterance === this.#utterance) this.#utterance = undefined
    this.#checkEnded()
  }

  text(text: string): boolean {
    const utterance = this.#utterance?.written ? undefined : this.#utterance
    if (!utterance && !isSpeakable(text)) return true
    this.#firstTextAtMs ??= this.#options.clock.now()
    return this.#write(utterance ?? this.#open(), text)
  }

  flush(): void {
    this.#utterance?.flush()
    this.#written()
  }

  record(role: string, data: unknown): void {
    const { history, newId, nowMs } = this.#options
    this.#item?.seal()
    this.#item = undefined
    history.add({ id: newId(), role, text: '', data, atMs: nowMs() })
  }

  event(name: string, data: unknown): void {
    this.#ports.event(name, data)
  }

  end(): void {
    this.#endsSession = true
  }

  failed(error: VoiceError): void {
    this.#ports.error(error)
    const { fallback = '' } = this.#options
    const said = this.#utterance?.text ?? ''
    this.text(joinSpeech(said, fallback).slice(said.length))
  }

  finished(): void {
    this.#utterance?.finish()
    this.#written()
    this.#ports.answered()
    this.#checkEnded()
  }

  #open(): LiveUtterance {
    const utterance = this.#ports.open()
    utterance.onRoom = () => this.#run.resume()
    this.#utterance = utterance
    this.#item = undefined
    this.#items.set(utterance, [])
    return utterance
  }

  #write(utterance: LiveUtterance, text: string): boolean {
    if (!this.#item) {
      const { history, newId, nowMs } = this.#options
      this.#item = new HeardItem(utterance, newId(), nowMs(), utterance.text.length)
      this.#items.get(utterance)?.push(this.#item)
      history.open(this.#item)
    }
    const hasRoom = utterance.push(text)
    this.#written()
    return hasRoom
  }

  #written(): void {
    if (this.#utterance) this.#ports.written(this.#utterance)
  }

  #checkEnded(): void {
    if (this.#isEnded || this.running || this.#items.size > 0) return
    this.#isEnded = true
    this.#ports.ended()
  }
}
