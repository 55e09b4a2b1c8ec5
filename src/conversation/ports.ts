import type { PlaybackBasis, ServerMessage } from '../protocol/messages.js'
import type { TtsOptions, TtsProvider } from '../providers/contracts.js'
import type { VoiceError } from '../util/errors.js'
import type { TurnOptions } from './turn-options.js'
import type { UtteranceResult } from './utterance.js'

/** A synthesiser a session may use, with what to ask of it. Their order is the failover order. */
export interface TtsCandidate {
  readonly provider: TtsProvider
  readonly options: TtsOptions
  readonly credentials?: Readonly<Record<string, unknown>> | undefined
}

/** What was heard of an utterance when it ended. Milliseconds on the utterance's own timeline. */
export interface Heard {
  readonly playedMs: number
  readonly basis: PlaybackBasis
}

/** The way to the client, as the conversation needs it; the downlink is one. */
export interface SpeechOut {
  /** Provider-rate milliseconds waiting to be sent, over all utterances. */
  readonly queuedMs: number
  /** The session holds so much audio that the next segment should wait. */
  readonly congested: boolean
  send(message: ServerMessage): void
  /** Opens an utterance of mono linear16 at `sampleRate`. Utterances play in the order they begin. */
  begin(utteranceId: string, sampleRate: number): void
  /** Appends audio. The bytes belong to the lane from now on. */
  audio(utteranceId: string, pcm: Uint8Array): void
  /** Announces the words whose audio comes next; sent as `tts_text` when the lane gets there. */
  caption(utteranceId: string, text: string): void
  /** No more audio comes. */
  end(utteranceId: string): void
  /** What has been received, sent and heard of it so far. */
  position(utteranceId: string): { readonly receivedMs: number; readonly sentMs: number } & Heard
  /**
   * Drops everything up to and including the utterance, here and at the client, and tells what had been heard:
   * at once when nothing was sent, else after the client answered or had its time.
   */
  purge(throughUtteranceId: string, reason: string, settled: (heard: Heard) => void): void
  /** Stops sending audio without dropping it (`true`), or goes on (`false`). */
  hold(held: boolean): void
}

/** What a conversation reports to the application, as the public session handle passes it on. */
export interface ConversationEvents {
  /** Who is speaking changed. */
  speech: { readonly who: 'user' | 'assistant'; readonly speaking: boolean; readonly atMs: number }
  /** A turn of the user is complete. */
  turn: { readonly id: string; readonly text: string; readonly trigger: 'speech' | 'text' | 'app' }
  /** `text` is all of it when it starts, and what was heard of it when it ended. */
  utterance: {
    readonly id: string
    readonly phase: 'started' | 'ended'
    readonly text: string
    readonly result?: UtteranceResult | undefined
  }
  interrupted: {
    readonly utteranceId: string
    readonly playedMs: number
    readonly text: string
    readonly basis: PlaybackBasis
  }
  /** What a turn's answer took and cost, once it has ended. Not for an answer of which nothing was sent. */
  usage: {
    readonly turnId: string
    /** From the end of the user's speech to the first audio of the answer that left. */
    readonly replyLatencyMs: number
    /** From the end of the turn to the agent's first words. */
    readonly agentMs: number
    /** From the agent's first words to the synthesiser's first audio. */
    readonly ttsMs: number
    /** Characters given to synthesisers, those of repeated words included. */
    readonly ttsChars: number
  }
}

/** What a conversation tells the rest of the session. */
export interface ConversationPorts {
  readonly out: SpeechOut
  /** Must not throw, whatever a listener does. */
  emit<E extends keyof ConversationEvents>(event: E, payload: ConversationEvents[E]): void
  /** The synthesis leg, as the recognition leg reports itself. */
  leg(change: {
    readonly state: 'live' | 'down' | 'lost'
    readonly provider: string
    readonly error?: VoiceError | undefined
  }): void
  /** `utteranceId`: the client's utterance it concerns. */
  error(error: VoiceError, utteranceId?: string): void
  /** The agent ended the call and its last words were heard. */
  ended(): void
  /** Turns of the user are told by these from now on. */
  turnTaking?(options: TurnOptions): void
  /** Session time of the newest audio of the user. Without it, latency counts from when the end of speech was reported. */
  audioMs?(): number
  /** Wraps every call into the agent for a turn, so that its work belongs to the turn's trace. */
  run?<T>(turnId: string, fn: () => T): T
}
