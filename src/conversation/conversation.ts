import type { Cancel, Clock } from '../util/clock.js'
import type { Agent, Turn } from './agent.js'
import { Answers } from './answers.js'
import { appError } from './app-error.js'
import type { SpeakRequest } from './client-speech.js'
import type { ConversationOptions, ConversationStats, ConversationUpdate } from './conversation-options.js'
import { History, type HistoryItem } from './history.js'
import { IdlePrompt } from './idle-prompt.js'
import { Listener } from './listener.js'
import type { ConversationPorts } from './ports.js'
import { Speaker } from './speaker.js'
import type { TurnOptions } from './turn-options.js'
import type { SpokenTurn, UserTranscript } from './turns.js'
import type { PlayOptions, SayOptions, Utterance } from './utterance.js'
import { isSpeakable } from './words.js'

/** How long a client may be away and still hear the rest of what was being said. */
const awayMs = 5000
const defaultRoomMs = 5000

/** Who speaks when: the user's turns, the agent's answers to them, and everything else that is said. */
export class Conversation<Session = unknown> {
  readonly #ports: ConversationPorts
  readonly #clock: Clock
  readonly #createdAtMs: number
  readonly #greeting: string | undefined
  readonly #history: History
  readonly #listener: Listener
  readonly #speaker: Speaker
  readonly #answers: Answers<Session>
  readonly #idle: IdlePrompt
  #agent: Agent<Session> | undefined
  #turnOptions: TurnOptions
  #pendingUpdate: ConversationUpdate<Session> | undefined
  #cancelAway: Cancel | undefined
  /** Called when everything was heard; from then on the user gets no answers. */
  #afterSpeech: (() => void) | undefined
  #isFinishing = false
  #agentEnds = false
  #isAway = false
  #isClosed = false
  #interruptions = 0

  constructor(options: ConversationOptions<Session>, ports: ConversationPorts) {
    const { clock, newId, session, turns, agent } = options
    this.#ports = ports
    this.#clock = clock
    this.#createdAtMs = clock.now()
    this.#greeting = options.greeting
    this.#agent = agent
    this.#turnOptions = turns
    this.#history = new History(options.history)
    const history = this.#history
    const nowMs = () => this.#nowMs()
    const roomMs = options.roomMs ?? defaultRoomMs
    this.#speaker = new Speaker(
      { ...options, history, nowMs, candidates: options.tts, roomMs, stallMs: turns.agentTimeoutMs },
      ports,
      {
        started: utterance => this.#answers.started(utterance),
        ended: utterance => {
          this.#answers.utteranceEnded(utterance)
          this.#settle()
        },
      },
    )
    const speaker = this.#speaker
    this.#answers = new Answers(agent, turns, { session, clock, newId, history, nowMs }, ports, {
      open: () => speaker.reply(),
      written: utterance => speaker.written(utterance),
      cut: (which, reason) => speaker.cut(which, 'interrupted', reason),
      answered: () => this.#settle(),
      ended: endsSession => {
        this.#agentEnds ||= endsSession
        this.#settle()
      },
    })
    const answers = this.#answers
    this.#listener = new Listener(turns, clock, history, ports, {
      get speaking() {
        return speaker.speaking
      },
      get interruptible() {
        return speaker.interruptible
      },
      get preparing() {
        return !speaker.speaking && (answers.working || speaker.hasWords)
      },
      interrupt: () => this.#interrupt('barge_in'),
      hold: held => speaker.hold(held),
      turn: (turn, endedAtMs) => this.#take(turn, 'speech', endedAtMs),
    })
    this.#idle = new IdlePrompt(clock, turns.idlePromptMs, count => this.#prompt(count))
  }

  get history(): readonly HistoryItem[] {
    return this.#history.items
  }

  /** The assistant is being heard. */
  get speaking(): boolean {
    return this.#speaker.speaking
  }

  /** Something is being said, answered or waiting to be. */
  get busy(): boolean {
    return !this.#isClosed && (!this.#speaker.silent || this.#answers.working || this.#listener.busy)
  }

  stats(): ConversationStats {
    return {
      ...this.#speaker.counts,
      turns: this.#answers.turns,
      agentFailures: this.#answers.failures,
      interruptions: this.#interruptions,
      falseInterruptions: this.#listener.falseInterruptions,
      backchannels: this.#listener.backchannels,
    }
  }

  /** Connects a synthesiser and says the greeting. */
  start(): void {
    if (this.#isClosed) return
    this.#speaker.warm()
    if (this.#greeting) this.#speaker.say(this.#greeting)
    this.#settle()
  }

  // From the user.

  onTranscript(transcript: UserTranscript): void {
    if (this.#isClosed) return
    if (isSpeakable(transcript.text)) this.#idle.reset()
    this.#listener.transcript(transcript)
    this.#settle()
  }

  onSpeechStart(atMs: number): void {
    if (this.#isClosed) return
    this.#idle.reset()
    this.#listener.speechStart(atMs)
    // An answer will be wanted soon.
    this.#speaker.warm()
    this.#settle()
  }

  /** The user's voice has lasted long enough to interrupt. */
  onOnset(_atMs: number): void {
    if (!this.#isClosed) this.#listener.onset()
  }

  onSpeechEnd(atMs: number): void {
    if (this.#isClosed) return
    this.#listener.speechEnd(atMs)
    this.#settle()
  }

  onEndpoint({ atMs, cause }: { readonly atMs: number; readonly cause: 'silence' | 'finalize' }): void {
    if (this.#isClosed) return
    this.#listener.endpoint(atMs, cause)
    this.#settle()
  }

  /** The recogniser guesses that the turn is over, or takes it back. */
  onEagerEnd(guess: { readonly text: string } | null): void {
    if (guess && !this.#isClosed) this.#speaker.warm()
  }

  /** A typed turn, or one of the application. */
  userTurn(text: string, trigger: 'text' | 'app'): void {
    if (this.#isClosed || !isSpeakable(text)) return
    const atMs = this.#nowMs()
    // Who types wants to hear no more of anything; an application may have planned to say both.
    if (trigger === 'text' && this.#turnOptions.bargeIn) {
      this.#speaker.cut(({ interruptible, source }) => interruptible && source !== 'reply', 'interrupted', 'superseded')
    }
    this.#take({ text: text.trim(), startMs: atMs, endMs: atMs }, trigger, this.#clock.now())
  }

  /** A client's `speak`. */
  speak(request: SpeakRequest): void {
    if (this.#isClosed) return
    this.#speaker.speak(request)
    this.#settle()
  }

  /** A client's `clear`: of one utterance, or of everything. What may not be interrupted stays. */
  clear(utteranceId?: string): void {
    if (this.#isClosed) return
    this.#speaker.forgetUnflushed(utteranceId)
    if (utteranceId === undefined) return this.#interrupt('clear')
    this.#speaker.cut(({ id, interruptible }) => interruptible && id === utteranceId, 'interrupted', 'clear')
    this.#settle()
  }

  // From the application.

  /** @throws TypeError when `text` is neither a string nor an async iterable. */
  say(text: string | AsyncIterable<string>, options?: SayOptions): Utterance {
    const utterance = this.#speaker.say(text, options)
    this.#settle()
    return utterance
  }

  /** @throws TypeError when the audio cannot be played. */
  play(audio: Uint8Array | AsyncIterable<Uint8Array>, options: PlayOptions): Utterance {
    const utterance = this.#speaker.play(audio, options)
    this.#settle()
    return utterance
  }

  /** `app`: as a barge-in would. `slow_consumer`: everything, as none of it arrives. */
  interrupt(reason: 'app' | 'slow_consumer'): void {
    if (!this.#isClosed) this.#interrupt(reason)
  }

  update({ agent, tts, turns }: ConversationUpdate<Session>): void {
    const pending = this.#pendingUpdate
    this.#pendingUpdate = {
      agent: agent ?? pending?.agent,
      tts: tts ?? pending?.tts,
      turns: { ...pending?.turns, ...turns },
    }
    this.#settle()
  }

  /** Calls `done` when everything that is to be said was heard. Turns of the user get no answer any more. */
  afterSpeech(done: () => void): void {
    this.#isFinishing = true
    this.#afterSpeech = done
    this.#settle()
  }

  /** The session does without synthesis from now on: everything goes out as text. */
  giveUpVoice(): void {
    if (!this.#isClosed) this.#speaker.giveUpVoice()
  }

  // From the way to the client.

  started(utteranceId: string): void {
    this.#speaker.started(utteranceId)
  }

  played(utteranceId: string): void {
    this.#speaker.played(utteranceId)
  }

  room(): void {
    if (!this.#isClosed) this.#speaker.room()
  }

  congested(full: boolean): void {
    if (!full) this.room()
  }

  /** The sample rate the client gets. */
  rate(sampleRate: number): void {
    this.#speaker.rate(sampleRate)
  }

  attach(): void {
    if (!this.#isAway || this.#isClosed) return
    this.#isAway = false
    this.#cancelAway?.()
    this.#speaker.suspend(false)
    this.#settle()
  }

  detach(): void {
    if (this.#isAway || this.#isClosed) return
    this.#isAway = true
    this.#listener.release()
    this.#speaker.suspend(true)
    const leftAtMs = this.#clock.now()
    this.#cancelAway = this.#clock.after(awayMs, () => this.#forgetSpeechUntil(leftAtMs))
    this.#settle()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelAway?.()
    this.#idle.stop()
    this.#answers.abort('closed')
    this.#listener.close()
    this.#speaker.close()
  }

  #take(turn: SpokenTurn, trigger: Turn['trigger'], endedAtMs: number): void {
    if (this.#isFinishing) return
    this.#agentEnds = false
    this.#idle.reset()
    this.#applyUpdate()
    this.#answers.take({ ...turn, trigger, endedAtMs })
    this.#listener.release()
    this.#settle()
  }

  #interrupt(reason: string): void {
    if (this.#speaker.interruptible || this.#answers.working) this.#interruptions++
    this.#answers.abort('barge_in')
    this.#speaker.cut(({ interruptible }) => interruptible || reason === 'slow_consumer', 'interrupted', reason)
    this.#listener.release()
    this.#settle()
  }

  /** The client has been away for too long to go on where it left. What was begun meanwhile waits for it. */
  #forgetSpeechUntil(leftAtMs: number): void {
    this.#answers.abort('closed', leftAtMs)
    this.#speaker.cut(({ createdAtMs }) => createdAtMs <= leftAtMs, 'interrupted', 'away')
    this.#speaker.release()
    this.#settle()
  }

  #prompt(count: number): void {
    try {
      const text = this.#turnOptions.onIdle?.({ count, history: this.history })
      if (text) this.#speaker.say(text)
    } catch (error) {
      this.#ports.error(appError('turns.onIdle', error))
    }
    this.#settle()
  }

  /** Does what waited for the conversation to come this far. Called after everything that may have brought it further. */
  #settle(): void {
    if (this.#isClosed) return
    this.#answers.takeDeferred()
    const isQuiet = this.#speaker.silent && !this.#answers.working
    if (isQuiet) this.#applyUpdate()
    if (this.busy || this.#isAway) this.#idle.stop()
    else this.#idle.start()
    if (!isQuiet) return
    if (this.#isFinishing) {
      const done = this.#afterSpeech
      this.#afterSpeech = undefined
      done?.()
    } else if (this.#agentEnds) {
      this.#agentEnds = false
      this.#ports.ended()
    }
  }

  #applyUpdate(): void {
    if (!this.#pendingUpdate) return
    const { agent = this.#agent, tts, turns } = this.#pendingUpdate
    this.#pendingUpdate = undefined
    this.#agent = agent
    this.#turnOptions = { ...this.#turnOptions, ...turns }
    this.#answers.configure(agent, this.#turnOptions)
    this.#listener.configure(this.#turnOptions)
    this.#idle.configure(this.#turnOptions.idlePromptMs)
    if (tts) this.#speaker.replace(tts)
  }

  #nowMs(): number {
    return this.#clock.now() - this.#createdAtMs
  }
}
