import { createRequire } from 'node:module'
import { AudioFormat, CommitStrategy, ElevenLabsClient, RealtimeEvents } from '@elevenlabs/elevenlabs-js'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { textOf } from '../../../src/testing/spoken-text.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { type FakeVendor, fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { format } from '../../fixtures/providers/streams.js'
import { Inbox } from '../inbox.js'

const events = [
  RealtimeEvents.SESSION_STARTED,
  RealtimeEvents.PARTIAL_TRANSCRIPT,
  RealtimeEvents.COMMITTED_TRANSCRIPT,
  RealtimeEvents.COMMITTED_TRANSCRIPT_WITH_TIMESTAMPS,
  RealtimeEvents.COMMIT_THROTTLED,
  RealtimeEvents.AUTH_ERROR,
] as const

interface Event {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

type Connection = Awaited<ReturnType<ElevenLabsClient['speechToText']['realtime']['connect']>>

async function connect(fake: FakeVendor, apiKey = fakeKey): Promise<{ connection: Connection; inbox: Inbox<Event> }> {
  const client = new ElevenLabsClient({ apiKey, baseUrl: fake.url.replace('ws', 'http') })
  const connection = await client.speechToText.realtime.connect({
    modelId: 'scribe_v2_realtime',
    audioFormat: AudioFormat.PCM_16000,
    sampleRate: 16_000,
    commitStrategy: CommitStrategy.VAD,
    vadSilenceThresholdSecs: 0.5,
    includeTimestamps: true,
  })
  const inbox = new Inbox<Event>()
  for (const type of events) connection.on(type, data => inbox.add({ type, data: data as never }))
  return { connection, inbox }
}

function base64(audio: Uint8Array): string {
  return Buffer.from(audio).toString('base64')
}

export function scribe(fake: () => FakeVendor): void {
  it('hears partials, commits by silence and on demand, and refusals of short ones', async () => {
    const { connection, inbox } = await connect(fake())
    expect((await inbox.until(RealtimeEvents.SESSION_STARTED)).data).toMatchObject({ session_id: 'request-1' })
    connection.send({ audioBase64: base64(speak('turn it on', format)) })
    connection.send({ audioBase64: base64(silence(600, format)) })
    const timed = await inbox.until(RealtimeEvents.COMMITTED_TRANSCRIPT_WITH_TIMESTAMPS)
    expect(timed.data).toMatchObject({ text: 'turn it on', words: [{ text: 'turn', type: 'word' }, {}, {}, {}, {}] })
    expect(inbox.of(RealtimeEvents.COMMITTED_TRANSCRIPT)).toHaveLength(1)
    expect(inbox.of(RealtimeEvents.PARTIAL_TRANSCRIPT)).toHaveLength(3)
    connection.send({ audioBase64: base64(speak('off', format)) })
    connection.commit()
    await inbox.until(RealtimeEvents.COMMITTED_TRANSCRIPT, ({ data }) => data.text === 'off')
    connection.commit()
    await inbox.until(RealtimeEvents.COMMIT_THROTTLED)
    connection.close()
  })

  it('is told of a wrong key after the upgrade', async () => {
    const { inbox } = await connect(fake(), 'wrong')
    expect((await inbox.until(RealtimeEvents.AUTH_ERROR)).data.error).toContain('authenticated')
  })
}

interface Schema {
  jsonOrThrow(value: unknown): unknown
  parseOrThrow(value: unknown, options: object): unknown
}

/** There is no client for this socket, only the schemas of its messages. */
const schemas = createRequire(import.meta.url)('@elevenlabs/elevenlabs-js/serialization') as Readonly<
  Record<string, Schema>
>

function schema(name: string): Schema {
  const found = schemas[name]
  if (!found) throw new Error(`the SDK has no schema ${name}`)
  return found
}

interface Output {
  readonly audio?: string
  readonly isFinal?: boolean
  readonly contextId?: string
}

/** A client made of those schemas: everything sent is made by one, everything received must fit one. */
class SchemaClient {
  readonly outputs: Output[] = []
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  private readonly socket: WebSocket

  constructor(fake: FakeVendor) {
    const query = 'model_id=eleven_flash_v2_5&output_format=pcm_16000&sync_alignment=true'
    this.socket = new WebSocket(`${fake.url}/v1/text-to-speech/voice/multi-stream-input?${query}`, {
      headers: { 'xi-api-key': fakeKey },
    })
    this.socket.on('message', data => this.outputs.push(JSON.parse(String(data))))
    this.closed = new Promise(resolve => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
    })
  }

  async open(): Promise<this> {
    await new Promise(resolve => this.socket.once('open', resolve))
    return this
  }

  send(name: string, message: object): void {
    this.socket.send(JSON.stringify(schema(name).jsonOrThrow(message)))
  }

  async until(fits: (output: Output) => boolean): Promise<void> {
    while (!this.outputs.some(fits)) await new Promise(resolve => this.socket.once('message', resolve))
  }
}

export function multiStream(fake: () => FakeVendor): void {
  it('takes every message that the schemas make, and answers with what they parse', async () => {
    const client = await new SchemaClient(fake()).open()
    client.send('InitializeConnectionMulti', {
      text: ' ',
      contextId: 'a',
      voiceSettings: { stability: 0.5, speed: 1.1 },
    })
    client.send('SendTextMulti', { text: 'Hello there. ', contextId: 'a', flush: true })
    client.send('KeepContextAlive', { text: '', contextId: 'a' })
    client.send('SendTextMulti', { text: 'Bye. ', contextId: 'a' })
    client.send('FlushContext', { contextId: 'a', flush: true })
    client.send('CloseContext', { contextId: 'a', closeContext: true })
    await client.until(({ isFinal }) => isFinal === true)
    const final = client.outputs.filter(({ isFinal }) => isFinal === true)
    for (const output of final) schema('FinalOutputMulti').parseOrThrow(output, { unrecognizedObjectKeys: 'fail' })
    const spoken = client.outputs.filter(({ audio }) => audio !== undefined)
    for (const output of spoken) schema('AudioOutputMulti').parseOrThrow(output, { unrecognizedObjectKeys: 'strip' })
    expect(final).toEqual([{ isFinal: true, contextId: 'a' }])
    expect(textOf(Buffer.concat(spoken.map(({ audio }) => Buffer.from(audio!, 'base64'))))).toBe('Hello there. Bye. ')
    client.send('CloseSocket', { closeSocket: true })
    expect(await client.closed).toMatchObject({ code: 1000 })
  })

  it('ends the socket of a client that opens a sixth context', async () => {
    const client = await new SchemaClient(fake()).open()
    for (const contextId of ['a', 'b', 'c', 'd', 'e', 'f'])
      client.send('InitializeConnectionMulti', { text: ' ', contextId })
    const { code, reason } = await client.closed
    expect(code).toBe(1008)
    expect(reason).toMatch(/^Maximum simultaneous contexts per WebSocket connection exceeded \(5\)/)
    expect(client.outputs.at(-1)).toMatchObject({ error: 'max_active_conversations', code: 1008 })
  })
}
