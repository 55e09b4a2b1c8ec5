import net from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SttProvider, SttSink, SttStream, TtsProvider } from '../../src/index.js'
import { type CallServer, Client, startCallServer } from '../fixtures/call-server.js'

const linear16 = { encoding: 'linear16', sampleRate: 16_000, channels: 1 } as const
let openStreams = 0
let heardBytes = 0

/** Opens at once and hears nothing. */
const stt: SttProvider = {
  name: 'quiet',
  capabilities: {
    interims: true,
    words: false,
    speechStarted: false,
    endpointing: false,
    finalize: 'ack',
    keepAliveMs: 0,
    chunkMs: { min: 20, ideal: 20, max: 100 },
    formats: [linear16],
    languages: ['en'],
  },
  connect(_, sink: SttSink): SttStream {
    openStreams++
    let over = false
    const end = () => {
      if (over) return
      over = true
      openStreams--
      sink.closed({})
    }
    queueMicrotask(() => over || sink.open())
    return {
      bufferedBytes: 0,
      push(audio) {
        heardBytes += audio.length
        return true
      },
      finalize: () => sink.finalized(),
      close: end,
      abort: end,
    }
  },
}

const tts: TtsProvider = {
  name: 'mute',
  capabilities: { contexts: 4, alignment: 'none', maxTextChars: 1000, keepAliveMs: 0, formats: [linear16] },
  connect(_, sink) {
    openStreams++
    let over = false
    const end = () => {
      if (over) return
      over = true
      openStreams--
      sink.closed({})
    }
    queueMicrotask(() => over || sink.open())
    return { speak() {}, cancel() {}, close: end, abort: end }
  },
}

let server: CallServer
let bystander: Client

beforeAll(async () => {
  server = await startCallServer({
    authenticate: () => 'guest',
    stt: [stt],
    tts: [tts],
    agent: () => undefined,
    limits: { textBytes: 8192, binaryBytes: 16_384 },
  })
  bystander = await Client.connect(server.url)
  bystander.send({ type: 'config' })
  await bystander.expect('ready')
})

afterAll(async () => {
  // Whatever the others did, this session never noticed.
  bystander.send({ type: 'ping', t: 7 })
  expect(await bystander.expect('pong')).toMatchObject({ t: 7 })
  expect(bystander.of('error')).toEqual([])
  await server.close()
  expect(openStreams).toBe(0)
  expect(server.voice.sessions.size).toBe(0)
})

/** Only the bystander is left, with its two providers. */
async function nothingLeft(): Promise<void> {
  await expect.poll(() => [server.voice.sessions.size, openStreams]).toEqual([1, 2])
}

async function outcome(protocol: string, ...frames: readonly (object | string | Uint8Array)[]) {
  const client = await Client.connect(server.url, protocol)
  for (const frame of frames) client.send(frame)
  const { code } = await client.closed
  return { code, error: client.of('error').at(-1)?.code, message: String(client.of('error').at(-1)?.message) }
}

describe('a config that is wrong ends the connection with 4400 and names the field', () => {
  it.each([
    ['audio', { audio: 'yes' }],
    ['stream_id', { stream_id: 7 }],
    ['stt_config', { stt_config: 'deepgram' }],
    ['stt_config.provider', { stt_config: { provider: 5 } }],
    ['stt_config.provider', { stt_config: { provider: 'nobody' } }],
    ['stt_config.language', { stt_config: { language: 1 } }],
    ['stt_config', { stt_config: { language: 'xx' } }],
    ['stt_config.sample_rate', { stt_config: { sample_rate: 11_111 } }],
    ['stt_config.sample_rate', { stt_config: { sample_rate: '16000' } }],
    ['stt_config.channels', { stt_config: { channels: 3 } }],
    ['stt_config.encoding', { stt_config: { encoding: 'mp3' } }],
    ['stt_config.punctuation', { stt_config: { punctuation: 'no' } }],
    ['stt_config.model', { stt_config: { model: {} } }],
    ['tts_config', { tts_config: [] }],
    ['tts_config.provider', { tts_config: { provider: 'nobody' } }],
    ['tts_config.voice_id', { tts_config: { voice_id: 9 } }],
    ['tts_config.audio_format', { tts_config: { audio_format: 'opus' } }],
    ['tts_config.sample_rate', { tts_config: { sample_rate: -1 } }],
    ['tts_config.speaking_rate', { tts_config: { speaking_rate: 99 } }],
    ['tts_config.pronunciations', { tts_config: { pronunciations: 'x' } }],
    ['token', { token: {} }],
    ['metadata', { metadata: 'x' }],
    ['audio_out.sample_rates', { audio_out: { sample_rates: [] } }],
    ['audio_out.max_lead_ms', { audio_out: { sample_rates: [16_000], max_lead_ms: 'a' } }],
    ['previous_session', { previous_session: 'abc' }],
  ])('%s: %j', async (field, config) => {
    const { code, error, message } = await outcome('voice.v1', { type: 'config', ...config })
    expect([code, error]).toEqual([4400, 'bad_config'])
    expect(message.startsWith(field)).toBe(true)
    await nothingLeft()
  })
})

describe.each(['voice.v1', ''])('over the wire %j', protocol => {
  it('answers what it cannot read and goes on, until the twentieth', async () => {
    const client = await Client.connect(server.url, protocol)
    for (const text of ['{', 'null', '[]', '{"type":5}']) client.send(text)
    client.send({ type: 'config' })
    await client.expect('ready')
    expect(client.of('error').map(error => error.code)).toEqual(Array(4).fill('bad_message'))
    for (let i = 0; i < 20; i++) client.send('{')
    expect((await client.closed).code).toBe(4400)
    await nothingLeft()
  })

  it('ignores types it does not know', async () => {
    const client = await Client.connect(server.url, protocol)
    for (let i = 0; i < 30; i++) client.send({ type: 'sing' })
    client.send({ type: 'config' })
    await client.expect('ready')
    expect(client.of('error')).toEqual([])
    client.close()
    await nothingLeft()
  })

  it('says once that audio comes before the config', async () => {
    const client = await Client.connect(server.url, protocol)
    for (let i = 0; i < 50; i++) client.send(new Uint8Array(640))
    client.send({ type: 'config' })
    await client.expect('ready')
    expect(client.of('error')).toHaveLength(1)
    client.close()
    await nothingLeft()
  })

  it('takes samples that are split across messages, and messages of nothing', async () => {
    const client = await Client.connect(server.url, protocol)
    client.send({ type: 'config' })
    await client.expect('ready')
    const before = heardBytes
    for (const size of [0, 1, 641, 638, 0, 640, 1, 1, 638]) client.send(new Uint8Array(size))
    await expect.poll(() => heardBytes - before).toBe(2560)
    expect(client.of('error')).toEqual([])
    client.close()
    await nothingLeft()
  })

  it.each([
    ['text', 'x'.repeat(8193)],
    ['binary', new Uint8Array(16_385)],
  ])('answers %s over its limit with 1009', async (_, data) => {
    expect(await outcome(protocol, data)).toMatchObject({ code: 1009, error: 'too_large' })
    expect(await outcome(protocol, { type: 'config' }, data)).toMatchObject({ code: 1009 })
    await nothingLeft()
  })

  it('cuts off a flood of messages with 4429', async () => {
    const flood = Array.from({ length: 300 }, () => ({ type: 'clear' }))
    expect(await outcome(protocol, { type: 'config' }, ...flood)).toMatchObject({ code: 4429 })
    await nothingLeft()
  })
})

describe('a second config', () => {
  it('is an error over voice.v1', async () => {
    const client = await Client.connect(server.url)
    client.send({ type: 'config' })
    await client.expect('ready')
    client.send({ type: 'config' })
    expect(await client.expect('error')).toMatchObject({ code: 'already_configured' })
    client.close()
    await nothingLeft()
  })

  it('starts over on a plain socket', async () => {
    const client = await Client.connect(server.url, '')
    client.send({ type: 'config', stream_id: 'one' })
    await client.expect('ready')
    client.send({ type: 'config', stream_id: 'two' })
    await client.until(() => client.of('ready')[1], 'another ready')
    expect(client.of('ready').map(ready => ready.stream_id)).toEqual(['one', 'two'])
    client.close()
    await nothingLeft()
  })
})

describe('a socket that is cut', () => {
  it.each([
    ['before anything', []],
    ['after the request line', ['GET /voice HTTP/1.1\r\n']],
    ['in the headers', ['GET /voice HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n']],
    ['after the handshake', ['handshake']],
    ['in the middle of a frame', ['handshake', '\x81\xfe\x10']],
  ])('%s leaves nothing', async (_, parts) => {
    const { port } = new URL(server.url)
    const socket = net.connect(Number(port), '127.0.0.1')
    await new Promise(resolve => socket.once('connect', resolve))
    for (const part of parts) {
      if (part !== 'handshake') {
        socket.write(Buffer.from(part, 'latin1'))
        continue
      }
      const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13'
      socket.write(`GET /voice HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`)
      await new Promise(resolve => socket.once('data', resolve))
    }
    socket.destroy()
    await nothingLeft()
  })

  it.each(['config', 'ready'])('after %s leaves nothing but a session that waits for its client', async step => {
    const client = await Client.connect(server.url, '')
    client.send({ type: 'config' })
    if (step === 'ready') await client.expect('ready')
    client.cut()
    await nothingLeft()
  })
})
