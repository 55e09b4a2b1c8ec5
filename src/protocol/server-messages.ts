import type { ServerMessage } from './messages.js'

/** A value of the type that a field must have, or a test of it. */
type Like = string | number | boolean | ((value: unknown) => boolean) | { readonly [field: string]: Like }

type FieldsOf<M> = { readonly [F in keyof Omit<M, 'type'>]?: Like }

const maybe = (like: Like) => (value: unknown) => value === null || value === undefined || matches(value, like)

const speech = { utterance_id: '' }
const format = { ...speech, encoding: '', sample_rate: 0 }

/** The fields that a client relies on. Optional ones are absent here unless a wrong type would do harm. */
const fields: { readonly [M in ServerMessage as M['type']]: FieldsOf<M> } = {
  ready: {
    stream_id: '',
    session_id: '',
    resume_token: '',
    epoch: 0,
    resume_window_ms: 0,
    replay_window_ms: 0,
    ping_interval_ms: 0,
    pong_timeout_ms: 0,
    audio_in: { offset: 0, sample_rate: 0, encoding: '' },
    audio_out: { sample_rate: 0, encoding: '' },
  },
  stt_result: {
    transcript: '',
    is_final: false,
    is_speech_final: false,
    confidence: 0,
    utterance: 0,
    start_ms: 0,
    end_ms: 0,
  },
  tts_playback_complete: { ...speech, timestamp: 0 },
  error: { message: '', code: '', class: '', retryable: false, retry_after_ms: maybe(0) },
  resumed: {
    epoch: 0,
    resume_token: '',
    audio_in: { from: 0 },
    lost: maybe({ from: 0, to: 0, ms: 0 }),
    events_lost: false,
    tts: maybe({ ...speech, action: '' }),
    state: '',
    cseq: 0,
  },
  ack: { audio_in: 0, t: 0, cseq: 0 },
  tts_start: { ...format, from_bytes: 0, from_ms: 0 },
  tts_format: format,
  tts_skip: { ...speech, ms: 0 },
  tts_end: { ...speech, bytes: 0, ms: 0 },
  tts_text: { ...speech, text: '' },
  clear: { through: '', reason: '' },
  interrupted: { ...speech, played_ms: 0, text: '', basis: '' },
  state: { state: '', previous: '', reason: '' },
  quality: { level: '', sample_rate: 0, lag_ms: 0 },
  vad_event: { event: '', timestamp_ms: 0 },
  event: { name: '' },
  goaway: { time_left_ms: 0, window_ms: 0, endpoint: maybe('') },
  redirect: { endpoint: '' },
  snapshot: { state: '', turns: Array.isArray, cseq: 0 },
  ping: { t: 0 },
  pong: { t: 0 },
}

/**
 * Reads one text message of a voice.v1 server. Null: not JSON, of a type this version does not know, or without a
 * field that a client relies on.
 */
export function decodeServerMessage(text: string): (ServerMessage & { readonly seq?: number }) | null {
  let value: { readonly type: ServerMessage['type'] }
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const known = matches(value, { type: '', seq: maybe(0) }) && Object.hasOwn(fields, value.type)
  return known && matches(value, fields[value.type] as Like) ? (value as ServerMessage) : null
}

function matches(value: unknown, like: Like): boolean {
  if (typeof like === 'function') return like(value)
  if (typeof value !== typeof like || value === null) return false
  if (typeof like !== 'object') return typeof value !== 'number' || Number.isFinite(value)
  return Object.keys(like).every(field => matches((value as Record<string, unknown>)[field], like[field]!))
}
