import type { HistoryItem } from '../conversation/history.js'
import type { TurnOptions } from '../conversation/turn-options.js'
import type { PlayOptions, SayOptions, Utterance } from '../conversation/utterance.js'
import { isSendableCloseCode } from '../protocol/close-codes.js'
import type { SessionState } from '../protocol/messages.js'
import type { Cancel } from '../util/clock.js'
import { Emitter } from '../util/emitter.js'
import { appError } from '../util/errors.js'
import { withDefaults } from '../util/loose.js'
import { Life } from './life.js'
import { isEnding } from './machine.js'
import { planStt, planTts } from './plan.js'
import { createRooms, type Rooms } from './rooms.js'
import type { SessionRuntime, SessionSpec } from './runtime.js'
import { Taps } from './taps.js'
import type {
  CloseOptions,
  SessionEvents,
  SessionOrigin,
  SessionUpdate,
  TapFrame,
  VoiceSession,
} from './voice-session.js'

/** How much `saved` may hold: it travels with the session's record. */
const maxSavedChars = 4096

/** The application's handle on one conversation, and where its parts are put together. Nothing here runs per frame. */
export class Session implements VoiceSession {
  readonly id: string
  readonly streamId: string
  readonly principal: unknown
  /** For counting a principal's sessions; not for applications. */
  readonly principalKey: string
  readonly data: unknown
  readonly metadata: Readonly<Record<string, unknown>>
  readonly origin: SessionOrigin
  readonly remoteAddress: string | undefined
  /** What the handler and a setup do with the session; not for applications. */
  readonly life: Life
  private readonly spec: SessionSpec
  private readonly runtime: SessionRuntime
  private readonly events: Emitter<SessionEvents>
  private readonly taps: Taps
  private readonly rooms: Rooms
  private savedData: unknown

  constructor(spec: SessionSpec, runtime: SessionRuntime) {
    this.spec = spec
    this.runtime = runtime
    this.id = spec.id
    this.streamId = spec.streamId
    this.principal = spec.principal
    this.principalKey = spec.principalKey
    this.data = spec.data
    this.savedData = spec.saved
    this.metadata = spec.metadata
    this.origin = spec.origin
    this.remoteAddress = spec.ticket.remoteAddress
    this.events = new Emitter((thrown, event) => {
      const error = appError(`a listener of '${String(event)}' threw`, thrown)
      // Told to itself, a listener of errors that throws would throw for ever.
      if (event === 'error') this.runtime.unheard(error, this)
      else this.life.fail(error)
    })
    this.taps = new Taps(error => this.life.fail(appError('a tap threw', error)))
    this.rooms = createRooms(spec, runtime, {
      session: this,
      taps: this.taps,
      emit: (event, payload) => {
        this.events.emit(event, payload)
        // A server that dies leaves what was said to the one after it.
        if (event === 'turn' || event === 'utterance') this.life.persist()
      },
      fail: (error, utteranceId) => this.life.fail(error, utteranceId),
      leg: (leg, change) => this.life.legChanged(leg, change),
      readsWanted: wanted => this.life.readsWanted(wanted),
      slowConsumer: cause => this.life.slowConsumer(cause),
      numbered: (seq, message) => this.life.numbered(seq, message),
      ended: () => this.life.finish('close', 1000, 'ended'),
    })
    this.life = new Life(this, spec, runtime, { rooms: this.rooms, events: this.events, taps: this.taps })
  }

  get state(): SessionState {
    return this.life.state
  }

  get history(): readonly HistoryItem[] {
    return this.rooms.conversation.history
  }

  get saved(): unknown {
    return this.savedData
  }

  set saved(value: unknown) {
    const size = JSON.stringify(value)?.length ?? 0
    if (size > maxSavedChars) {
      throw new TypeError(
        `saved: ${size} characters of JSON, at most ${maxSavedChars}; keep it elsewhere and save its key`,
      )
    }
    this.savedData = value
    this.life.persist()
  }

  say(text: string | AsyncIterable<string>, options?: SayOptions): Utterance {
    return this.rooms.conversation.say(text, options)
  }

  play(audio: Uint8Array | AsyncIterable<Uint8Array>, options: PlayOptions): Utterance {
    return this.rooms.conversation.play(audio, options)
  }

  interrupt(): void {
    this.rooms.conversation.interrupt('app')
  }

  userTurn(text: string): void {
    this.rooms.conversation.userTurn(text, 'app')
  }

  finalize(): void {
    this.rooms.uplink?.finalize()
  }

  update({ stt, tts, turns, agent }: SessionUpdate<VoiceSession>): void {
    const { uplink, conversation } = this.rooms
    const { catalogues, settings } = this.runtime
    const { config } = this.spec
    const recognisers = stt && planStt(config, stt, catalogues.stt, settings.clientMay)
    const synthesisers = tts && planTts(config, tts, catalogues.tts, settings.clientMay)
    if (recognisers?.length === 0) throw new TypeError('stt: an empty list; name at least one recogniser')
    if (recognisers) uplink?.update(recognisers)
    conversation.update({ tts: synthesisers, turns: turns && withDefaults<Partial<TurnOptions>>({}, turns), agent })
  }

  send(name: string, data: unknown = null): void {
    if (JSON.stringify(data) === undefined) throw new TypeError(`data: a ${typeof data} cannot be written as JSON`)
    if (!isEnding(this.state)) this.rooms.downlink.send({ type: 'event', name, data })
  }

  close({ code = 1000, reason = 'closed', afterSpeech = false }: CloseOptions = {}): void {
    if (!isSendableCloseCode(code))
      throw new TypeError(`code: ${code} cannot be sent; use 1000 to 1014 without 1004 to 1006, or 3000 to 4999`)
    const finish = () => this.life.finish('close', code, reason)
    if (afterSpeech) this.rooms.conversation.afterSpeech(finish)
    else finish()
  }

  tap(direction: 'in' | 'out', listener: (frame: TapFrame) => void): Cancel {
    return this.taps.add(direction, listener)
  }

  on<E extends keyof SessionEvents>(event: E, listener: (payload: SessionEvents[E]) => void): Cancel {
    return this.events.on(event, listener)
  }
}
