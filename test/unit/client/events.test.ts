import { describe, expect, it } from 'vitest'
import { VoiceError, type VoiceEvent } from '../../../src/client/index.js'
import { Bench } from './fake-socket.js'

const result = {
  type: 'stt_result',
  is_final: false,
  is_speech_final: false,
  confidence: 0.5,
  utterance: 0,
  start_ms: 0,
  end_ms: 10,
} as const

async function collect(events: AsyncIterable<VoiceEvent>): Promise<VoiceEvent[]> {
  const all: VoiceEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

describe('messages of the server', () => {
  it('become events in camelCase, and leave the application’s data alone', async () => {
    await using bench = new Bench()
    const socket = await bench.begin()
    socket.say({
      ...result,
      transcript: 'hi',
      is_final: true,
      words: [{ text: 'hi', start_ms: 1, end_ms: 2 }],
      seq: 1,
    })
    socket.say({ type: 'event', name: 'cart', data: { item_count: 2 }, seq: 2 })
    socket.say({ type: 'interrupted', utterance_id: 'u', played_ms: 3, text: 'w', basis: 'ack', seq: 3 })
    socket.say({ type: 'snapshot', state: 'active', turns: [{ id: 't', data: { a_b: 1 } }], cseq: 0 })
    expect(bench.of('transcript')).toMatchObject([
      { transcript: 'hi', isFinal: true, startMs: 0, words: [{ text: 'hi', startMs: 1, endMs: 2 }] },
    ])
    expect(bench.of('event')).toMatchObject([{ name: 'cart', data: { item_count: 2 } }])
    expect(bench.of('interrupted')).toMatchObject([{ utteranceId: 'u', playedMs: 3, basis: 'ack' }])
    expect(bench.of('snapshot')).toMatchObject([{ turns: [{ id: 't', data: { a_b: 1 } }] }])
  })

  it('that report a failure become errors', async () => {
    await using bench = new Bench()
    const socket = await bench.begin()
    const message = 'slow down'
    socket.say({
      type: 'error',
      code: 'agent_failed',
      message,
      class: 'PROVIDER',
      retryable: true,
      retry_after_ms: 5,
      seq: 1,
    })
    const { error } = bench.of('error')[0]!
    expect(error).toBeInstanceOf(VoiceError)
    expect(error).toMatchObject({ message, code: 'agent_failed', scope: 'provider', retryable: true, retryAfterMs: 5 })
  })

  it('that nobody can read harm nothing', async () => {
    await using bench = new Bench()
    const socket = await bench.begin()
    for (const text of ['', 'null', '7', '[]', '{}', '{"type":"ack"', '{"type":"unheard_of"}', '{"type":"clear"}'])
      socket.onmessage?.({ data: text } as never)
    socket.say({ type: 'event', name: 'after', data: 0, seq: 1 })
    expect(bench.of('event')).toHaveLength(1)
    expect(bench.client.state).toBe('active')
  })

  it('that report a failure nobody listens for go to the log', async () => {
    const warned: object[] = []
    const logger = { debug() {}, info() {}, error() {}, warn: (fields: object) => warned.push(fields) }
    await using bench = new Bench({ logger }, ['state'])
    const socket = await bench.begin()
    const report = { type: 'error', code: 'x', message: 'm', class: 'DATA', retryable: false }
    socket.say({ ...report, seq: 1 })
    expect(warned).toMatchObject([{ error: { message: 'm', code: 'x' } }])
    const undo = bench.client.on('error', () => {})
    socket.say({ ...report, seq: 2 })
    undo()
    expect(warned).toHaveLength(1)
  })
})

describe('events()', () => {
  it('tells everything in order, and ends with the call', async () => {
    await using bench = new Bench()
    const all = collect(bench.client.events())
    const texts = collect(bench.client.events({ types: ['transcript', 'closed'] }))
    const socket = await bench.begin()
    socket.say({ ...result, transcript: 'a', seq: 1 })
    bench.client.close({ reason: 'done' })
    socket.end(1000)
    expect((await all).map(event => event.type)).toEqual([
      'state',
      'state',
      'state',
      'ready',
      'transcript',
      'state',
      'state',
      'closed',
    ])
    expect((await texts).map(event => event.type)).toEqual(['transcript', 'closed'])
  })

  it('keeps 1,024 for a slow reader, and drops the oldest interim first', async () => {
    await using bench = new Bench()
    const events = bench.client.events({ types: ['transcript', 'event'] })
    const socket = await bench.begin()
    socket.say({ type: 'event', name: 'first', data: 0 })
    socket.say({ ...result, transcript: 'final', is_final: true })
    for (let i = 0; i < 1030; i++) socket.say({ ...result, transcript: `interim ${i}` })
    bench.client.close()
    socket.end(1000)
    const held = await collect(events)
    expect(held).toHaveLength(1024)
    expect(held.slice(0, 3)).toMatchObject([{ name: 'first' }, { transcript: 'final' }, { transcript: 'interim 8' }])
  })

  it('drops the oldest of all when nothing is interim', async () => {
    await using bench = new Bench()
    const events = bench.client.events({ types: ['event'] })
    const socket = await bench.begin()
    for (let i = 0; i < 1025; i++) socket.say({ type: 'event', name: `n${i}`, data: 0 })
    expect((await events.next()).value).toMatchObject({ name: 'n1' })
  })

  it('can be left early', async () => {
    await using bench = new Bench()
    const events = bench.client.events()
    await bench.begin()
    for await (const event of events) {
      expect(event.type).toBe('state')
      break
    }
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })
})

describe('once()', () => {
  it('resolves with the event', async () => {
    await using bench = new Bench()
    const ready = bench.client.once('ready')
    await bench.begin()
    await expect(ready).resolves.toMatchObject({ sessionId: 'session' })
  })

  it('rejects when the call ends first', async () => {
    await using bench = new Bench()
    const heard = bench.client.once('transcript')
    await bench.begin()
    bench.socket.end(1000)
    await expect(heard).rejects.toThrow('no transcript before the end')
  })
})
