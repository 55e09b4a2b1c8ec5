import type { Clock } from '../util/clock.js'
import { appError } from './app-error.js'
import { BargeIn } from './barge-in.js'
import type { History } from './history.js'
import type { ConversationPorts } from './ports.js'
import type { TurnOptions } from './turn-options.js'
import { type SpokenTurn, TurnAssembler, type UserTranscript } from './turns.js'
import { countWords } from './words.js'

/** What the assistant is doing, and what the user's voice may do to it. */
export interface ListenerHooks {
  /** Something is being heard. */
  readonly speaking: boolean
  /** Something is being heard that may be interrupted. */
  readonly interruptible: boolean
  /** Something is on its way and nothing is being heard yet. */
  readonly preparing: boolean
  interrupt(): void
  hold(held: boolean): void
  /** The user is done. `endedAtMs`: when they fell silent, by the clock. */
  turn(turn: SpokenTurn, endedAtMs: number): void
}

/** The assistant's ear: what the user says, until when, and whether it is meant to interrupt. */
export class Listener {
  readonly #clock: Clock
  readonly #ports: ConversationPorts
  readonly #hooks: ListenerHooks
  readonly #turns: TurnAssembler
  readonly #bargeIn: BargeIn
  #isSpeaking = false
  #speechEndMs = Number.NEGATIVE_INFINITY
  #backchannels = 0

  constructor(options: TurnOptions, clock: Clock, history: History, ports: ConversationPorts, hooks: ListenerHooks) {
    this.#clock = clock
    this.#ports = ports
    this.#hooks = hooks
    this.#bargeIn = new BargeIn(options, clock, hooks)
    this.#turns = new TurnAssembler(options, clock, {
      words: (count, certain) => this.#bargeIn.words(count, certain),
      turn: turn => this.#done(turn),
      history: () => history.items,
      failed: error => ports.error(appError('turns.isComplete', error)),
    })
  }

  /** The user is speaking, or has begun a turn. */
  get busy(): boolean {
    return this.#isSpeaking || this.#turns.pending
  }

  /** What the user says now is a turn that will end by itself. In push to talk nobody knows whether it ever ends. */
  get midTurn(): boolean {
    return this.#isSpeaking || (this.#turns.pending && this.#turns.endsItself)
  }

  get backchannels(): number {
    return this.#backchannels
  }

  get falseInterruptions(): number {
    return this.#bargeIn.falseInterruptions
  }

  configure(options: TurnOptions): void {
    this.#turns.configure(options)
    this.#bargeIn.configure(options)
  }

  transcript(transcript: UserTranscript): void {
    this.#turns.transcript(transcript)
  }

  speechStart(atMs: number): void {
    this.#setSpeaking(true, atMs)
    this.#turns.speechStart()
  }

  onset(): void {
    this.#bargeIn.onset()
  }

  speechEnd(atMs: number): void {
    this.#speechEndMs = atMs
    this.#setSpeaking(false, atMs)
  }

  endpoint(atMs: number, cause: 'silence' | 'finalize'): void {
    this.#turns.endpoint(atMs, cause)
  }

  /** Speech that was held goes on. */
  release(): void {
    this.#bargeIn.release()
  }

  close(): void {
    this.#turns.discard()
    this.#bargeIn.release()
  }

  #done(turn: SpokenTurn): void {
    if (!this.#bargeIn.isBackchannel(countWords(turn.text))) return this.#hooks.turn(turn, this.#silentSince(turn))
    this.#backchannels++
    this.#bargeIn.release()
  }

  /** When the user fell silent, by the clock: as long ago as there is audio after it. */
  #silentSince(turn: SpokenTurn): number {
    const endMs = this.#speechEndMs > turn.startMs ? this.#speechEndMs : turn.endMs
    const audioMs = this.#ports.audioMs?.() ?? endMs
    return this.#clock.now() - Math.max(0, audioMs - endMs)
  }

  #setSpeaking(speaking: boolean, atMs: number): void {
    if (speaking === this.#isSpeaking) return
    this.#isSpeaking = speaking
    this.#ports.emit('speech', { who: 'user', speaking, atMs })
  }
}
