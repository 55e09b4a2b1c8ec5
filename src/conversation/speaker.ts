import type { Clock } from '../util/clock.js'
import type { Logger } from '../util/logger.js'
import { AppSpeech } from './app-speech.js'
import { AudioFeed, checkRecording } from './audio-feed.js'
import { ClientSpeech, type SpeakRequest } from './client-speech.js'
import type { History } from './history.js'
import { HeardItem, LiveUtterance, type UtteranceSource } from './live-utterance.js'
import type { ConversationPorts, Heard, TtsCandidate } from './ports.js'
import { type Producer, SpeechQueue } from './speech-queue.js'
import { TextVoice } from './text-voice.js'
import { TtsBridge } from './tts-bridge.js'
import type { TtsSupervisor } from './tts-supervisor.js'
import type { PlayOptions, SayOptions, Utterance, UtteranceOutcome } from './utterance.js'
import { isSpeakable } from './words.js'

export interface SpeakerOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly newId: () => string
  readonly history: History
  /** Session time. */
  readonly nowMs: () => number
  readonly supervisor: TtsSupervisor
  readonly roomMs: number
  /** How long a source of the application may give nothing. */
  readonly stallMs: number
}

export interface SpeakerHooks {
  /** The first audio of an utterance left. */
  started(utterance: LiveUtterance): void
  /** An utterance is over. */
  ended(utterance: LiveUtterance): void
}

/** The assistant's mouth: everything that is said, in its order, as audio or as text, and what was heard of it. */
export class Speaker {
  readonly #options: SpeakerOptions
  readonly #ports: ConversationPorts
  readonly #hooks: SpeakerHooks
  readonly #queue: SpeechQueue
  readonly #voice: TtsBridge
  readonly #textVoice: TextVoice
  readonly #feed: AudioFeed
  readonly #app: AppSpeech
  readonly #client: ClientSpeech
  /** Utterances outside replies that belong into the history, and their place there once they are heard. */
  readonly #recorded: Map<LiveUtterance, HeardItem | undefined> = new Map()
  #utterances = 0
  #ttsChars = 0
  #isHeld = false
  #isAway = false
  #isAwaited = false

  constructor(options: SpeakerOptions, ports: ConversationPorts, hooks: SpeakerHooks) {
    const { clock, logger, roomMs, stallMs, supervisor } = options
    const { out } = ports
    this.#options = options
    this.#ports = ports
    this.#hooks = hooks
    this.#queue = new SpeechQueue({
      out,
      clock,
      producerFor: utterance => this.#producerFor(utterance),
      started: utterance => this.#started(utterance),
      ended: (utterance, heard) => this.#ended(utterance, heard),
      speaking: speaking => ports.emit('speech', { who: 'assistant', speaking, atMs: options.nowMs() }),
    })
    const queue = this.#queue
    const produced = (utterance: LiveUtterance) => queue.produced(utterance)
    const starved = () => queue.starved()
    this.#textVoice = new TextVoice(out, { produced, starved })
    this.#voice = new TtsBridge(
      supervisor,
      { clock, logger, out, roomMs },
      {
        produced,
        starved,
        lost: utterance => {
          if (utterance) queue.handOver(utterance, this.#textVoice)
        },
      },
    )
    this.#feed = new AudioFeed(
      { out, clock, roomMs, stallMs },
      { produced, failed: (utterance, error) => this.#app.failed(utterance, error) },
    )
    this.#app = new AppSpeech(queue, clock, {
      utterance: (source, interruptible) => this.#open(source, interruptible),
      error: error => ports.error(error),
    })
    this.#client = new ClientSpeech(queue, {
      utterance: (interruptible, id) => this.#record(this.#open('client', interruptible, id)),
      error: (error, utteranceId) => ports.error(error, utteranceId),
    })
  }

  /** Something is being heard. */
  get speaking(): boolean {
    return this.#queue.speaking
  }

  /** Something is being heard that may be interrupted. */
  get interruptible(): boolean {
    return this.#queue.interruptible
  }

  /** Nothing is said and nothing waits. */
  get silent(): boolean {
    return this.#queue.empty
  }

  /** There is something that has yet to be heard, or to be heard to its end. */
  get hasWords(): boolean {
    return this.#queue.hasWords
  }

  /** Utterances that have ended. */
  get utterances(): number {
    return this.#utterances
  }

  /** Characters given to synthesisers. */
  get ttsChars(): number {
    return this.#ttsChars
  }

  /** Queues an utterance for an answer of the agent. */
  reply(): LiveUtterance {
    const utterance = this.#open('reply', true)
    this.#queue.add(utterance)
    return utterance
  }

  /** The utterance of an answer has more text, or all of it. */
  written(utterance: LiveUtterance): void {
    this.#queue.written(utterance)
  }

  say(text: string | AsyncIterable<string>, options: SayOptions = {}): Utterance {
    if (typeof text !== 'string' && !(Symbol.asyncIterator in Object(text))) {
      throw new TypeError(`say: text: ${typeof text} cannot be spoken; give a string or an async iterable of strings`)
    }
    const utterance = this.#app.open(options.allowInterruption ?? true)
    if (utterance.result) return utterance
    if (options.record ?? true) this.#record(utterance)
    this.#app.say(utterance, text, this.#options.stallMs)
    return utterance
  }

  play(audio: Uint8Array | AsyncIterable<Uint8Array>, options: PlayOptions): Utterance {
    const recording = { audio, format: options.format, loop: options.loop ?? false }
    checkRecording(recording)
    const utterance = this.#app.open(options.allowInterruption ?? true)
    if (utterance.result) return utterance
    if (options.text) this.#record(utterance)
    utterance.push(options.text ?? '')
    utterance.finish()
    this.#feed.load(utterance, recording)
    this.#queue.add(utterance)
    return utterance
  }

  /** A client's `speak`. */
  speak(request: SpeakRequest): void {
    this.#client.speak(request)
  }

  /** Forgets what a client wants spoken together with more that has not come. */
  forgetUnflushed(utteranceId: string | undefined): void {
    this.#client.clear(utteranceId)
  }

  /** Takes back what `which` selects; what was heard of it stays. */
  cut(which: (utterance: LiveUtterance) => boolean, outcome: UtteranceOutcome, reason: string): void {
    this.#queue.cut(which, outcome, reason)
  }

  // From the way to the client.

  started(utteranceId: string): void {
    this.#queue.started(utteranceId)
  }

  played(utteranceId: string): void {
    this.#queue.played(utteranceId)
  }

  room(): void {
    this.#voice.room()
    this.#feed.wake()
  }

  /** Stops the audio without dropping it, or lets it go on. */
  hold(held: boolean): void {
    this.#isHeld = held
    this.#ports.out.hold(held)
    this.#suspendQueue()
  }

  /** Somebody will listen soon: what is said is synthesised and waits (`true`), until they do. */
  await(awaited: boolean): void {
    this.#isAwaited = awaited
    this.#suspendQueue()
  }

  /** Nobody listens: nothing more is synthesised (`true`), until somebody does. */
  suspend(suspended: boolean): void {
    this.#isAway = suspended
    this.#suspendQueue()
    this.#voice.suspend(suspended)
  }

  /** Closes the synthesiser's connection until there is something to say. */
  release(): void {
    this.#voice.release()
  }

  /** Uses other synthesisers from the next utterance on. */
  replace(candidates: readonly TtsCandidate[]): void {
    this.#voice.replace(candidates)
  }

  /** From now on everything goes out as text. */
  giveUpVoice(): void {
    this.#voice.giveUp()
  }

  close(): void {
    this.#queue.close()
    this.#voice.close()
  }

  #producerFor(utterance: LiveUtterance): Producer {
    if (this.#feed.has(utterance)) return this.#feed
    return this.#options.supervisor.lost ? this.#textVoice : this.#voice
  }

  #suspendQueue(): void {
    this.#queue.suspend(this.#isHeld || this.#isAway || this.#isAwaited)
  }

  #open(source: UtteranceSource, interruptible: boolean, id: string = this.#options.newId()): LiveUtterance {
    return new LiveUtterance({ id, source, interruptible }, this.#options.clock, {
      position: () => this.#ports.out.position(id),
      cancel: utterance => this.#queue.cut(other => other === utterance, 'cancelled', 'cancel'),
      settled: utterance => this.#queue.written(utterance),
    })
  }

  #record(utterance: LiveUtterance): LiveUtterance {
    this.#recorded.set(utterance, undefined)
    return utterance
  }

  /** Its place in the history is where it begins to be heard. */
  #enter(utterance: LiveUtterance): void {
    if (!this.#recorded.has(utterance) || this.#recorded.get(utterance)) return
    const { newId, nowMs, history } = this.#options
    const item = new HeardItem(utterance, newId(), nowMs(), 0)
    this.#recorded.set(utterance, item)
    history.open(item)
  }

  #started(utterance: LiveUtterance): void {
    this.#enter(utterance)
    this.#hooks.started(utterance)
    this.#ports.emit('utterance', { id: utterance.id, phase: 'started', text: utterance.text.trim() })
  }

  #ended(utterance: LiveUtterance, { basis }: Heard): void {
    const { id, result, audible } = utterance
    if (!result) return
    this.#app.ended(utterance)
    this.#feed.unload(utterance)
    this.#enter(utterance)
    const item = this.#recorded.get(utterance)
    if (item) this.#options.history.close(item)
    this.#recorded.delete(utterance)
    this.#utterances++
    this.#ttsChars += utterance.spokenChars
    const { outcome, playedMs, text } = result
    if (audible && (outcome === 'interrupted' || outcome === 'cancelled')) {
      this.#ports.out.send({ type: 'interrupted', utterance_id: id, played_ms: Math.round(playedMs), text, basis })
      this.#ports.emit('interrupted', { utteranceId: id, playedMs, text, basis })
    } else if (outcome === 'completed' && !utterance.begun && isSpeakable(text)) {
      // It went out as text: nobody else tells the client that it is over.
      const timestamp = this.#options.clock.wallTime()
      this.#ports.out.send({ type: 'tts_playback_complete', timestamp, utterance_id: id })
    }
    this.#ports.emit('utterance', { id, phase: 'ended', text, result: { outcome, playedMs, text } })
    this.#hooks.ended(utterance)
  }
}
