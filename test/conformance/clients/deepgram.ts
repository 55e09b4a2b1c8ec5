import { DeepgramClient } from '@deepgram/sdk'
import { expect, it } from 'vitest'
import { textOf } from '../../../src/testing/spoken-text.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { type FakeVendor, fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { format } from '../../fixtures/providers/streams.js'
import { Inbox } from '../inbox.js'

const audio = { encoding: 'linear16', sample_rate: 16_000 } as const
/** The client would connect again by itself, and hide what the server said. */
const once = { reconnectAttempts: 0, Authorization: `Token ${fakeKey}` }

function clientOf(fake: FakeVendor): DeepgramClient {
  return new DeepgramClient({ apiKey: fakeKey, baseUrl: fake.url })
}

interface Message {
  readonly type: string
}

interface Socket {
  on(event: 'message', listener: (message: never) => void): void
  on(event: 'close', listener: (event: { readonly code: number }) => void): void
  connect(): unknown
  waitForOpen(): Promise<unknown>
}

async function opened<S extends Socket>(
  socket: S,
): Promise<{ socket: S; inbox: Inbox<Message>; closed: Promise<number> }> {
  const inbox = new Inbox<Message>()
  const closed = new Promise<number>(resolve => {
    socket.on('close', ({ code }) => resolve(code))
  })
  socket.on('message', (message: Message | Blob | ArrayBuffer) => inbox.add(message as Message))
  socket.connect()
  await socket.waitForOpen()
  return { socket, inbox, closed }
}

export function listenV1(fake: () => FakeVendor): void {
  it('hears speech, interims, the answer to a finalize, and goodbye', async () => {
    const { socket, inbox, closed } = await opened(
      await clientOf(fake()).listen.v1.connect({
        ...once,
        ...audio,
        model: 'nova-3',
        interim_results: 'true',
        vad_events: 'true',
        endpointing: 300,
      }),
    )
    socket.sendKeepAlive({ type: 'KeepAlive' })
    socket.sendMedia(speak('turn on the light', format))
    socket.sendMedia(silence(400, format))
    const final = await inbox.until<Results>('Results', message => message.speech_final === true)
    expect(final.channel.alternatives[0]?.transcript).toBe('turn on the light')
    expect(inbox.of('SpeechStarted')).toHaveLength(1)
    socket.sendMedia(speak('now', format))
    socket.sendFinalize({ type: 'Finalize' })
    await inbox.until<Results>('Results', message => message.from_finalize === true)
    socket.sendCloseStream({ type: 'CloseStream' })
    expect(await inbox.until('Metadata')).toMatchObject({ request_id: 'request-1' })
    expect(await closed).toBe(1000)
  })

  it('is refused with a wrong key', async () => {
    const client = new DeepgramClient({ apiKey: 'wrong', baseUrl: fake().url })
    const socket = await client.listen.v1.connect({ ...once, Authorization: 'Token wrong', ...audio, model: 'nova-3' })
    const failed = new Promise<Error>(resolve => {
      socket.on('error', resolve)
    })
    socket.connect()
    expect((await failed).message).toContain('401')
    socket.close()
  })
}

export function listenV2(fake: () => FakeVendor): void {
  it('hears turns, forced ends and new options, and is closed without a code', async () => {
    const { socket, inbox, closed } = await opened(
      await clientOf(fake()).listen.v2.connect({
        ...once,
        ...audio,
        model: 'flux-general-en',
        eager_eot_threshold: 0.5,
      }),
    )
    expect(await inbox.until('Connected')).toMatchObject({ request_id: 'request-1', sequence_id: 0 })
    socket.sendMedia(speak('hello', format))
    socket.sendMedia(silence(800, format))
    const end = await inbox.until<TurnInfo>('TurnInfo', ({ event }) => event === 'EndOfTurn')
    expect(end).toMatchObject({ transcript: 'hello', turn_index: 0, trigger: 'model' })
    socket.sendMedia(speak('again', format))
    socket.sendForceEndTurn({ type: 'ForceEndTurn' })
    await inbox.until<TurnInfo>('TurnInfo', ({ trigger }) => trigger === 'manual')
    socket.sendConfigure({ type: 'Configure', keyterms: ['voice'] })
    expect(await inbox.until('ConfigureSuccess')).toMatchObject({ keyterms: ['voice'] })
    socket.sendCloseStream({ type: 'CloseStream' })
    expect(await closed).toBe(1005)
  })
}

export function speakV1(fake: () => FakeVendor): void {
  it('hears what it flushed, nothing of what it cleared, and goodbye', async () => {
    const client = clientOf(fake())
    const { socket, inbox, closed } = await opened(
      await client.speak.v1.connect({ ...once, ...audio, model: 'aura-2-thalia-en', sample_rate: '16000' }),
    )
    expect(await inbox.until('Metadata')).toMatchObject({ request_id: 'request-1' })
    socket.sendText({ type: 'Speak', text: 'Hello there.' })
    socket.sendFlush({ type: 'Flush' })
    expect(await inbox.until('Flushed')).toMatchObject({ sequence_id: 0 })
    expect(textOf(await bytesOf(inbox.untyped))).toBe('Hello there.')
    socket.sendText({ type: 'Speak', text: 'Never mind.' })
    socket.sendClear({ type: 'Clear' })
    expect(await inbox.until('Cleared')).toMatchObject({ sequence_id: 1 })
    socket.sendClose({ type: 'Close' })
    expect(await closed).toBe(1000)
    expect(textOf(await bytesOf(inbox.untyped))).toBe('Hello there.')
  })
}

async function bytesOf(parts: readonly unknown[]): Promise<Uint8Array> {
  const blob = new Blob(parts as (Blob | ArrayBuffer)[])
  return new Uint8Array(await blob.arrayBuffer())
}

interface Results extends Message {
  readonly speech_final?: boolean
  readonly from_finalize?: boolean
  readonly channel: { readonly alternatives: readonly { readonly transcript: string }[] }
}

interface TurnInfo extends Message {
  readonly event: string
  readonly trigger?: string
}
