import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { expect, it } from 'vitest'
import { textOf } from '../../../src/testing/spoken-text.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { type FakeVendor, fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { Inbox } from '../inbox.js'

const format = { encoding: 'linear16', sampleRate: 24_000, channels: 1 } as const
const transcription = 'conversation.item.input_audio_transcription'

function clientOf(fake: FakeVendor, apiKey = fakeKey): OpenAI {
  const baseURL = `${fake.url.replace('ws', 'http').replace('127.0.0.1', 'localhost')}/v1`
  return new OpenAI({ apiKey, baseURL, maxRetries: 0 })
}

interface Event {
  readonly type: string
  readonly delta?: string
  readonly transcript?: string
  readonly audio_start_ms?: number
}

interface Session {
  readonly socket: OpenAIRealtimeWS
  readonly inbox: Inbox<Event>
  readonly closed: Promise<number>
}

/** Its realtime socket is `wss` whatever the base URL says. */
function connect(fake: FakeVendor, apiKey?: string): Session {
  const socket = new OpenAIRealtimeWS({ intent: 'transcription' }, clientOf(fake, apiKey))
  const inbox = new Inbox<Event>()
  socket.on('event', event => inbox.add(event as Event))
  socket.on('error', error => inbox.add({ type: `failed: ${error.error?.code}` }))
  const closed = new Promise<number>(resolve => {
    socket.socket.on('close', code => resolve(code))
  })
  return { socket, inbox, closed }
}

async function configured(fake: FakeVendor, model: string): Promise<Session> {
  const session = connect(fake)
  await session.inbox.until('session.created')
  const input = { format: { type: 'audio/pcm', rate: 24_000 }, transcription: { model } } as const
  session.socket.send({ type: 'session.update', session: { type: 'transcription', audio: { input } } })
  await session.inbox.until('session.updated')
  return session
}

function say({ socket }: Session, ...audio: readonly Uint8Array[]): void {
  for (const pcm of audio)
    socket.send({ type: 'input_audio_buffer.append', audio: Buffer.from(pcm).toString('base64') })
}

export function live(fake: () => FakeVendor): void {
  it('hears words while they are spoken, and the result of a commit', async () => {
    const session = await configured(fake(), 'gpt-live-transcribe')
    say(session, speak('turn it on', format))
    const { socket, inbox, closed } = session
    await inbox.until(`${transcription}.delta`, ({ delta }) => delta === ' on')
    socket.send({ type: 'input_audio_buffer.commit' })
    expect(await inbox.until(`${transcription}.completed`)).toMatchObject({ transcript: 'turn it on' })
    socket.send({ type: 'input_audio_buffer.commit' })
    await inbox.until('failed: input_audio_buffer_commit_empty')
    socket.close()
    expect(await closed).toBe(1000)
  })

  it('is told of a wrong key after the upgrade', async () => {
    const { inbox, closed } = connect(fake(), 'wrong')
    await inbox.until('failed: invalid_api_key')
    expect(await closed).toBe(3000)
  })
}

export function serverVad(fake: () => FakeVendor): void {
  it('hears where speech begins and ends, and its words after that', async () => {
    const session = await configured(fake(), 'gpt-transcribe')
    say(session, silence(400, format), speak('turn it on', format), silence(600, format))
    const { inbox, socket } = session
    expect(await inbox.until(`${transcription}.completed`)).toMatchObject({ transcript: 'turn it on' })
    expect(inbox.messages.map(({ type }) => type).slice(2)).toEqual([
      'input_audio_buffer.speech_started',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.added',
      `${transcription}.delta`,
      `${transcription}.completed`,
    ])
    expect(inbox.of('input_audio_buffer.speech_started')[0]).toMatchObject({ audio_start_ms: 100 })
    socket.close()
  })
}

export function speech(fake: () => FakeVendor): void {
  const request = { model: 'gpt-4o-mini-tts', voice: 'coral', response_format: 'pcm' } as const

  it('hears samples as they are made', async () => {
    const answer = await clientOf(fake()).audio.speech.create({ ...request, input: 'Hello there.' })
    const pieces: Uint8Array[] = []
    for await (const piece of answer.body!) pieces.push(piece)
    expect(textOf(Buffer.concat(pieces))).toBe('Hello there.')
    expect(answer.headers.get('x-request-id')).toBe('request-1')
  })

  it('finds a model', async () => {
    expect(await clientOf(fake()).models.retrieve('gpt-4o-mini-tts')).toMatchObject({ id: 'gpt-4o-mini-tts' })
  })

  it('is refused with a wrong key, and with a text that is too long', async () => {
    const speaking = clientOf(fake(), 'wrong').audio.speech.create({ ...request, input: 'Hello.' })
    await expect(speaking).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' })
    const long = clientOf(fake()).audio.speech.create({ ...request, input: 'a'.repeat(4097) })
    await expect(long).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' })
  })
}
