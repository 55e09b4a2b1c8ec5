import type { AudioEncoding } from '../audio/format.js'

/** Speech as it arrives, in order. */
export interface AudioChunk {
  readonly utteranceId: string
  /** In `encoding`, mono. Yours to keep. */
  readonly pcm: Uint8Array
  /** Hz. May change within an utterance when the connection is slow. */
  readonly sampleRate: number
  readonly encoding: AudioEncoding
  /** Where the chunk begins on the utterance's timeline, in milliseconds. What the server skipped leaves a hole. */
  readonly fromMs: number
}

/** What is being heard, or will be next. */
export interface PlayerPosition {
  readonly utteranceId: string
  /** The position on the utterance's timeline that the speaker has reached, in milliseconds. */
  readonly playedMs: number
  /** Audio held and not yet heard, of all utterances, in milliseconds. */
  readonly bufferedMs: number
  /** How often the player ran dry in the middle of an utterance. */
  readonly underruns: number
}

/** What plays the speech. The calls are synchronous; what they throw is logged. */
export interface Player {
  push(chunk: AudioChunk): void
  /** Nothing more of this utterance will come: play what is held, however little. */
  end(utteranceId: string): void
  /** Drops what is held of the utterance from `toMs` on: the server sends it again. */
  rewind(utteranceId: string, toMs: number): void
  /** Stops at once and drops all that is held of these utterances and earlier ones. `position` was asked just before. */
  clear(utteranceIds: readonly string[]): void
  /** Null: nothing was pushed since the last `clear`. */
  position(): PlayerPosition | null
}
