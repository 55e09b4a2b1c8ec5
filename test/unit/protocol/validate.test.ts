import { describe, expect, it } from 'vitest'
import type { DecodeError } from '../../../src/protocol/dialect.js'
import type { ClientMessage } from '../../../src/protocol/messages.js'
import { decodeClientMessage, plainClientMessages, v1ClientMessages } from '../../../src/protocol/validate.js'
import { clientMessages, toText, withField } from './examples.js'

const decode = (value: unknown) => decodeClientMessage(toText(value), v1ClientMessages)
const decodePlain = (value: unknown) => decodeClientMessage(toText(value), plainClientMessages)

const notText = [7, true, {}, []]
const notFlag = ['true', 0, {}]
const notCount = ['1', true, 1.5, -1, 2 ** 53, '1e999', {}, []]
const notMs = ['1', true, -0.1, '1e999', {}, []]
const notRate = [11025, 0, -8000, '16000', 16000.5, '1e999', {}]
const notObject = ['{}', 7, true, []]
const letters = (length: number) => 'x'.repeat(length)
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
const polluting = JSON.parse('{"a":{"__proto__":{"polluted":true}}}') as unknown

/** Every field with what it must not hold; a field marked `!` must not be missing either. */
const wrong: { readonly [T in ClientMessage['type']]: Readonly<Record<string, readonly unknown[]>> } = {
  config: {
    stream_id: [...notText, letters(257)],
    audio: notFlag,
    stt_config: notObject,
    'stt_config.provider': [...notText, letters(65)],
    'stt_config.language': [...notText, letters(65)],
    'stt_config.sample_rate': notRate,
    'stt_config.channels': [0, 3, '1', true, 1.5],
    'stt_config.encoding': ['mp3', 'LINEAR16', '', 7, {}],
    'stt_config.punctuation': notFlag,
    'stt_config.model': [...notText, letters(129)],
    'stt_config.auth': [...notObject, { key: letters(8192) }, { a: nested(8) }, polluting],
    tts_config: notObject,
    'tts_config.provider': [...notText, letters(65)],
    'tts_config.voice_id': [...notText, letters(129)],
    'tts_config.model': [...notText, letters(129)],
    'tts_config.audio_format': ['mp3', 'opus', '', 7, {}],
    'tts_config.sample_rate': notRate,
    'tts_config.speaking_rate': [0.24, 4.01, '1', true, '1e999', {}],
    'tts_config.pronunciations': ['x', {}, 7, Array(101).fill({ word: 'a', pronunciation: 'b' })],
    'tts_config.pronunciations[0]': [null, 'x', 7, []],
    'tts_config.pronunciations[0].word!': [...notText, '', letters(101)],
    'tts_config.pronunciations[0].pronunciation!': [...notText, '', letters(201)],
    'tts_config.auth': [...notObject, { key: letters(8192) }, { a: nested(8) }, polluting],
    token: [...notText, '', letters(8193)],
    metadata: [...notObject, { note: 'ü'.repeat(4091) }, { a: nested(8) }, polluting],
    audio_out: notObject,
    'audio_out.encodings': ['linear16', {}, [], Array(4).fill('linear16')],
    'audio_out.encodings[0]': ['opus', 'pcm', 7, null],
    'audio_out.sample_rates!': [24000, {}, [], Array(8).fill(24000)],
    'audio_out.sample_rates[0]': [11025, '24000', null],
    'audio_out.max_lead_ms': [99, 10001, '1000', true, '1e999'],
    previous_session: notObject,
    'previous_session.session_id!': [...notText, '', letters(257)],
    'previous_session.resume_token!': [...notText, '', letters(257)],
  },
  speak: {
    'text!': [...notText, letters(20001)],
    flush: notFlag,
    allow_interruption: notFlag,
    utterance_id: [...notText, '', letters(129)],
    cseq: [...notCount, 0],
    at: notCount,
  },
  resume: {
    token: [...notText, '', letters(8193)],
    'session_id!': [...notText, '', letters(257)],
    'resume_token!': [...notText, '', letters(257)],
    'last_seq!': notCount,
    'audio_in!': notObject,
    'audio_in.start!': notCount,
    'audio_in.end!': notCount,
    playback: notObject,
    'playback.utterance_id!': [...notText, '', letters(129)],
    'playback.received_bytes!': notCount,
    'playback.played_ms!': notMs,
    'playback.buffered_ms!': notMs,
    'playback.underruns': notCount,
    'outage_ms!': notMs,
    'attempt!': notCount,
    'config!': notObject,
    'config.stt_config.sample_rate': notRate,
  },
  stats: {
    'seq!': notCount,
    't!': notMs,
    playback: notObject,
    'playback.utterance_id!': [...notText, '', letters(129)],
    'playback.received_bytes!': notCount,
    'playback.played_ms!': notMs,
    'playback.buffered_ms!': notMs,
    'playback.underruns': notCount,
    buffered_bytes: notCount,
    rtt_ms: notMs,
  },
  gap: { 'from!': notCount, 'to!': notCount, 'reason!': ['other', '', 7, {}] },
  clear: { utterance_id: [...notText, '', letters(129)], cseq: [...notCount, 0], at: notCount },
  cleared: { 'utterance_id!': [...notText, '', letters(129)], 'played_ms!': notMs },
  user_text: { 'text!': [...notText, '', letters(20001)], cseq: [...notCount, 0], at: notCount },
  finalize: { cseq: [...notCount, 0], at: notCount },
  event: {
    'name!': [...notText, '', letters(129)],
    data: [nested(33), polluting],
    cseq: [...notCount, 0],
    at: notCount,
  },
  bye: { reason: [...notText, letters(201)] },
  ping: { 't!': notMs },
  pong: { 't!': notMs },
}

const cases = Object.entries(wrong).flatMap(([type, fields]) =>
  Object.entries(fields).map(([mark, values]) => {
    const required = mark.endsWith('!')
    const path = required ? mark.slice(0, -1) : mark
    return { type: type as ClientMessage['type'], path, values: required ? [...values, undefined, null] : values }
  }),
)

describe('a wrong field', () => {
  it.each(cases)('$type.$path is refused by name', ({ type, path, values }) => {
    for (const value of values) {
      const error = decode(withField(clientMessages[type], path, value)) as DecodeError
      expect(error.field, JSON.stringify(value)).toBe(path)
      const inConfig = type === 'config' || path.startsWith('config')
      expect(error.code).toBe(inConfig ? 'bad_config' : 'bad_message')
      expect(error.message.startsWith(`${path} `)).toBe(true)
      expect(error.message).toContain('; send ')
      expect(error.message.length).toBeLessThan(200)
    }
  })

  it('is described by its value, shortened and escaped, and by the remedy', () => {
    const messageFor = (path: string, value: unknown) =>
      (decode(withField(clientMessages.config, path, value)) as DecodeError).message
    expect(messageFor('stt_config.sample_rate', 11025)).toBe(
      'stt_config.sample_rate is 11025; send one of 8000, 16000, 22050, 24000, 32000, 44100, 48000',
    )
    expect(messageFor('stt_config.encoding', 'a\n\u0000')).toBe(
      'stt_config.encoding is "a\\n\\u0000"; send one of linear16, mulaw, alaw, opus',
    )
    expect(messageFor('stt_config.encoding', letters(9000))).toContain('is a string of 9000 characters; send')
    expect(messageFor('metadata', { note: letters(9000) })).toBe('metadata is 9011 bytes of JSON; send at most 8192')
    expect(messageFor('audio_out.sample_rates', undefined)).toBe(
      'audio_out.sample_rates is missing; send an array of 1 to 7 items',
    )
  })

  it.each(['token', 'previous_session.resume_token', 'stt_config.auth', 'tts_config.auth', 'metadata'])(
    'never repeats what is in %s',
    path => {
      const long = 'CANARY'.repeat(2000)
      for (const value of [long, 7654321, ['CANARY'], { CANARY: nested(9) }, { a: long }]) {
        expect((decode(withField(clientMessages.config, path, value)) as DecodeError).message).not.toMatch(
          /CANARY|7654321/,
        )
      }
    },
  )

  it('is found in a range that ends before it starts', () => {
    expect(decode({ type: 'gap', from: 10, to: 9, reason: 'ring' })).toEqual({
      code: 'bad_message',
      field: 'to',
      message: 'to is 9; send at least from, 10',
    })
    expect(decode(withField(clientMessages.resume, 'audio_in.start', 256001))).toMatchObject({ field: 'audio_in.end' })
  })
})

describe('a message as a whole', () => {
  it.each(['', '{', 'hello', '{"type":"clear"', '\u0000', '[[['.repeat(20000)])(
    'is refused when it is not JSON',
    text => {
      expect(decodeClientMessage(text, v1ClientMessages)).toMatchObject({ code: 'bad_message', field: '' })
    },
  )

  it.each(['[]', '7', 'null', '"config"', 'true'])('%s is refused because it is no object', text => {
    const error = decodeClientMessage(text, v1ClientMessages)
    expect(error).toMatchObject({ code: 'bad_message', field: '' })
    expect((error as DecodeError).message).toMatch(/^the message is .+; send a JSON object$/)
  })

  it.each([{}, { type: null }, { type: 7 }, { type: ['config'] }])('%j is refused for its type', value => {
    expect(decode(value)).toMatchObject({ code: 'bad_message', field: 'type' })
  })

  it.each(['nonsense', '', 'constructor', '__proto__', 'toString', 'send_message'])('of type "%s" is unknown', type => {
    expect(decode({ type })).toMatchObject({ code: 'unknown_type', field: 'type' })
  })

  it('is unknown in plain mode unless it is config, speak, text or clear', () => {
    const known = ['config', 'speak', 'text', 'clear']
    const sayna = ['send_message', 'sip_transfer', 'update_config', 'loading_start', 'loading_stop']
    for (const type of [...Object.keys(clientMessages), ...sayna]) {
      const result = decodePlain({ text: 'hi', type })
      expect('code' in result ? result.code : result.type).toBe(known.includes(type) ? type : 'unknown_type')
    }
  })
})

describe('what a message leaves out', () => {
  it.each(Object.values(clientMessages))('nothing, when $type has every field', message => {
    expect(decode(message)).toEqual(message)
  })

  it('a config gets the defaults of the protocol', () => {
    const defaults = {
      type: 'config',
      audio: true,
      stt_config: { sample_rate: 16000, channels: 1, encoding: 'linear16' },
      tts_config: { audio_format: 'linear16', sample_rate: 24000 },
    }
    const nulls = {
      type: 'config',
      stream_id: null,
      audio: null,
      stt_config: { provider: null, language: '', model: '', sample_rate: null },
      tts_config: null,
      audio_out: null,
    }
    for (const config of [{ type: 'config' }, nulls]) {
      expect(decode(config)).toStrictEqual(defaults)
      expect(decodePlain(config)).toStrictEqual(defaults)
    }
    expect(decode({ type: 'config', audio_out: { sample_rates: [8000] } })).toMatchObject({
      audio_out: { sample_rates: [8000], max_lead_ms: 1000 },
    })
  })

  it('other messages get theirs', () => {
    expect(decode({ type: 'speak', text: '' })).toStrictEqual({
      type: 'speak',
      text: '',
      flush: true,
      allow_interruption: true,
    })
    expect(decode({ type: 'stats', seq: 0, t: 1 })).toStrictEqual({
      type: 'stats',
      seq: 0,
      t: 1,
      playback: null,
      buffered_bytes: 0,
      rtt_ms: 0,
    })
    expect(decode({ type: 'event', name: 'x', data: null })).toStrictEqual({ type: 'event', name: 'x', data: null })
    expect(decode({ type: 'bye' })).toStrictEqual({ type: 'bye', reason: '' })
    expect(decode({ type: 'clear' })).toStrictEqual({ type: 'clear' })
  })
})

describe('what a message adds', () => {
  it('is left out, also when it looks like a prototype', () => {
    const text = '{"type":"finalize","x":1,"__proto__":{"cseq":7},"constructor":{"prototype":{"cseq":7}}}'
    const message = decodeClientMessage(text, v1ClientMessages)
    expect(message).toStrictEqual({ type: 'finalize' })
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype)
    expect('cseq' in message).toBe(false)
  })

  it('is left out in plain mode when only voice.v1 has it', () => {
    const config = decodePlain(clientMessages.config)
    expect(Object.keys(config).sort()).toEqual(['audio', 'stream_id', 'stt_config', 'tts_config', 'type'])
    expect(decodePlain({ ...clientMessages.speak, cseq: 'x' })).toStrictEqual({
      type: 'speak',
      text: 'Hello there.',
      flush: false,
      allow_interruption: false,
    })
    expect(decodePlain({ ...clientMessages.clear, utterance_id: 7 })).toStrictEqual({ type: 'clear' })
  })

  it('may be another name for something known', () => {
    expect(decode({ ...clientMessages.speak, type: 'text' })).toEqual(clientMessages.speak)
    expect(decodePlain({ type: 'text', text: 'hi' })).toMatchObject({ type: 'speak', text: 'hi' })
    for (const [alias, encoding] of [
      ['pcm', 'linear16'],
      ['pcm_s16le', 'linear16'],
      ['ulaw', 'mulaw'],
    ] as const) {
      const config = { type: 'config', stt_config: { encoding: alias }, tts_config: { audio_format: alias } }
      expect(decodePlain(config)).toMatchObject({ stt_config: { encoding }, tts_config: { audio_format: encoding } })
    }
  })
})
