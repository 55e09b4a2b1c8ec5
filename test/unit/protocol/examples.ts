import type { ClientMessage, ServerMessage } from '../../../src/protocol/messages.js'

/** One message of each type with every field present, as a client sends it and as the server reads it. */
export const clientMessages: { readonly [T in ClientMessage['type']]: Extract<ClientMessage, { readonly type: T }> } = {
  config: {
    type: 'config',
    stream_id: 'call-7',
    audio: true,
    stt_config: {
      provider: 'deepgram',
      language: 'en-US',
      sample_rate: 48000,
      channels: 2,
      encoding: 'alaw',
      punctuation: true,
      model: 'nova-3',
      auth: { api_key: 'CANARY-stt' },
    },
    tts_config: {
      provider: 'azure',
      voice_id: 'en-US-AvaNeural',
      model: 'neural',
      audio_format: 'mulaw',
      sample_rate: 8000,
      speaking_rate: 1.25,
      pronunciations: [{ word: 'Sayna', pronunciation: 'say-nah' }],
      auth: { api_key: 'CANARY-tts', region: 'westeurope' },
    },
    token: 'CANARY-token',
    metadata: { caller: { name: 'Ada', tags: ['vip', null, 7] } },
    audio_out: { encodings: ['linear16'], sample_rates: [48000, 24000, 16000], max_lead_ms: 800 },
    previous_session: { session_id: 'se_1', resume_token: 'CANARY-previous' },
  },
  speak: {
    type: 'speak',
    text: 'Hello there.',
    flush: false,
    allow_interruption: false,
    utterance_id: 'u1',
    cseq: 1,
    at: 640,
  },
  resume: {
    type: 'resume',
    token: 'CANARY-token',
    session_id: 'se_1',
    resume_token: 'CANARY-resume',
    last_seq: 41,
    audio_in: { start: 0, end: 256000 },
    playback: { utterance_id: 'u1', received_bytes: 9600, played_ms: 120.5, buffered_ms: 79.5, underruns: 1 },
    outage_ms: 1830,
    attempt: 2,
    config: {
      type: 'config',
      audio: true,
      stt_config: { sample_rate: 16000, channels: 1, encoding: 'linear16' },
      tts_config: { audio_format: 'linear16', sample_rate: 24000 },
    },
  },
  stats: {
    type: 'stats',
    seq: 41,
    t: 10233.25,
    playback: { utterance_id: 'u1', received_bytes: 9600, played_ms: 120.5, buffered_ms: 79.5, underruns: 0 },
    buffered_bytes: 320,
    rtt_ms: 38,
  },
  gap: { type: 'gap', from: 3200, to: 6400, reason: 'muted' },
  clear: { type: 'clear', utterance_id: 'u1', cseq: 2, at: 640 },
  cleared: { type: 'cleared', utterance_id: 'u1', played_ms: 412.5 },
  user_text: { type: 'user_text', text: 'Book a table', cseq: 3, at: 640 },
  finalize: { type: 'finalize', cseq: 4, at: 640 },
  event: { type: 'event', name: 'cart', data: { items: [1, null, 'x'] }, cseq: 5, at: 640 },
  bye: { type: 'bye', reason: 'suspend' },
  ping: { type: 'ping', t: 12 },
  pong: { type: 'pong', t: 13.5 },
}

/** One message of each type with every field present, as the server sends it. */
export const serverMessages: { readonly [T in ServerMessage['type']]: Extract<ServerMessage, { readonly type: T }> } = {
  ready: {
    type: 'ready',
    stream_id: 'call-7',
    session_id: 'se_1',
    resume_token: 'rt_1',
    epoch: 1,
    resume_window_ms: 30000,
    replay_window_ms: 8000,
    ping_interval_ms: 25000,
    pong_timeout_ms: 10000,
    audio_in: { offset: 0, sample_rate: 16000, encoding: 'linear16' },
    audio_out: { sample_rate: 24000, encoding: 'linear16' },
    history: { restored: true, turns: 4 },
  },
  stt_result: {
    type: 'stt_result',
    transcript: 'book a table',
    is_final: true,
    is_speech_final: true,
    confidence: 0.93,
    utterance: 2,
    start_ms: 1200,
    end_ms: 2100,
    language: 'en-US',
    words: [{ text: 'book', start_ms: 1200, end_ms: 1400, confidence: 0.9 }],
  },
  tts_playback_complete: { type: 'tts_playback_complete', timestamp: 1764000000000, utterance_id: 'u1' },
  error: {
    type: 'error',
    message: 'synthesis is down',
    code: 'tts_unavailable',
    class: 'PROVIDER',
    retryable: true,
    retry_after_ms: 2000,
    utterance_id: 'u1',
  },
  resumed: {
    type: 'resumed',
    epoch: 2,
    resume_token: 'rt_2',
    audio_in: { from: 250880 },
    lost: { from: 3200, to: 6400, ms: 100 },
    events_lost: false,
    tts: { utterance_id: 'u1', action: 'rewind' },
    state: 'active',
    cseq: 4,
  },
  ack: { type: 'ack', audio_in: 250880, t: 10233.25, cseq: 4 },
  tts_start: {
    type: 'tts_start',
    utterance_id: 'u1',
    encoding: 'linear16',
    sample_rate: 24000,
    from_bytes: 0,
    from_ms: 0,
  },
  tts_format: { type: 'tts_format', utterance_id: 'u1', encoding: 'linear16', sample_rate: 16000 },
  tts_skip: { type: 'tts_skip', utterance_id: 'u1', ms: 240 },
  tts_end: { type: 'tts_end', utterance_id: 'u1', bytes: 96000, ms: 2240 },
  tts_text: { type: 'tts_text', utterance_id: 'u1', text: 'For how many?' },
  clear: { type: 'clear', through: 'u1', reason: 'barge_in' },
  interrupted: { type: 'interrupted', utterance_id: 'u1', played_ms: 412.5, text: 'For how', basis: 'ack' },
  state: { type: 'state', state: 'degraded', previous: 'active', reason: 'stt', provider: 'deepgram' },
  quality: { type: 'quality', level: 'critical', sample_rate: 16000, lag_ms: 640 },
  vad_event: { type: 'vad_event', event: 'speech_start', timestamp_ms: 1180 },
  event: { type: 'event', name: 'order', data: { id: 7 } },
  goaway: { type: 'goaway', time_left_ms: 25000, window_ms: 12000, endpoint: 'wss://b.example/voice' },
  redirect: { type: 'redirect', endpoint: 'wss://b.example/voice' },
  snapshot: { type: 'snapshot', state: 'active', turns: [], cseq: 4 },
  ping: { type: 'ping', t: 5 },
  pong: { type: 'pong', t: 6 },
}

/** `value` as JSON, where the string `1e999` stands for a number too large to hold. */
export function toText(value: unknown): string {
  return JSON.stringify(value).replaceAll('"1e999"', '1e999')
}

/** A copy of `message` with the field at `path` (`a.b[0].c`) set, or removed when `value` is undefined. */
export function withField(message: object, path: string, value: unknown): object {
  const copy = structuredClone(message)
  const keys = path.split(/[.[\]]+/).filter(key => key !== '')
  let parent = copy as Record<string, unknown>
  for (const key of keys.slice(0, -1)) parent = parent[key] as Record<string, unknown>
  const last = keys.at(-1)!
  if (value === undefined) delete parent[last]
  else parent[last] = value
  return copy
}
