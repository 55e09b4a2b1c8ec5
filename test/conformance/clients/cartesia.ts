import { createRequire } from 'node:module'
import type { Cartesia as Client } from '@cartesia/cartesia-js'
import { expect, it } from 'vitest'
import { textOf } from '../../../src/testing/spoken-text.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { type FakeVendor, fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { format } from '../../fixtures/providers/streams.js'
import { Inbox } from '../inbox.js'

/** Its ES modules look for `ws` with `require`, which they do not have. */
const { Cartesia } = createRequire(import.meta.url)('@cartesia/cartesia-js') as { readonly Cartesia: typeof Client }

const audio = { encoding: 'pcm_s16le', sample_rate: 16_000 } as const

function clientOf(fake: FakeVendor): Client {
  // Its synthesis socket is `wss` whatever the base URL says. The certificate names localhost.
  return new Cartesia({ apiKey: fakeKey, baseURL: fake.url.replace('ws', 'http').replace('127.0.0.1', 'localhost') })
}

interface Message {
  readonly type?: string
  readonly transcript?: string
  readonly is_final?: boolean
  readonly text?: string
}

export function turns(fake: () => FakeVendor): void {
  it('hears turns with their may-be ends, and goodbye', async () => {
    const socket = clientOf(fake()).stt.autoFinalize.websocket({ ...audio, model: 'ink-2' })
    const inbox = new Inbox<Message>()
    const closed = new Promise<number>(resolve => {
      socket.on('close', code => resolve(code))
    })
    socket.on('event', event => inbox.add(event))
    socket.sendRaw(speak('well', format))
    socket.sendRaw(silence(300, format))
    socket.sendRaw(speak('yes', format))
    socket.sendRaw(silence(800, format))
    expect(await inbox.until('turn.end')).toMatchObject({ transcript: 'well yes', request_id: 'request-1' })
    expect(inbox.messages.map(({ type }) => type)).toEqual([
      'connected',
      'turn.start',
      'turn.update',
      'turn.eager_end',
      'turn.resume',
      'turn.update',
      'turn.eager_end',
      'turn.end',
    ])
    socket.send({ type: 'close' })
    expect(await closed).toBe(1000)
  })
}

export function manual(fake: () => FakeVendor): void {
  it('hears transcripts, the answer to finalize, and goodbye', async () => {
    const socket = clientOf(fake()).stt.manualFinalize.websocket({ ...audio, model: 'ink-2' })
    const inbox = new Inbox<Message>()
    const closed = new Promise<number>(resolve => {
      socket.on('close', code => resolve(code))
    })
    socket.on('event', event => inbox.add(event))
    socket.sendRaw(speak('push to talk', format))
    socket.send('finalize')
    await inbox.until('flush_done')
    const final = inbox.of('transcript').filter(({ is_final }) => is_final)
    expect(final).toMatchObject([{ text: 'push to talk', words: [{ word: 'push' }, { word: 'to' }, { word: 'talk' }] }])
    socket.send('close')
    await inbox.until('done')
    expect(await closed).toBe(1000)
  })

  it('is refused with a wrong key', async () => {
    const client = new Cartesia({ apiKey: 'wrong', baseURL: fake().url.replace('ws', 'http') })
    const socket = client.stt.manualFinalize.websocket({ ...audio, model: 'ink-2' })
    const error = await new Promise<Error>(resolve => {
      socket.on('error', resolve)
    })
    expect(error.message).toContain('401')
  })
}

/** The fake must speak TLS. */
export function tts(fake: () => FakeVendor): void {
  const request = {
    model_id: 'sonic-3.5',
    voice: { id: 'voice' },
    output_format: { container: 'raw', encoding: 'pcm_s16le', sample_rate: 16_000 },
  } as const

  it('hears its contexts with the times of words', async () => {
    const socket = await clientOf(fake()).tts.websocket()
    await socket.connect()
    const context = socket.context({ ...request, contextId: 'a', add_timestamps: true })
    await context.push({ transcript: 'Hello there. ', flush: true })
    await context.push({ transcript: 'Bye.' })
    await context.no_more_inputs()
    const received: Awaited<ReturnType<ReturnType<typeof context.receive>['next']>>['value'][] = []
    for await (const event of context.receive()) received.push(event)
    const chunks = received.flatMap(event => (event?.type === 'chunk' && event.audio ? [event.audio] : []))
    expect(textOf(Buffer.concat(chunks))).toBe('Hello there. Bye.')
    const words = received.flatMap(event => (event?.type === 'timestamps' ? (event.word_timestamps?.words ?? []) : []))
    expect(words).toEqual(['Hello', 'there.', 'Bye.'])
    expect(received.map(event => event?.type)).toContain('flush_done')
    expect(received.at(-1)).toMatchObject({ type: 'done', context_id: 'a' })
    socket.close()
  })

  it('hears that its plan allows no more contexts', async () => {
    const socket = await clientOf(fake()).tts.websocket()
    await socket.connect()
    const contexts = ['a', 'b', 'c'].map(contextId => socket.context({ ...request, contextId }))
    const failed = new Promise<Error>(resolve => {
      socket.on('error', resolve)
    })
    for (const context of contexts) await context.push({ transcript: 'Hello.' })
    expect((await failed).message).toContain('Too many concurrent requests')
    socket.close()
  })
}
