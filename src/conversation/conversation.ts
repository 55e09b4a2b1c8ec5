import type { Cancel } from '../util/clock.js'
import type { Agent, Turn } from './agent.js'
import { appError } from './app-error.js'
import type { SpeakRequest } from './client-speech.js'
import type { ConversationOptions, ConversationStats, ConversationUpdate } from './conversation-options.js'
import { History, type HistoryItem } from './history.js'
import { createParts, type Parts } from './parts.js'
import type { ConversationPorts } from './ports.js'
import { TtsSupervisor } from './tts-supervisor.js'
import type { TurnOptions } from './turn-options.js'
import type { SpokenTurn, UserTranscript } from './turns.js'
import type { PlayOptions, SayOptions, Utterance } from './utterance.js'
import { isSpeakable } from './words.js'

/** How long a client may be away and still hear the rest of what was being said. */
const awayMs = 5000

/** Who speaks when: the user's turns, the agent's answers to them, and everything else that is said. */
export class Conversation<Session = unknown> {
  readonly #options: ConversationOptions<Session>
  readonly #ports: ConversationPorts
  readonly #createdAtMs: number
  #supervisor: TtsSupervisor | undefined
  /** Built when somebody says something: most sessions wait, and a thousand of them should cost little. */
  #parts: Parts<Session> | undefined
  #agent: Agent<Session> | undefined
  #turnOptions: TurnOptions
  #pendingUpdate: ConversationUpdate<Session> | undefined
  #cancelAway: Cancel | undefined
  /** Called when everything was heard; from then on the user gets no answers. */
  #afterSpeech: (() => void) | undefined
  #isFinishing = false
  #isEndedByAgent = false
  #isAway = false
  /** The client was not told yet that it may listen. */
  #isAwaited = false
  #isClosed = false
  #interruptions = 0

  constructor(options: ConversationOptions<Session>, ports: ConversationPorts) {
    this.#options = options
    this.#ports = ports
    this.#createdAtMs = options.clock.now()
    this.#agent = options.agent
    this.#turnOptions = options.turns
  }

  get history(): readonly HistoryItem[] {
    return (this.#parts?.history ?? new History(this.#options.history)).items
  }

  /** Somebody answers the user's turns. */
  get answers(): boolean {
    return this.#agent !== undefined
  }

  /** The assistant is being heard. */
  get speaking(): boolean {
    return this.#parts?.speaker.speaking ?? false
  }

  /** Something is being said, answered or waiting to be. */
  get busy(): boolean {
    const { speaker, answers, listener } = this.#parts ?? {}
    if (!speaker || this.#isClosed) return false
    return !speaker.silent || answers!.working || listener!.busy
  }

  stats(): ConversationStats {
    const parts = this.#parts
    return {
      turns: parts?.answers.turns ?? 0,
      interruptions: this.#interruptions,
      failovers: this.#supervisor?.failovers ?? 0,
      utterances: parts?.speaker.utterances ?? 0,
      falseInterruptions: parts?.listener.falseInterruptions ?? 0,
      backchannels: parts?.listener.backchannels ?? 0,
      agentFailures: parts?.answers.failures ?? 0,
      ttsChars: parts?.speaker.ttsChars ?? 0,
    }
  }

  /**
   * Connects a synthesiser and says the greeting.
   *
   * @param isAwaited nothing is heard before `attach`. Default false.
   */
  start(isAwaited = false): void {
    if (this.#isClosed) return
    this.#isAwaited = isAwaited
    this.#parts?.speaker.await(isAwaited)
    const { greeting, tts } = this.#options
    if (tts.length > 0) this.#voice.warm()
    if (greeting) this.#need().speaker.say(greeting)
    this.#settle()
  }

  // From the user.

  onTranscript(transcript: UserTranscript): void {
    if (this.#isClosed) return
    const { idle, listener } = this.#need()
    if (isSpeakable(transcript.text)) idle.reset()
    listener.transcript(transcript)
    this.#settle()
  }

  onSpeechStart(atMs: number): void {
    if (this.#isClosed) return
    const { idle, listener } = this.#need()
    idle.reset()
    listener.speechStart(atMs)
    this.#warm()
    this.#settle()
  }

  /** The user's voice has lasted long enough to interrupt. */
  onOnset(_atMs: number): void {
    this.#live?.listener.onset()
  }

  onSpeechEnd(atMs: number): void {
    this.#live?.listener.speechEnd(atMs)
    this.#settle()
  }

  onEndpoint({ atMs, cause }: { readonly atMs: number; readonly cause: 'silence' | 'finalize' }): void {
    if (this.#isClosed) return
    this.#need().listener.endpoint(atMs, cause)
    this.#settle()
  }

  /** The recogniser guesses that the turn is over, or takes it back. */
  onEagerEnd(guess: { readonly text: string } | null): void {
    if (guess && !this.#isClosed) this.#warm()
  }

  /** A typed turn, or one of the application. */
  userTurn(text: string, trigger: 'text' | 'app'): void {
    if (this.#isClosed || !isSpeakable(text)) return
    const atMs = this.#nowMs()
    // Who types wants to hear no more of anything; an application may have planned to say both.
    if (trigger === 'text' && this.#turnOptions.bargeIn) {
      this.#parts?.speaker.cut(
        ({ interruptible, source }) => interruptible && source !== 'reply',
        'interrupted',
        'superseded',
      )
    }
    this.#take({ text: text.trim(), startMs: atMs, endMs: atMs }, trigger, this.#options.clock.now())
  }

  /** A client's `speak`. */
  speak(request: SpeakRequest): void {
    if (this.#isClosed) return
    this.#need().speaker.speak(request)
    this.#settle()
  }

  /** A client's `clear`: of one utterance, or of everything. What may not be interrupted stays. */
  clear(utteranceId?: string): void {
    const speaker = this.#live?.speaker
    if (!speaker) return
    speaker.forgetUnflushed(utteranceId)
    if (utteranceId === undefined) return this.#cut('clear')
    speaker.cut(({ id, interruptible }) => interruptible && id === utteranceId, 'interrupted', 'clear')
    this.#settle()
  }

  // From the application.

  /** @throws TypeError when `text` is neither a string nor an async iterable. */
  say(text: string | AsyncIterable<string>, options?: SayOptions): Utterance {
    const utterance = this.#need().speaker.say(text, options)
    this.#settle()
    return utterance
  }

  /** @throws TypeError when the audio cannot be played. */
  play(audio: Uint8Array | AsyncIterable<Uint8Array>, options: PlayOptions): Utterance {
    const utterance = this.#need().speaker.play(audio, options)
    this.#settle()
    return utterance
  }

  /** `slow_consumer`: cuts everything, as none of it arrives. Others spare what may not be interrupted. */
  interrupt(reason: 'app' | 'slow_consumer'): void {
    if (this.#live) this.#cut(reason)
  }

  update({ agent, tts, turns }: ConversationUpdate<Session>): void {
    const pending = this.#pendingUpdate
    this.#pendingUpdate = {
      agent: agent ?? pending?.agent,
      tts: tts ?? pending?.tts,
      turns: turns ? { ...pending?.turns, ...turns } : pending?.turns,
    }
    this.#settle()
  }

  /** Calls `done` when everything that is to be said was heard. Turns of the user get no answer any more. */
  afterSpeech(done: () => void): void {
    this.#isFinishing = true
    this.#afterSpeech = done
    this.#need()
    this.#settle()
  }

  /** The session does without synthesis from now on: everything goes out as text. */
  giveUpVoice(): void {
    if (this.#isClosed) return
    if (this.#parts) this.#parts.speaker.giveUpVoice()
    else this.#voice.giveUp()
  }

  // From the way to the client.

  started(utteranceId: string): void {
    this.#parts?.speaker.started(utteranceId)
  }

  played(utteranceId: string): void {
    this.#parts?.speaker.played(utteranceId)
  }

  room(): void {
    this.#live?.speaker.room()
  }

  congested(full: boolean): void {
    if (!full) this.room()
  }

  /** The sample rate the client gets. */
  rate(sampleRate: number): void {
    this.#voice.rate(sampleRate)
  }

  attach(): void {
    if (!(this.#isAway || this.#isAwaited) || this.#isClosed) return
    const wasAway = this.#isAway
    this.#isAway = this.#isAwaited = false
    this.#cancelAway?.()
    this.#parts?.speaker.await(false)
    if (wasAway) this.#parts?.speaker.suspend(false)
    this.#settle()
  }

  detach(): void {
    if (this.#isAway || this.#isClosed) return
    this.#isAway = true
    this.#parts?.listener.release()
    this.#parts?.speaker.suspend(true)
    this.#settle()
    if (!this.#supervisor) return
    const { clock } = this.#options
    const leftAtMs = clock.now()
    this.#cancelAway = clock.after(awayMs, () => this.#forgetSpeechBefore(leftAtMs))
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelAway?.()
    const { idle, answers, listener, speaker } = this.#parts ?? {}
    idle?.stop()
    answers?.abort('closed')
    listener?.close()
    speaker?.close()
    this.#supervisor?.giveUp()
  }

  #prompt(count: number): void {
    try {
      const text = this.#turnOptions.onIdle?.({ count, history: this.history })
      if (text) this.#need().speaker.say(text)
    } catch (error) {
      this.#ports.error(appError('turns.onIdle', error))
    }
    this.#settle()
  }

  /** Does what waited for the conversation to come this far. Called after everything that may have brought it further. */
  #settle(): void {
    if (!this.#parts) this.#applyUpdate()
    if (this.#turnOptions.idlePromptMs !== undefined && !this.#isClosed) this.#need()
    const parts = this.#live
    if (!parts) return
    const { answers, speaker, idle, listener } = parts
    answers.takeDeferred()
    const isQuiet = speaker.silent && !answers.working
    if (isQuiet && !listener.midTurn) this.#applyUpdate()
    if (this.busy || this.#isAway) idle.stop()
    else idle.start()
    if (!isQuiet) return
    if (this.#isFinishing) {
      const done = this.#afterSpeech
      this.#afterSpeech = undefined
      done?.()
    } else if (this.#isEndedByAgent) {
      this.#isEndedByAgent = false
      this.#ports.ended()
    }
  }

  get #voice(): TtsSupervisor {
    this.#supervisor ??= new TtsSupervisor(this.#options.tts, this.#options, this.#ports)
    return this.#supervisor
  }

  /** The parts, while they exist and the session lives. */
  get #live(): Parts<Session> | undefined {
    return this.#isClosed ? undefined : this.#parts
  }

  #need(): Parts<Session> {
    if (this.#parts) return this.#parts
    const options = { ...this.#options, agent: this.#agent, turns: this.#turnOptions }
    const parts = createParts(options, this.#voice, this.#ports, {
      nowMs: () => this.#nowMs(),
      interrupt: () => this.#cut('barge_in'),
      turn: (turn, endedAtMs) => this.#take(turn, 'speech', endedAtMs),
      agentEnds: () => {
        this.#isEndedByAgent = true
      },
      idle: count => this.#prompt(count),
      settle: () => this.#settle(),
    })
    this.#parts = parts
    if (this.#isAwaited) parts.speaker.await(true)
    if (this.#isAway) parts.speaker.suspend(true)
    if (this.#isClosed) parts.speaker.close()
    return parts
  }

  /** An answer will be wanted soon. */
  #warm(): void {
    if (!this.#isAway) this.#voice.warm()
  }

  #take(turn: SpokenTurn, trigger: Turn['trigger'], endedAtMs: number): void {
    if (this.#isFinishing) return
    const { idle, answers, listener } = this.#need()
    this.#isEndedByAgent = false
    idle.reset()
    this.#applyUpdate()
    answers.take({ ...turn, trigger, endedAtMs })
    listener.release()
    this.#settle()
  }

  #cut(reason: string): void {
    const { speaker, answers, listener } = this.#need()
    if (speaker.interruptible || answers.working) this.#interruptions++
    answers.abort('barge_in')
    speaker.cut(({ interruptible }) => interruptible || reason === 'slow_consumer', 'interrupted', reason)
    listener.release()
    this.#settle()
  }

  /** The client has been away for too long to go on where it left. What was begun meanwhile waits for it. */
  #forgetSpeechBefore(leftAtMs: number): void {
    const parts = this.#parts
    parts?.answers.abort('closed', leftAtMs)
    parts?.speaker.cut(({ createdAtMs }) => createdAtMs < leftAtMs, 'interrupted', 'away')
    if (parts) parts.speaker.release()
    else this.#supervisor?.release()
    this.#settle()
  }

  #applyUpdate(): void {
    if (!this.#pendingUpdate || this.#isClosed) return
    const { agent = this.#agent, tts, turns } = this.#pendingUpdate
    this.#pendingUpdate = undefined
    this.#agent = agent
    this.#turnOptions = { ...this.#turnOptions, ...turns }
    const parts = this.#parts
    if (turns) this.#ports.turnTaking?.(this.#turnOptions)
    parts?.answers.configure(agent, this.#turnOptions)
    parts?.listener.configure(this.#turnOptions)
    parts?.idle.configure(this.#turnOptions.idlePromptMs)
    if (!tts) return
    if (parts) parts.speaker.replace(tts)
    else this.#voice.replace(tts)
  }

  #nowMs(): number {
    return this.#options.clock.now() - this.#createdAtMs
  }
}
