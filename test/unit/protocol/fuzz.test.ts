import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { DecodeError } from '../../../src/protocol/dialect.js'
import type { ClientMessage } from '../../../src/protocol/messages.js'
import { decodeServerMessage } from '../../../src/protocol/server-messages.js'
import {
  type ClientMessageChecks,
  decodeClientMessage,
  plainClientMessages,
  v1ClientMessages,
} from '../../../src/protocol/validate.js'
import { clientMessages, serverMessages } from './examples.js'

afterEach(() => {
  expect(Object.keys(Object.prototype)).toEqual([])
})

/** The same cases in every run. */
const runs = (numRuns: number) => ({ numRuns, seed: 20260101 })

/** What must hold of any text whatsoever. */
function check(text: string, accepted: ClientMessageChecks): ClientMessage | DecodeError {
  const result = decodeClientMessage(text, accepted)
  if ('code' in result) {
    expect(['bad_message', 'bad_config', 'unknown_type']).toContain(result.code)
    expect(result.message.length).toBeLessThan(300)
    expect(result.message).not.toContain('CANARY')
    expect(result.message).toContain('; send ')
  } else {
    // What was accepted holds nothing that would not be accepted again.
    const again = decodeClientMessage(JSON.stringify(result), accepted)
    expect(JSON.stringify(again)).toBe(JSON.stringify(result))
  }
  return result
}

const name = (maxLength: number) => fc.string({ unit: 'binary', minLength: 1, maxLength })
const count = fc.maxSafeNat()
const ms = fc.double({ min: 0, max: 1e9, noNaN: true })
const rate = fc.constantFrom(8000, 16000, 22050, 24000, 32000, 44100, 48000)
const wireEncoding = fc.constantFrom('linear16', 'mulaw', 'alaw')
const kept = fc.dictionary(fc.constantFrom('a', 'b', 'toJSON', 'constructor'), fc.jsonValue({ maxDepth: 3 }), {
  maxKeys: 3,
})
const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }, required: (keyof T)[]) =>
  fc.record(shape, { requiredKeys: required, noNullPrototype: true })

const config = record(
  {
    type: fc.constant('config'),
    stream_id: name(256),
    audio: fc.boolean(),
    stt_config: record(
      {
        provider: name(64),
        language: name(64),
        sample_rate: rate,
        channels: fc.constantFrom(1, 2),
        encoding: fc.constantFrom('linear16', 'mulaw', 'alaw', 'opus'),
        punctuation: fc.boolean(),
        model: name(128),
        auth: kept,
      },
      ['sample_rate', 'channels', 'encoding'],
    ),
    tts_config: record(
      {
        provider: name(64),
        voice_id: name(128),
        model: name(128),
        audio_format: wireEncoding,
        sample_rate: rate,
        speaking_rate: fc.double({ min: 0.25, max: 4, noNaN: true }),
        pronunciations: fc.array(fc.record({ word: name(100), pronunciation: name(200) }), { maxLength: 5 }),
        auth: kept,
      },
      ['audio_format', 'sample_rate'],
    ),
    token: name(300),
    metadata: kept,
    audio_out: record(
      {
        encodings: fc.array(wireEncoding, { minLength: 1, maxLength: 3 }),
        sample_rates: fc.array(rate, { minLength: 1, maxLength: 7 }),
        max_lead_ms: fc.double({ min: 100, max: 10_000, noNaN: true }),
      },
      ['sample_rates', 'max_lead_ms'],
    ),
    previous_session: fc.record({ session_id: name(256), resume_token: name(256) }),
  },
  ['type', 'audio', 'stt_config', 'tts_config'],
)

const numbered = { cseq: fc.integer({ min: 1 }), at: count }
const playback = fc.option(
  fc.record({ utterance_id: name(128), received_bytes: count, played_ms: ms, buffered_ms: ms, underruns: count }),
)
const range = fc.tuple(count, count).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)

const validMessage: fc.Arbitrary<object> = fc.oneof(
  config,
  record(
    {
      type: fc.constant('speak'),
      text: fc.string({ unit: 'binary', maxLength: 500 }),
      flush: fc.boolean(),
      allow_interruption: fc.boolean(),
      utterance_id: name(128),
      ...numbered,
    },
    ['type', 'text', 'flush', 'allow_interruption'],
  ),
  record(
    {
      type: fc.constant('resume'),
      token: name(300),
      session_id: name(256),
      resume_token: name(256),
      last_seq: count,
      audio_in: range.map(([start, end]) => ({ start, end })),
      playback,
      outage_ms: ms,
      attempt: count,
      config,
    },
    ['type', 'session_id', 'resume_token', 'last_seq', 'audio_in', 'playback', 'outage_ms', 'attempt', 'config'],
  ),
  fc.record({ type: fc.constant('stats'), seq: count, t: ms, playback, buffered_bytes: count, rtt_ms: ms }),
  fc
    .tuple(range, fc.constantFrom('ring', 'overflow', 'muted', 'device'))
    .map(([[from, to], reason]) => ({ type: 'gap', from, to, reason })),
  record({ type: fc.constant('clear'), utterance_id: name(128), ...numbered }, ['type']),
  fc.record({ type: fc.constant('cleared'), utterance_id: name(128), played_ms: ms }),
  record({ type: fc.constant('user_text'), text: name(500), ...numbered }, ['type', 'text']),
  record({ type: fc.constant('finalize'), ...numbered }, ['type']),
  record({ type: fc.constant('event'), name: name(128), data: fc.jsonValue({ maxDepth: 5 }), ...numbered }, [
    'type',
    'name',
    'data',
  ]),
  fc.record({ type: fc.constant('bye'), reason: fc.string({ maxLength: 200 }) }),
  fc.record({ type: fc.constantFrom('ping', 'pong'), t: ms }),
)

describe('a valid message', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(validMessage, message => {
        const text = JSON.stringify(message)
        deepStrictEqual(check(text, v1ClientMessages), JSON.parse(text))
      }),
      runs(3000),
    )
  })
})

const strange = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1.5,
    2 ** 53,
    1e308,
    '',
    '\u0000',
    '\ud800',
    '__proto__',
    'x'.repeat(300),
    [],
    {},
  ),
  fc.constant(JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as unknown),
  fc.constant('DEEP'),
  fc.jsonValue({ maxDepth: 2 }),
)

interface Mutation {
  readonly at: number
  readonly to: unknown
  readonly how: 'replace' | 'remove' | 'add' | 'cut' | 'overwrite'
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(10_000),
  to: strange,
  how: fc.constantFrom('replace', 'remove', 'add', 'cut', 'overwrite'),
})

/** Every object or array of a message with each of its keys. */
function places(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== 'object' || value === null) return []
  const container = value as Record<string, unknown>
  return Object.keys(container).flatMap(key => [
    [container, key] as [typeof container, string],
    ...places(container[key]),
  ])
}

const deepText = `${'['.repeat(3000)}${']'.repeat(3000)}`

function mutate(message: object, mutations: readonly Mutation[]): string {
  const copy = structuredClone(message)
  for (const { at, to, how } of mutations) {
    const all = places(copy)
    const place = all[at % Math.max(1, all.length)]
    if (!place) break
    const [container, key] = place
    if (how === 'replace') container[key] = structuredClone(to)
    else if (how === 'remove') delete container[key]
    else if (how === 'add') container[`${key}_`] = structuredClone(to)
  }
  let text = JSON.stringify(copy).replaceAll('"DEEP"', deepText)
  for (const { at, to, how } of mutations) {
    const index = at % text.length
    if (how === 'cut') text = text.slice(0, index) + text.slice(index + 1)
    else if (how === 'overwrite') text = text.slice(0, index) + String(to).slice(0, 1) + text.slice(index + 1)
  }
  return text
}

describe('a hostile message', () => {
  const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 })

  it('made of a valid one never throws, leaks or slips through half checked', () => {
    const base = fc.constantFrom(...Object.values(clientMessages))
    const refused = new Set<string>()
    fc.assert(
      fc.property(base, mutations, (message, list) => {
        const text = mutate(message, list)
        const result = check(text, v1ClientMessages)
        if ('code' in result) refused.add(result.field)
        check(text, plainClientMessages)
      }),
      runs(8000),
    )
    // The mutations reach the checks and do not all end as broken JSON.
    expect(refused.size).toBeGreaterThan(40)
  })

  it('made of random bytes never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), text => {
        check(text, v1ClientMessages)
        expect(decodeServerMessage(text)).toBeNull()
      }),
      runs(4000),
    )
  })

  it('of a server never throws at the client', () => {
    const base = fc.constantFrom(...Object.values(serverMessages))
    fc.assert(
      fc.property(base, mutations, (message, list) => {
        const result = decodeServerMessage(mutate(message, list))
        if (result) expect(Object.keys(serverMessages)).toContain(result.type)
      }),
      runs(5000),
    )
  })
})
