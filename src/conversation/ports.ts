import type { PlaybackBasis, ServerMessage } from '../protocol/messages.js'
import type { TtsOptions, TtsProvider } from '../providers/contracts.js'
import type { VoiceError } from '../util/errors.js'

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

/** What a conversation tells the rest of the session. `Events` are the ones of the public session handle. */
export interface ConversationPorts {
  readonly out: SpeechOut
  /** The synthesis leg, as the recognition leg reports itself. */
  leg(change: {
    readonly state: 'live' | 'down' | 'lost'
    readonly provider: string
    readonly error?: VoiceError | undefined
  }): void
  error(error: VoiceError): void
  /** The agent ended the call and its last words were heard. */
  ended(): void
  /** The conversation needs the user's pending words now (push to talk, a typed turn). */
  finalize(): void
}
