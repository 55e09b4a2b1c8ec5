import type { DialectFeatures } from '../protocol/dialect.js'
import type { PlaybackBasis, PressureLevel, ServerMessage } from '../protocol/messages.js'
import type { SendStatus } from '../socket.js'

/** The link as its only writer sees it: one live socket with its dialect. */
export interface LinkPort {
  readonly features: DialectFeatures
  readonly bufferedBytes: number
  /** False when this transport has no ping or could not queue it. `onPong` answers. */
  probe(): boolean
  sendMessage(message: ServerMessage, seq?: number): SendStatus
  sendAudio(audio: Uint8Array, utteranceId: string): SendStatus
  /** Asks a carrier to say when it has played all that was sent so far, which is the utterance up to `ms`. */
  sendMark(utteranceId: string, ms: number): void
  cork(fn: () => void): void
}

/** How far an utterance has come. Milliseconds on its own timeline, where skipped audio counts. */
export interface PlaybackPosition {
  /** Audio taken from the provider. */
  readonly receivedMs: number
  /** Audio handed to the link (or dropped on the way). Never above `receivedMs`. */
  readonly sentMs: number
  /** Audio heard, as well as can be known. Never above `sentMs`. */
  readonly playedMs: number
  readonly basis: PlaybackBasis
}

/** What the downlink tells the rest of the session. All calls are synchronous; none may throw. */
export interface DownlinkPorts {
  /** The first audio of the utterance left. */
  started(utteranceId: string): void
  /** The utterance was heard to its end. Not called for one that was purged. */
  played(utteranceId: string): void
  /** Queued audio fell below half of what the session may hold: the next segment is welcome. */
  room(): void
  /** Queued audio passed what the session may hold (`true`), or fell below half of it again (`false`, before `room`). */
  congested(full: boolean): void
  level(level: PressureLevel, lagMs: number): void
  /** The sample rate the client now gets; a provider that can produce it should, from the next utterance on. */
  rate(sampleRate: number): void
  /** The client cannot keep up and the downlink has purged everything: the link must go (1013). */
  slowConsumer(cause: string): void
  /** A numbered message left its lane. */
  numbered(seq: number, message: ServerMessage): void
  /** What is about to be sent, as provider-rate linear16; absent when nobody listens. */
  tap?: ((pcm: Uint8Array, sampleRate: number, utteranceId: string) => void) | undefined
}

/** Why bytes or messages were not sent. */
export type DropCause = 'lag' | 'buffered' | 'clear' | 'timeout' | 'conflated' | 'slow_consumer' | 'closed'

/**
 * Totals since the session began, and where it stands. Audio bytes are the provider's, before resampling and encoding:
 * sent, dropped and queued always add up to what was given.
 */
export interface DownlinkStats {
  readonly level: PressureLevel
  /** How late audio is, here and on its way. */
  readonly lagMs: number
  /** The last probe's round trip. Null before the first. */
  readonly rttMs: number | null
  /** Of what the client gets now, in Hz; before the first utterance the best it can play. */
  readonly sampleRate: number
  readonly sentAudioMs: number
  readonly sentAudioBytes: number
  /** Markers of speech included. */
  readonly sentMessages: number
  readonly queuedMs: number
  readonly queuedBytes: number
  readonly queuedMessages: number
  readonly droppedMs: Readonly<Partial<Record<DropCause, number>>>
  readonly droppedBytes: Readonly<Partial<Record<DropCause, number>>>
  readonly droppedMessages: Readonly<Partial<Record<DropCause, number>>>
}
