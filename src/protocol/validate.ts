import type { AudioEncoding } from '../audio/format.js'
import type { DecodeError, Dialect } from './dialect.js'
import {
  absentAs,
  type Check,
  decimal,
  flag,
  Invalid,
  ignored,
  integer,
  invalid,
  isObject,
  json,
  jsonObject,
  list,
  name,
  nullable,
  object,
  oneOf,
  optional,
  secret,
  span,
  tag,
  text,
} from './fields.js'
import type {
  AudioOutConfig,
  ClientMessage,
  ConfigMessage,
  GapMessage,
  PlaybackReport,
  ResumeMessage,
  SpeakMessage,
  StatsMessage,
  SttConfig,
  TtsConfig,
} from './messages.js'

/** The messages a dialect takes from clients, by `type`. */
export type ClientMessageChecks = ReadonlyMap<string, Check<ClientMessage>>

type ClientMessageOf<T extends ClientMessage['type']> = Extract<ClientMessage, { readonly type: T }>

const sampleRates = [8000, 16000, 22050, 24000, 32000, 44100, 48000] as const

/** Names that clients of other voice servers use for the same bytes. */
const encodingAliases = new Map<unknown, 'linear16' | 'mulaw'>([
  ['pcm', 'linear16'],
  ['pcm_s16le', 'linear16'],
  ['ulaw', 'mulaw'],
])

const wireEncoding = oneOf(['linear16', 'mulaw', 'alaw'] as const, encodingAliases)
const micEncoding = oneOf<AudioEncoding>(['linear16', 'mulaw', 'alaw', 'opus'], encodingAliases)
const sampleRate: Check<number> = oneOf<number>(sampleRates)

const offset = integer(0)
const milliseconds = decimal(0)
const utteranceId = text(1, 128)
const sessionId = text(1, 256)
const resumeToken = secret(256)
const yes = absentAs(true, flag)

/** What fits into a session's queue of text to be spoken. */
const longText = 20_000
/** Objects the application may hold for as long as the session lives. */
const keptObject = jsonObject(8, 8192)

const sttConfig = object<SttConfig>({
  provider: name(64),
  language: name(64),
  sample_rate: absentAs(16000, sampleRate),
  channels: absentAs(1, oneOf([1, 2])),
  encoding: absentAs('linear16', micEncoding),
  punctuation: optional(flag),
  model: name(128),
  auth: optional(keptObject),
})

const ttsConfig = object<TtsConfig>({
  provider: name(64),
  voice_id: name(128),
  model: name(128),
  audio_format: absentAs('linear16', wireEncoding),
  sample_rate: absentAs(24000, sampleRate),
  speaking_rate: optional(decimal(0.25, 4)),
  pronunciations: optional(list(object({ word: text(1, 100), pronunciation: text(1, 200) }), 0, 100)),
  auth: optional(keptObject),
})

const audioOut = object<AudioOutConfig>({
  encodings: optional(list(oneOf(['linear16', 'mulaw', 'alaw'] as const), 1, 3)),
  sample_rates: list(sampleRate, 1, sampleRates.length),
  max_lead_ms: absentAs(1000, decimal(100, 10_000)),
})

const plainConfigFields = {
  type: tag('config'),
  stream_id: name(256),
  audio: yes,
  stt_config: absentAs({}, sttConfig),
  tts_config: absentAs({}, ttsConfig),
} as const

const plainConfig = object<ConfigMessage>({
  ...plainConfigFields,
  token: ignored,
  metadata: ignored,
  audio_out: ignored,
  previous_session: ignored,
})

const config = object<ConfigMessage>({
  ...plainConfigFields,
  token: optional(secret(8192)),
  metadata: optional(keptObject),
  audio_out: optional(audioOut),
  previous_session: optional(object({ session_id: sessionId, resume_token: resumeToken })),
})

const numbered = { cseq: optional(integer(1)), at: optional(offset) } as const

const speakFields = {
  type: tag('speak'),
  text: text(0, longText),
  flush: yes,
  allow_interruption: yes,
} as const

const plainSpeak = object<SpeakMessage>({ ...speakFields, utterance_id: ignored, cseq: ignored, at: ignored })

const speak = object<SpeakMessage>({ ...speakFields, utterance_id: optional(utteranceId), ...numbered })

const playback = nullable(
  object<PlaybackReport>({
    utterance_id: utteranceId,
    received_bytes: offset,
    played_ms: milliseconds,
    buffered_ms: milliseconds,
    underruns: absentAs(0, integer(0)),
  }),
)

const resume = object<ResumeMessage>({
  type: tag('resume'),
  token: optional(secret(8192)),
  session_id: sessionId,
  resume_token: resumeToken,
  last_seq: offset,
  audio_in: span(object({ start: offset, end: offset }), 'start', 'end'),
  playback,
  outage_ms: milliseconds,
  attempt: integer(0),
  config,
})

const stats = object<StatsMessage>({
  type: tag('stats'),
  seq: offset,
  t: milliseconds,
  playback,
  buffered_bytes: absentAs(0, offset),
  rtt_ms: absentAs(0, milliseconds),
})

const gap = span(
  object<GapMessage>({
    type: tag('gap'),
    from: offset,
    to: offset,
    reason: oneOf(['ring', 'overflow', 'muted', 'device'] as const),
  }),
  'from',
  'to',
)

export const plainClientMessages: ClientMessageChecks = new Map<string, Check<ClientMessage>>([
  ['config', plainConfig],
  ['speak', plainSpeak],
  ['text', plainSpeak],
  [
    'clear',
    object<ClientMessageOf<'clear'>>({ type: tag('clear'), utterance_id: ignored, cseq: ignored, at: ignored }),
  ],
])

export const v1ClientMessages: ClientMessageChecks = new Map<string, Check<ClientMessage>>([
  ['config', config],
  ['speak', speak],
  ['text', speak],
  ['clear', object<ClientMessageOf<'clear'>>({ type: tag('clear'), utterance_id: optional(utteranceId), ...numbered })],
  ['resume', resume],
  ['stats', stats],
  ['gap', gap],
  [
    'cleared',
    object<ClientMessageOf<'cleared'>>({ type: tag('cleared'), utterance_id: utteranceId, played_ms: milliseconds }),
  ],
  ['user_text', object<ClientMessageOf<'user_text'>>({ type: tag('user_text'), text: text(1, longText), ...numbered })],
  ['finalize', object<ClientMessageOf<'finalize'>>({ type: tag('finalize'), ...numbered })],
  [
    'event',
    object<ClientMessageOf<'event'>>({
      type: tag('event'),
      name: text(1, 128),
      data: absentAs(null, json(32)),
      ...numbered,
    }),
  ],
  ['bye', object<ClientMessageOf<'bye'>>({ type: tag('bye'), reason: absentAs('', text(0, 200)) })],
  ['ping', object<ClientMessageOf<'ping'>>({ type: tag('ping'), t: milliseconds })],
  ['pong', object<ClientMessageOf<'pong'>>({ type: tag('pong'), t: milliseconds })],
])

/** A dialect's `decode`: text is JSON, binary is audio. */
export function createDecoder(accepted: ClientMessageChecks): Dialect['decode'] {
  return (data, out) => {
    if (typeof data !== 'string') {
      out.audio(data)
      return null
    }
    const message = decodeClientMessage(data, accepted)
    if ('code' in message) return message
    out.message(message)
    return null
  }
}

/** Reads one text message of a client: all of its fields checked, defaults filled in, everything unknown left out. */
export function decodeClientMessage(text: string, accepted: ClientMessageChecks): ClientMessage | DecodeError {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return badMessage('', 'the message is not valid JSON; send one JSON object per text message')
  }
  if (!isObject(value)) return toDecodeError(invalid('', value, 'a JSON object'), undefined)
  const { type } = value
  const check = typeof type === 'string' ? accepted.get(type) : undefined
  if (!check) {
    const { message } = invalid('type', type ?? undefined, `one of ${[...accepted.keys()].join(', ')}`)
    return typeof type === 'string' ? { code: 'unknown_type', field: 'type', message } : badMessage('type', message)
  }
  const message = check(value, '')
  return message instanceof Invalid ? toDecodeError(message, type) : message
}

function toDecodeError({ field, message }: Invalid, type: unknown): DecodeError {
  const inConfig = type === 'config' || (type === 'resume' && /^config(\.|$)/.test(field))
  return inConfig ? { code: 'bad_config', field, message } : badMessage(field, message)
}

function badMessage(field: string, message: string): DecodeError {
  return { code: 'bad_message', field, message }
}
