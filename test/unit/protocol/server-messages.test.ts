import { describe, expect, it } from 'vitest'
import { decodeServerMessage } from '../../../src/protocol/server-messages.js'
import { createV1Dialect } from '../../../src/protocol/v1.js'
import { serverMessages, toText, withField } from './examples.js'

/** Fields a client can do without. */
const optional: Readonly<Record<string, readonly string[]>> = {
  ready: ['history'],
  stt_result: ['language', 'words'],
  error: ['retry_after_ms', 'utterance_id'],
  resumed: ['lost', 'tts'],
  state: ['provider'],
  event: ['data'],
  goaway: ['endpoint'],
}

describe.each(Object.values(serverMessages))('$type', message => {
  it('is read as the server wrote it', () => {
    expect(decodeServerMessage(createV1Dialect().encode(message)!)).toEqual(message)
    expect(decodeServerMessage(createV1Dialect().encode(message, 9)!)).toEqual({ ...message, seq: 9 })
  })

  it('may carry fields of a later version', () => {
    expect(decodeServerMessage(JSON.stringify({ ...message, later: { x: 1 } }))).toMatchObject(message)
  })

  const fields = Object.keys(message).filter(field => !optional[message.type]?.includes(field))

  it.each(fields)('is nothing without a usable %s', field => {
    for (const value of [undefined, null, '1e999', []]) {
      const text = toText(withField(message, field, value))
      if (Array.isArray(value) && field === 'turns') continue
      expect(decodeServerMessage(text), text).toBeNull()
    }
  })

  it('is complete without its optional fields', () => {
    for (const field of optional[message.type] ?? []) {
      expect(decodeServerMessage(toText(withField(message, field, undefined)))?.type).toBe(message.type)
      expect(decodeServerMessage(toText(withField(message, field, null)))?.type).toBe(message.type)
    }
  })
})

describe('decodeServerMessage', () => {
  it.each([
    '',
    '{',
    'null',
    '7',
    '[]',
    '"ready"',
    '{}',
    '{"type":null}',
    '{"type":"later"}',
    '{"type":"constructor"}',
    '{"type":"__proto__"}',
    '{"type":"ping","t":1,"seq":"1"}',
  ])('reads %s as nothing', text => expect(decodeServerMessage(text)).toBeNull())

  it('refuses the parts of a message that have a wrong type', () => {
    for (const [message, path, value] of [
      [serverMessages.ready, 'audio_in.offset', '0'],
      [serverMessages.ready, 'audio_out.sample_rate', null],
      [serverMessages.resumed, 'lost.ms', 'x'],
      [serverMessages.resumed, 'tts.action', 1],
      [serverMessages.error, 'retry_after_ms', '2000'],
      [serverMessages.goaway, 'endpoint', 7],
    ] as const) {
      expect(decodeServerMessage(toText(withField(message, path, value)))).toBeNull()
    }
  })
})
