import type { ClientMessage, ServerMessage } from './messages.js'

/** What a wire can do. Session code asks these, never which wire it is. */
export interface DialectFeatures {
  /** Sessions survive their socket. */
  readonly resume: boolean
  /** The client acknowledges playback and wants its audio acknowledged. */
  readonly acks: boolean
  /** The client can drop audio it holds. */
  readonly clear: boolean
  /** `tts_*` markers travel with the audio. */
  readonly markers: boolean
  /** `ping` and `pong` messages exist, for transports without ping frames. */
  readonly heartbeat: boolean
  /** How the server learns what was heard: `mark` takes an `encodeMark`. */
  readonly playback: 'report' | 'mark' | 'clock'
  /** `implicit`: the envelope itself configures the session, no `config` message is awaited. */
  readonly config: 'message' | 'implicit'
  /** Another `config` starts over on the same socket, with what was said so far. Default false: it is an error. */
  readonly reconfigure?: boolean | undefined
  /** Audio comes inside text messages, so that more of those are allowed. Default false. */
  readonly textAudio?: boolean | undefined
}

/** Why a message could not be understood. */
export interface DecodeError {
  /** `unknown_type` is ignored and counted, `bad_message` counts as invalid, `bad_config` ends the session. */
  readonly code: 'bad_message' | 'bad_config' | 'unknown_type'
  /** The offending field, as a path: `stt_config.sample_rate`. Empty when the message as a whole is wrong. */
  readonly field: string
  /** Names the field, the value and the remedy; safe to send to the client. */
  readonly message: string
}

/** A carrier has played an utterance up to `played_ms`: a mark came back. */
export interface PlayedMark {
  readonly type: 'mark'
  readonly utterance_id: string
  readonly played_ms: number
}

/** Where a dialect delivers what it decoded. A data frame may hold several messages. */
export interface DialectOutput {
  message(message: ClientMessage | PlayedMark): void
  audio(bytes: Uint8Array): void
}

/** One wire format, one instance per socket. It may keep state; it never throws and keeps no reference to what it is given. */
export interface Dialect {
  readonly name: string
  readonly features: DialectFeatures
  decode(data: string | Uint8Array, out: DialectOutput): DecodeError | null
  /** Null: this dialect has no such message. `seq` is present on numbered messages. */
  encode(message: ServerMessage, seq?: number): string | null
  encodeAudio(audio: Uint8Array, utteranceId: string): string | Uint8Array
  /**
   * Asks a carrier to say when it has played all that was sent so far, which is the utterance up to `ms`. Its answer is
   * delivered as a `PlayedMark`.
   */
  encodeMark?(utteranceId: string, ms: number): string
}
