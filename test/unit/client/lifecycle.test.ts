import { describe, expect, it } from 'vitest'
import { createVoiceClient } from '../../../src/client/index.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { Bench, readyMessage } from './fake-socket.js'

describe('a call', () => {
  it('opens nothing before connect, and then offers voice.v1 and sends config first', async () => {
    await using bench = new Bench({ config: { stt_config: { language: 'de' }, metadata: { user: 7 } } })
    await bench.pass(1000)
    expect(bench.sockets).toEqual([])
    expect(bench.client.state).toBe('idle')

    bench.client.connect()
    await bench.pass(1)
    expect(bench.socket).toMatchObject({
      url: 'wss://voice.example/call',
      protocols: ['voice.v1'],
      binaryType: 'arraybuffer',
    })
    bench.socket.open()
    expect(bench.socket.messages).toEqual([
      {
        type: 'config',
        stt_config: { language: 'de' },
        metadata: { user: 7 },
        audio_out: { sample_rates: [48_000, 24_000, 16_000] },
      },
    ])
  })

  it('goes through the states of a session', async () => {
    await using bench = new Bench()
    const connected = bench.client.connect()
    await bench.pass(1)
    bench.socket.open()
    bench.socket.say(readyMessage)
    await expect(connected).resolves.toMatchObject({ sessionId: 'session', streamId: 'stream' })
    expect(JSON.stringify(bench.of('ready'))).not.toContain('token-1')
    bench.socket.say({
      type: 'state',
      state: 'degraded',
      previous: 'active',
      reason: 'stt_down',
      provider: 'a',
      seq: 1,
    })
    bench.socket.say({ type: 'state', state: 'active', previous: 'degraded', reason: 'stt_live', seq: 2 })
    const done = bench.client.close({ reason: 'hung up' })
    expect(bench.client.state).toBe('closing')
    expect(bench.socket.last('bye')).toEqual({ type: 'bye', reason: 'hung up' })
    expect(bench.socket.closed).toEqual({ code: 1000 })
    bench.socket.end(1000)
    await done
    expect(bench.of('state').map(event => event.state)).toEqual([
      'connecting',
      'configuring',
      'active',
      'degraded',
      'active',
      'closing',
      'closed',
    ])
    expect(bench.of('state')[3]).toMatchObject({ reason: 'stt_down', provider: 'a' })
    expect(bench.terminal).toEqual([{ type: 'closed', code: 1000, reason: 'hung up' }])
  })

  it('connects once however often it is asked, and anew after its end', async () => {
    await using bench = new Bench()
    const first = bench.client.connect()
    expect(bench.client.connect()).toBe(first)
    await bench.pass(1)
    bench.socket.open().say(readyMessage)
    expect(bench.client.connect()).toBe(first)
    bench.client.close()
    bench.socket.end(1000)
    expect(bench.client.connect()).not.toBe(first)
    await bench.pass(1)
    expect(bench.sockets).toHaveLength(2)
    expect(bench.socket.open().messages[0]).not.toHaveProperty('previous_session')
  })

  it('survives connect, close, connect in one breath, as double-mounted components do', async () => {
    await using bench = new Bench()
    bench.client.connect().catch(() => {})
    bench.client.close()
    const second = bench.client.connect()
    await bench.pass(1)
    expect(bench.sockets).toHaveLength(1)
    bench.socket.open().say(readyMessage)
    await second
    expect(bench.client.state).toBe('active')
    expect(bench.terminal).toHaveLength(1)
  })

  it('does not wait for the goodbye of the last call when it is to connect again', async () => {
    await using bench = new Bench()
    const socket = await bench.begin()
    bench.client.close()
    expect(bench.client.state).toBe('closing')
    bench.client.connect()
    expect(bench.terminal).toHaveLength(1)
    await bench.pass(1)
    socket.end(1000)
    bench.socket.open().say(readyMessage)
    expect(bench.client.state).toBe('active')
    expect(bench.terminal).toHaveLength(1)
  })

  it('closes although nobody answers the goodbye', async () => {
    await using bench = new Bench()
    await bench.begin()
    const done = bench.client.close()
    await bench.pass(1990)
    expect(bench.terminal).toEqual([])
    await bench.pass(20)
    await done
    expect(bench.terminal).toEqual([{ type: 'closed', code: 1006, reason: '' }])
  })

  it('is disposed by closing', async () => {
    const bench = new Bench()
    await bench.begin()
    const disposed = bench.client[Symbol.asyncDispose]()
    bench.socket.end(1000)
    await disposed
    expect(bench.client.state).toBe('closed')
    expect(bench.clock.pending).toBe(0)
  })

  it('rejects connect when the call ends first, and punishes nobody who does not look', async () => {
    await using bench = new Bench()
    const connected = bench.client.connect()
    bench.client.close()
    await expect(connected).rejects.toMatchObject({ name: 'VoiceError', code: 'call_closed' })
    expect(bench.terminal).toHaveLength(1)
  })

  it('says what to do where there is no WebSocket', async () => {
    const client = createVoiceClient({ url: 'wss://voice.example', clock: new ManualClock() })
    const { WebSocket } = globalThis
    Reflect.deleteProperty(globalThis, 'WebSocket')
    try {
      await expect(client.connect()).rejects.toThrow(/WebSocket: .*'voice-ws\/client\/node'/)
      expect(client.state).toBe('idle')
    } finally {
      if (WebSocket) globalThis.WebSocket = WebSocket
    }
  })

  it('tells nothing after its terminal event, even if that came from a listener', async () => {
    await using bench = new Bench()
    bench.client.on('ready', () => {
      bench.client.close()
      bench.socket.end(1000)
    })
    await bench.begin()
    bench.socket.say({ type: 'tts_text', utterance_id: 'u', text: 'late', seq: 1 })
    await bench.pass(60_000)
    expect(bench.events.at(-1)?.type).toBe('closed')
    expect(bench.terminal).toHaveLength(1)
  })

  it('keeps what one listener throws from the others', async () => {
    const errors: unknown[] = []
    const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => errors.push(fields) }
    await using bench = new Bench({ logger })
    bench.client.on('ready', () => {
      throw new Error('boom')
    })
    const seen: string[] = []
    const undo = bench.client.on('ready', event => seen.push(event.sessionId))
    await bench.begin()
    expect(seen).toEqual(['session'])
    expect(errors).toEqual([{ error: new Error('boom'), event: 'ready' }])
    undo()
  })
})

describe('exactly one terminal event', () => {
  it.each([
    ['a server that never answers', async (_: Bench) => {}],
    ['sockets that never open', async (bench: Bench) => bench.socket.end(1006)],
    ['a refused config', async (bench: Bench) => bench.socket.open().end(4400)],
    ['a plain server', async (bench: Bench) => bench.socket.open('')],
    ['a normal end', async (bench: Bench) => bench.socket.open().say(readyMessage).end(1000)],
    ['a lost session', async (bench: Bench) => bench.socket.open().say(readyMessage).end(1006)],
  ])('comes after %s', async (_, act) => {
    await using bench = new Bench()
    bench.client.connect().catch(() => {})
    await bench.pass(1)
    await act(bench)
    await bench.pass(301_000)
    expect(bench.terminal).toHaveLength(1)
    expect(bench.clock.pending).toBe(0)
    expect(bench.sockets.filter(socket => !socket.closed)).toEqual([])
    await bench.pass(600_000)
    expect(bench.terminal).toHaveLength(1)
  })

  it('names a wrong URL at once', async () => {
    await using bench = new Bench({
      WebSocket: class {
        constructor(url: string) {
          throw new SyntaxError(`bad ${url}`)
        }
      } as never,
    })
    const connected = bench.client.connect()
    await bench.pass(1)
    await expect(connected).rejects.toMatchObject({ class: 'DATA', retryable: false })
    expect(bench.terminal).toMatchObject([{ type: 'failed', reason: 'bad wss://voice.example/call' }])
  })

  it('is the first loss when reconnecting is off', async () => {
    await using bench = new Bench({ reconnect: false })
    const socket = await bench.begin()
    socket.end(1006)
    expect(bench.terminal).toMatchObject([
      { type: 'failed', code: 1006, error: { class: 'CONNECTION', retryable: true } },
    ])
  })
})
