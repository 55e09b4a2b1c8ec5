import type { AudioFormat } from '../audio/format.js'
import type { Agent } from '../conversation/agent.js'
import type { HistoryItem } from '../conversation/history.js'
import type { ConversationEvents } from '../conversation/ports.js'
import type { TurnOptions } from '../conversation/turn-options.js'
import type { PlayOptions, SayOptions, Utterance } from '../conversation/utterance.js'
import type { DropCause } from '../downlink/ports.js'
import type { PressureLevel, SessionState } from '../protocol/messages.js'
import type { ProviderChoice } from '../providers/catalogue.js'
import type { SttOptions, TtsOptions } from '../providers/contracts.js'
import type { AudioGap, SessionTranscript } from '../uplink/ports.js'
import type { Cancel } from '../util/clock.js'
import type { VoiceError } from '../util/errors.js'
import type { Loose } from '../util/loose.js'

export type {
  PlayOptions,
  SayOptions,
  Utterance,
  UtteranceOutcome,
  UtteranceResult,
} from '../conversation/utterance.js'

export interface CloseOptions {
  /** Default 1000. 1000 to 1014 without 1004 to 1006, or 3000 to 4999. */
  readonly code?: number | undefined
  /** Cut to 123 bytes of UTF-8. */
  readonly reason?: string | undefined
  /** True: once everything said so far was heard. Default false. */
  readonly afterSpeech?: boolean | undefined
}

export interface SessionUpdate<Session> {
  /** Recognisers in failover order. */
  readonly stt?: readonly ProviderChoice<SttOptions>[] | undefined
  readonly tts?: readonly ProviderChoice<TtsOptions>[] | undefined
  /** A session keeps its voice detector. */
  readonly turns?: Loose<Omit<TurnOptions, 'vad'>> | undefined
  readonly agent?: Agent<Session> | undefined
}

export interface TapFrame {
  readonly audio: Uint8Array
  readonly format: AudioFormat
  /** `out` only. */
  readonly utteranceId?: string | undefined
}

export interface SessionReport {
  readonly durationMs: number
  readonly turns: number
  readonly interruptions: number
  readonly resumes: number
  /** Messages of types this version does not know. */
  readonly unknownMessages: number
  readonly heardMs: number
  readonly lostUplinkMs: number
  readonly spokenMs: number
  /** Speech that was made and never sent. */
  readonly droppedMs: number
  /**
   * The same by why: `lag` and `buffered`, to stay live on a slow link; `clear`, it was interrupted; `slow_consumer`, its
   * client was given up; `closed`.
   */
  readonly droppedMsByCause: Readonly<Partial<Record<DropCause, number>>>
  readonly sttFailovers: number
  readonly ttsFailovers: number
}

/** What a session reports; every payload is a plain object. */
export interface SessionEvents extends ConversationEvents {
  /** The client is served: providers are connected, audio flows. Once. */
  ready: { readonly origin: SessionOrigin }
  /** Another socket carries the session. `lostMs` of the user's audio will never come. */
  resumed: { readonly outageMs: number; readonly lostMs: number }
  state: {
    readonly state: SessionState
    readonly previous: SessionState
    readonly reason: string
    readonly provider?: string | undefined
  }
  transcript: SessionTranscript
  gap: AudioGap
  /** An application event of the client. */
  event: { readonly name: string; readonly data: unknown }
  quality: { readonly level: PressureLevel; readonly sampleRate: number; readonly lagMs: number }
  error: VoiceError
  /** Exactly once, last. */
  closed: { readonly code: number; readonly reason: string; readonly report: SessionReport }
}

/** `new`: a first connection. `adopted`: taken over from another node. `continued`: a new session with an old one's history. */
export type SessionOrigin = 'new' | 'adopted' | 'continued'

/** A conversation with one client, as the application sees it. It outlives the sockets that carry it. */
export interface VoiceSession<Principal = unknown, Data = unknown> {
  readonly id: string
  readonly streamId: string
  readonly state: SessionState
  readonly principal: Principal
  /** The application's own, as `configure` returned it. */
  readonly data: Data
  /** JSON of at most 4 KB that travels with the session to another node. */
  saved: unknown
  readonly metadata: Readonly<Record<string, unknown>>
  readonly history: readonly HistoryItem[]
  readonly origin: SessionOrigin
  say(text: string | AsyncIterable<string>, options?: SayOptions): Utterance
  play(audio: Uint8Array | AsyncIterable<Uint8Array>, options: PlayOptions): Utterance
  /** Stops what is being said, as a barge-in would. */
  interrupt(): void
  /** Gives the agent a turn as if the user had said `text`. */
  userTurn(text: string): void
  /** Ends the user's turn now. */
  finalize(): void
  /**
   * Changes providers, turn taking or the agent, each from the next turn boundary on: when nobody speaks and nothing is
   * being answered, and at the latest when the user has finished a turn.
   */
  update(change: SessionUpdate<VoiceSession<Principal, Data>>): void
  /**
   * Sends an application event to the client.
   *
   * @throws {TypeError} when `data` cannot be written as JSON.
   */
  send(name: string, data?: unknown): void
  /** @throws {TypeError} when `code` is none that may be sent. */
  close(options?: CloseOptions): void
  /** Hears the audio of one direction. The bytes are valid only during the call. */
  tap(direction: 'in' | 'out', listener: (frame: TapFrame) => void): Cancel
  on<E extends keyof SessionEvents>(event: E, listener: (payload: SessionEvents[E]) => void): Cancel
}
