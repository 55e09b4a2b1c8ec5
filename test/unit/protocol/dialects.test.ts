import { describe, expect, it } from 'vitest'
import type { Dialect, PlayedMark } from '../../../src/protocol/dialect.js'
import type { ClientMessage } from '../../../src/protocol/messages.js'
import { createPlainDialect } from '../../../src/protocol/plain.js'
import { selectProtocol } from '../../../src/protocol/subprotocol.js'
import { createV1Dialect, VOICE_V1 } from '../../../src/protocol/v1.js'
import { clientMessages, serverMessages } from './examples.js'

function decodeWith(dialect: Dialect, data: string | Uint8Array) {
  const messages: (ClientMessage | PlayedMark)[] = []
  const audio: Uint8Array[] = []
  const error = dialect.decode(data, { message: message => messages.push(message), audio: bytes => audio.push(bytes) })
  return { messages, audio, error }
}

describe.each([createPlainDialect(), createV1Dialect()])('the $name dialect', dialect => {
  it('hands audio on without copying it, in both directions', () => {
    const frame = Uint8Array.of(1, 2, 3)
    const { audio, messages, error } = decodeWith(dialect, frame)
    expect(audio).toHaveLength(1)
    expect(audio[0]).toBe(frame)
    expect([messages, error]).toEqual([[], null])
    expect(dialect.encodeAudio(frame, 'u1')).toBe(frame)
    expect(decodeWith(dialect, new Uint8Array(0)).audio).toHaveLength(1)
  })

  it('delivers one message per text, or says why not', () => {
    expect(decodeWith(dialect, '{"type":"speak","text":"hi"}')).toEqual({
      messages: [{ type: 'speak', text: 'hi', flush: true, allow_interruption: true }],
      audio: [],
      error: null,
    })
    expect(decodeWith(dialect, '{"type":"speak"}')).toEqual({
      messages: [],
      audio: [],
      error: {
        code: 'bad_message',
        field: 'text',
        message: 'text is missing; send a string of 0 to 20000 characters',
      },
    })
  })
})

describe('plain mode', () => {
  const encode = (message: Parameters<Dialect['encode']>[0]) => {
    const text = createPlainDialect().encode(message, 7)
    return text === null ? null : (JSON.parse(text) as Record<string, unknown>)
  }

  it('asks for nothing that its clients do not have', () => {
    expect(createPlainDialect().features).toEqual({
      resume: false,
      acks: false,
      clear: false,
      markers: false,
      heartbeat: false,
      playback: 'clock',
      config: 'message',
      reconfigure: true,
    })
  })

  it('sends four messages, in the shapes its clients insist on', () => {
    const sent = Object.values(serverMessages)
      .map(encode)
      .filter(message => message !== null)
    expect(sent).toEqual([
      { type: 'ready', stream_id: 'call-7' },
      {
        type: 'stt_result',
        transcript: 'book a table',
        is_final: true,
        is_speech_final: true,
        confidence: 0.93,
      },
      { type: 'tts_playback_complete', timestamp: 1764000000000 },
      {
        type: 'error',
        message: 'synthesis is down',
        code: 'tts_unavailable',
        class: 'PROVIDER',
        retryable: true,
        retry_after_ms: 2000,
      },
    ])
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('sends a confidence of %d as 0', confidence => {
    expect(encode({ ...serverMessages.stt_result, confidence })).toMatchObject({ confidence: 0 })
  })

  it('sends timestamps as integers', () => {
    expect(encode({ ...serverMessages.tts_playback_complete, timestamp: 1.75e12 + 0.4 })).toMatchObject({
      timestamp: 1.75e12,
    })
  })

  it('sends a result without words only when it ends the turn', () => {
    const empty = { ...serverMessages.stt_result, transcript: '' }
    expect(encode(empty)).toMatchObject({ transcript: '', is_speech_final: true })
    expect(encode({ ...empty, is_speech_final: false })).toBeNull()
    expect(encode({ ...empty, is_speech_final: false, is_final: false })).toBeNull()
  })
})

describe('voice.v1', () => {
  const dialect = createV1Dialect()

  it('has every feature', () => {
    expect(dialect.features).toEqual({
      resume: true,
      acks: true,
      clear: true,
      markers: true,
      heartbeat: true,
      playback: 'report',
      config: 'message',
    })
  })

  it.each(Object.values(clientMessages))('reads $type', message => {
    expect(decodeWith(dialect, JSON.stringify(message))).toEqual({ messages: [message], audio: [], error: null })
  })

  it.each(Object.values(serverMessages))('writes $type, with its number when it has one', message => {
    expect(JSON.parse(dialect.encode(message)!)).toEqual(message)
    expect(JSON.parse(dialect.encode(message, 42)!)).toEqual({ ...message, seq: 42 })
  })

  it('does not write what no JSON can hold', () => {
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    for (const data of [cyclic, 1n]) expect(dialect.encode({ type: 'event', name: 'x', data }, 1)).toBeNull()
  })
})

describe('selectProtocol', () => {
  it.each([
    [[], ''],
    [['voice.v1'], 'voice.v1'],
    [['chat', 'voice.v1'], 'voice.v1'],
    [['Voice.V1', 'voice.v10', 'bearer.abc'], ''],
  ])('answers %j with "%s"', (offered, answer) => {
    expect(selectProtocol(offered)).toBe(answer)
    expect(VOICE_V1).toBe('voice.v1')
  })
})
