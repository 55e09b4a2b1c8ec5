import { expect, it } from 'vitest'
import type { ClientMessage } from '../../../src/protocol/messages.js'
import { decodeClientMessage, v1ClientMessages } from '../../../src/protocol/validate.js'
import { clientMessages, toText, withField } from './examples.js'

const letters = (length: number) => 'x'.repeat(length)
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
const rates = [8000, 16000, 22050, 24000, 32000, 44100, 48000]
const max = Number.MAX_SAFE_INTEGER

/** The outermost values that a field may hold. */
const edges: readonly (readonly [ClientMessage['type'], string, readonly unknown[]])[] = [
  ['config', 'stream_id', ['x', letters(256)]],
  ['config', 'audio', [true, false]],
  ['config', 'stt_config.provider', ['x', letters(64)]],
  ['config', 'stt_config.language', ['x', letters(64)]],
  ['config', 'stt_config.sample_rate', rates],
  ['config', 'stt_config.channels', [1, 2]],
  ['config', 'stt_config.encoding', ['linear16', 'mulaw', 'alaw', 'opus']],
  ['config', 'stt_config.model', ['x', letters(128)]],
  ['config', 'stt_config.auth', [{}, { a: nested(7) }]],
  ['config', 'tts_config.voice_id', ['x', letters(128)]],
  ['config', 'tts_config.audio_format', ['linear16', 'mulaw', 'alaw']],
  ['config', 'tts_config.sample_rate', rates],
  ['config', 'tts_config.speaking_rate', [0.25, 4]],
  ['config', 'tts_config.pronunciations', [[], Array(100).fill({ word: letters(100), pronunciation: letters(200) })]],
  ['config', 'token', ['x', letters(8192)]],
  ['config', 'metadata', [{}, { note: `${'ü'.repeat(4090)}x` }, { a: nested(7) }]],
  ['config', 'audio_out.encodings', [['linear16'], ['linear16', 'mulaw', 'alaw']]],
  ['config', 'audio_out.sample_rates', [[8000], rates]],
  ['config', 'audio_out.max_lead_ms', [100, 10_000]],
  ['config', 'previous_session.resume_token', ['x', letters(256)]],
  ['speak', 'text', ['', letters(20_000)]],
  ['speak', 'utterance_id', ['x', letters(128)]],
  ['speak', 'cseq', [1, max]],
  ['speak', 'at', [0, max]],
  [
    'resume',
    'audio_in',
    [
      { start: 0, end: 0 },
      { start: max, end: max },
    ],
  ],
  ['resume', 'outage_ms', [0, 1e9]],
  ['resume', 'attempt', [0, max]],
  ['resume', 'playback', [null]],
  ['stats', 'seq', [0, max]],
  ['gap', 'to', [3200]],
  ['user_text', 'text', ['x', letters(20_000)]],
  ['event', 'name', ['x', letters(128)]],
  ['event', 'data', [null, 0, '', false, nested(32)]],
  ['bye', 'reason', ['', letters(200)]],
]

it.each(edges)('%s.%s holds its outermost values', (type, path, values) => {
  for (const value of values) {
    const message = withField(clientMessages[type], path, value)
    expect(decodeClientMessage(toText(message), v1ClientMessages)).toEqual(message)
  }
})
