import type { AudioEncoding } from '../audio/format.js'
import type { ErrorClass } from '../util/errors.js'

// The messages as they are on the wire: JSON objects tagged by `type`, snake_case. PROTOCOL.md is their normative text.

/** What a client asks of speech recognition, validated, with the protocol's defaults filled in. */
export interface SttConfig {
  readonly provider?: string | undefined
  /** BCP 47. */
  readonly language?: string | undefined
  /** Hz. Default 16000. */
  readonly sample_rate: number
  /** Default 1. */
  readonly channels: number
  /** Default `linear16`. */
  readonly encoding: AudioEncoding
  readonly punctuation?: boolean | undefined
  readonly model?: string | undefined
  readonly auth?: Readonly<Record<string, unknown>> | undefined
}

export interface TtsConfig {
  readonly provider?: string | undefined
  readonly voice_id?: string | undefined
  readonly model?: string | undefined
  /** Default `linear16`. */
  readonly audio_format: Exclude<AudioEncoding, 'opus'>
  /** Hz. Default 24000. */
  readonly sample_rate: number
  readonly speaking_rate?: number | undefined
  readonly pronunciations?: readonly { readonly word: string; readonly pronunciation: string }[] | undefined
  readonly auth?: Readonly<Record<string, unknown>> | undefined
}

export interface AudioOutConfig {
  readonly encodings?: readonly Exclude<AudioEncoding, 'opus'>[] | undefined
  /** What the client can play, in Hz; also the quality ladder. */
  readonly sample_rates: readonly number[]
  /** How far ahead of playback the server may send. Default 1000. */
  readonly max_lead_ms: number
}

export interface ConfigMessage {
  readonly type: 'config'
  readonly stream_id?: string | undefined
  /** False: a session of text only. Default true. */
  readonly audio: boolean
  readonly stt_config: SttConfig
  readonly tts_config: TtsConfig
  readonly token?: string | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  /** Wins over `tts_config`'s format. */
  readonly audio_out?: AudioOutConfig | undefined
  readonly previous_session?: { readonly session_id: string; readonly resume_token: string } | undefined
}

/** Client messages that take effect exactly once: `cseq` counts 1, 2, ..., `at` is the client's uplink byte offset. */
interface Numbered {
  readonly cseq?: number | undefined
  readonly at?: number | undefined
}

export interface SpeakMessage extends Numbered {
  readonly type: 'speak'
  readonly text: string
  readonly flush: boolean
  readonly allow_interruption: boolean
  readonly utterance_id?: string | undefined
}

export interface PlaybackReport {
  readonly utterance_id: string
  readonly received_bytes: number
  readonly played_ms: number
  readonly buffered_ms: number
  readonly underruns: number
}

export interface ResumeMessage {
  readonly type: 'resume'
  readonly token?: string | undefined
  readonly session_id: string
  readonly resume_token: string
  readonly last_seq: number
  readonly audio_in: { readonly start: number; readonly end: number }
  readonly playback: PlaybackReport | null
  readonly outage_ms: number
  readonly attempt: number
  /** Used when the session is gone. */
  readonly config: ConfigMessage
}

export interface StatsMessage {
  readonly type: 'stats'
  /** The last server `seq` handled. */
  readonly seq: number
  /** The client's clock, echoed in the `ack`. */
  readonly t: number
  readonly playback: PlaybackReport | null
  readonly buffered_bytes: number
  readonly rtt_ms: number
}

export type GapReason = 'ring' | 'overflow' | 'muted' | 'device'

export interface GapMessage {
  readonly type: 'gap'
  readonly from: number
  readonly to: number
  readonly reason: GapReason
}

export type ClientMessage =
  | ConfigMessage
  | SpeakMessage
  | ResumeMessage
  | StatsMessage
  | GapMessage
  | ({ readonly type: 'clear'; readonly utterance_id?: string | undefined } & Numbered)
  | { readonly type: 'cleared'; readonly utterance_id: string; readonly played_ms: number }
  | ({ readonly type: 'user_text'; readonly text: string } & Numbered)
  | ({ readonly type: 'finalize' } & Numbered)
  | ({ readonly type: 'event'; readonly name: string; readonly data: unknown } & Numbered)
  | { readonly type: 'bye'; readonly reason: string }
  | { readonly type: 'ping'; readonly t: number }
  | { readonly type: 'pong'; readonly t: number }

/** The states of a session, as both ends name them. */
export type SessionState =
  | 'connecting'
  | 'configuring'
  | 'active'
  | 'degraded'
  | 'reconnecting'
  | 'closing'
  | 'closed'
  | 'failed'

/** How late the way to the client is. */
export type PressureLevel = 'normal' | 'elevated' | 'critical'

/** What a heard position rests on: client reports, carrier marks, or only time. */
export type PlaybackBasis = 'ack' | 'mark' | 'clock'

export interface ReadyMessage {
  readonly type: 'ready'
  readonly stream_id: string
  readonly session_id: string
  readonly resume_token: string
  readonly epoch: number
  readonly resume_window_ms: number
  readonly replay_window_ms: number
  readonly ping_interval_ms: number
  readonly pong_timeout_ms: number
  readonly audio_in: { readonly offset: number; readonly sample_rate: number; readonly encoding: AudioEncoding }
  readonly audio_out: { readonly sample_rate: number; readonly encoding: AudioEncoding }
  readonly history?: { readonly restored: boolean; readonly turns: number } | undefined
}

export interface SttResultMessage {
  readonly type: 'stt_result'
  readonly transcript: string
  readonly is_final: boolean
  readonly is_speech_final: boolean
  /** 0 when the provider does not say. */
  readonly confidence: number
  /** Number of the utterance in the session, from 0. */
  readonly utterance: number
  readonly start_ms: number
  readonly end_ms: number
  readonly language?: string | undefined
  readonly words?:
    | readonly {
        readonly text: string
        readonly start_ms: number
        readonly end_ms: number
        readonly confidence?: number | undefined
      }[]
    | undefined
}

export interface ErrorMessage {
  readonly type: 'error'
  readonly message: string
  readonly code: string
  readonly class: ErrorClass
  readonly retryable: boolean
  readonly retry_after_ms?: number | undefined
  readonly utterance_id?: string | undefined
}

export interface ResumedMessage {
  readonly type: 'resumed'
  readonly epoch: number
  readonly resume_token: string
  readonly audio_in: { readonly from: number }
  readonly lost: { readonly from: number; readonly to: number; readonly ms: number } | null
  readonly events_lost: boolean
  readonly tts: { readonly utterance_id: string; readonly action: 'continue' | 'rewind' | 'discard' } | null
  readonly state: SessionState
  /** The last client message handled. */
  readonly cseq: number
}

export type TtsMarker =
  | {
      readonly type: 'tts_start'
      readonly utterance_id: string
      readonly encoding: AudioEncoding
      readonly sample_rate: number
      readonly from_bytes: number
      readonly from_ms: number
    }
  | {
      readonly type: 'tts_format'
      readonly utterance_id: string
      readonly encoding: AudioEncoding
      readonly sample_rate: number
    }
  | { readonly type: 'tts_skip'; readonly utterance_id: string; readonly ms: number }
  | { readonly type: 'tts_end'; readonly utterance_id: string; readonly bytes: number; readonly ms: number }

export type ServerMessage =
  | ReadyMessage
  | SttResultMessage
  | { readonly type: 'tts_playback_complete'; readonly timestamp: number; readonly utterance_id: string }
  | ErrorMessage
  | ResumedMessage
  | { readonly type: 'ack'; readonly audio_in: number; readonly t: number; readonly cseq: number }
  | TtsMarker
  | { readonly type: 'tts_text'; readonly utterance_id: string; readonly text: string }
  | { readonly type: 'clear'; readonly through: string; readonly reason: string }
  | {
      readonly type: 'interrupted'
      readonly utterance_id: string
      readonly played_ms: number
      readonly text: string
      readonly basis: PlaybackBasis
    }
  | {
      readonly type: 'state'
      readonly state: SessionState
      readonly previous: SessionState
      readonly reason: string
      readonly provider?: string | undefined
    }
  | { readonly type: 'quality'; readonly level: PressureLevel; readonly sample_rate: number; readonly lag_ms: number }
  | { readonly type: 'vad_event'; readonly event: 'speech_start' | 'speech_end'; readonly timestamp_ms: number }
  | { readonly type: 'event'; readonly name: string; readonly data: unknown }
  | {
      readonly type: 'goaway'
      readonly time_left_ms: number
      readonly window_ms: number
      readonly endpoint?: string | undefined
    }
  | { readonly type: 'redirect'; readonly endpoint: string }
  | {
      readonly type: 'snapshot'
      readonly state: SessionState
      readonly turns: readonly unknown[]
      readonly cseq: number
    }
  | { readonly type: 'ping'; readonly t: number }
  | { readonly type: 'pong'; readonly t: number }

export type ServerMessageType = ServerMessage['type']
