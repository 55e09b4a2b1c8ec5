import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deepgram } from '../../../adapters/providers/deepgram.js'
import { elevenlabs } from '../../../adapters/providers/elevenlabs.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { FakeDeepgram } from '../../fixtures/providers/deepgram.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { SttRecorder } from '../../fixtures/providers/recorder.js'
import { connectStt, format, openStt, openTts, pushAll } from '../../fixtures/providers/streams.js'

/** What all vendors' streams have from the socket they share, shown with one of them. */
let fake: FakeDeepgram
let clock: ManualClock

beforeEach(async () => {
  fake = await new FakeDeepgram().listen()
  clock = new ManualClock()
})

afterEach(async () => {
  await fake.close()
  expect(clock.pending).toBe(0)
})

function vendor(baseUrl = fake.url): ReturnType<typeof deepgram> {
  return deepgram({ apiKey: fakeKey, baseUrl, clock })
}

describe('connecting', () => {
  it('takes http for ws, slashes at the end, and a path before its own', async () => {
    const { sink } = connectStt(vendor(`${fake.url.replace('ws', 'http')}//`).stt)
    await sink.until('open')
    const other = connectStt(vendor(`${fake.url}/proxy/`).stt)
    expect((await other.sink.until('closed')).failure).toMatchObject({ httpStatus: 404 })
    expect(fake.upgrades.map(({ path }) => path)).toEqual(['/v1/listen', '/proxy/v1/listen'])
  })

  it('trims a key that came with a line break', async () => {
    const { sink } = connectStt(deepgram({ apiKey: `${fakeKey}\n`, baseUrl: fake.url, clock }).stt)
    await sink.until('open')
  })

  it('fails without throwing when the key cannot stand in a header', async () => {
    const { sink } = connectStt(deepgram({ apiKey: 'a\nb', baseUrl: fake.url, clock }).stt)
    const { failure } = await sink.until('closed')
    expect(failure).toMatchObject({ class: 'data' })
    expect(failure?.reason).not.toContain('a\nb')
  })

  it('fails when nobody listens', async () => {
    const { url } = fake
    await fake.close()
    const { sink } = connectStt(vendor(url).stt)
    const { failure } = await sink.until('closed')
    expect(failure).toMatchObject({ class: 'connection' })
    expect(failure?.reason).toContain('ECONNREFUSED')
    fake = await new FakeDeepgram().listen()
  })

  it('tells nothing inside the call', async () => {
    const { sink, controller } = connectStt(deepgram({ apiKey: 'a\nb', baseUrl: fake.url, clock }).stt)
    expect(sink.events).toEqual([])
    controller.abort()
    await sink.until('closed')
  })

  it('does not wait for a refusal whose reasons never end', async () => {
    const endless = await refusingServer()
    const { sink } = connectStt(vendor(endless.url).stt)
    await endless.asked
    while (clock.pending === 0) await new Promise(setImmediate)
    clock.advance(1000)
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'quota', httpStatus: 402 })
    endless.server.close()
  })

  it('reads no more than 8 KiB of reasons', async () => {
    fake.next({ refuse: { status: 400, body: JSON.stringify({ err_msg: 'x'.repeat(9000) }) } })
    const { sink } = connectStt(vendor().stt)
    expect((await sink.until('closed')).failure).toMatchObject({ class: 'data', httpStatus: 400 })
  })
})

describe('aborting', () => {
  it('ends a stream that is connecting', async () => {
    const { stream, sink } = connectStt(vendor().stt)
    stream.abort()
    stream.abort()
    await sink.until('closed')
    expect(sink.events).toEqual([{ type: 'closed', failure: undefined }])
  })

  it('ends a stream when its signal does, also one that was aborted before', async () => {
    const open = await openStt(vendor().stt)
    open.controller.abort()
    await open.sink.until('closed')
    expect(await fake.last.ended).toMatchObject({ code: 1006 })
    const controller = new AbortController()
    controller.abort()
    const sink = new SttRecorder()
    vendor().stt.connect({ format, baseOffsetMs: 0, signal: controller.signal, options: {} }, sink)
    await sink.until('closed')
    expect([...open.sink.types(), ...sink.types()]).toEqual(['open', 'closed', 'closed'])
  })

  it('takes nothing any more', async () => {
    const { stream, sink } = await openStt(vendor().stt)
    stream.abort()
    expect(stream.push(speak('lost', format))).toBe(true)
    stream.finalize?.()
    stream.keepAlive?.()
    stream.close()
    await sink.until('closed')
    expect(sink.types()).toEqual(['open', 'closed'])
  })

  it('drops what was about to be told', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.speak('', { contextId: 'a', end: true })
    stream.abort()
    await sink.until('closed')
    expect(sink.types()).toEqual(['open', 'closed'])
  })
})

describe('saying goodbye', () => {
  it('is not waited for longer than 5 seconds', async () => {
    fake.next({ zombie: true })
    const { stream, sink } = await openStt(vendor().stt)
    stream.close()
    clock.advance(4999)
    expect(sink.types()).toEqual(['open'])
    clock.advance(1)
    expect((await sink.until('closed')).failure).toBeUndefined()
  })

  it('is heard by a stream that was paused', async () => {
    const { stream, sink } = await openTts(vendor().tts)
    stream.pause?.()
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
  })

  it('before it is open waits until what was said before has been sent', async () => {
    const { stream, sink } = connectStt(vendor().stt)
    pushAll(stream, speak('early words', format))
    expect(stream.bufferedBytes).toBe(2 * 12_800)
    stream.close()
    stream.push(speak('late', format))
    expect((await sink.until('closed')).failure).toBeUndefined()
    expect(sink.events[0]?.type).toBe('open')
    expect(sink.texts('final')).toEqual(['early words'])
    expect(fake.last.audioBytes).toBe(2 * 12_800)
  })

  it("before it is open is nobody's failure when the upgrade is refused", async () => {
    fake.next({ refuse: { status: 503 } })
    const { stream, sink } = connectStt(vendor().stt)
    stream.close()
    await sink.until('closed')
    expect(sink.events).toEqual([{ type: 'closed', failure: undefined }])
  })

  it('waits until everything was spoken, for 10 seconds', async () => {
    const done = await openTts(vendor().tts)
    done.stream.speak('To the end.', { contextId: 'a', flush: false })
    done.stream.close()
    done.stream.speak('Too late.', { contextId: 'b', end: true })
    await done.sink.until('closed')
    expect(done.sink.heard('a')).toBe('To the end.')
    expect(done.sink.types().slice(-2)).toEqual(['done', 'closed'])

    fake.next({ zombie: true })
    const stuck = await openTts(vendor().tts)
    stuck.stream.speak('Nobody says this.', { contextId: 'a', end: true })
    stuck.stream.close()
    clock.advance(10_000)
    clock.advance(5000)
    expect((await stuck.sink.until('closed')).failure).toBeUndefined()
  })

  it('makes no failure of one that comes meanwhile', async () => {
    fake.next({ closeAfter: { messages: 1, code: 1011 } })
    const { stream, sink } = await openStt(vendor().stt)
    stream.close()
    expect((await sink.until('closed')).failure).toBeUndefined()
  })
})

describe('a vendor that does not read', () => {
  it('is told by push, and again when it reads', async () => {
    fake.next({ stallReads: true })
    const { stream, sink } = await openStt(vendor().stt)
    const second = silence(1000, format)
    let seconds = 0
    while (stream.push(second)) seconds++
    // A kernel takes megabytes before anything can be seen.
    expect(seconds).toBeGreaterThan(8)
    expect(stream.bufferedBytes).toBeGreaterThan(256 * 1024)
    expect(stream.push(second)).toBe(false)
    expect(sink.types()).toEqual(['open'])
    fake.last.read()
    await sink.until('drain')
    expect(stream.push(second)).toBe(true)
    expect(sink.of('drain')).toHaveLength(1)
    stream.abort()
    await sink.until('closed')
  })
})

describe('a vendor that is gone without a word', () => {
  it.each([
    ['a zombie', { zombie: true }],
    ['a broken network', { halfOpen: true }],
  ])('%s can be left', async (_, fault) => {
    fake.next(fault)
    const { stream, sink } = await openStt(vendor().stt)
    pushAll(stream, speak('is anybody there', format), silence(1000, format))
    stream.abort()
    await sink.until('closed')
    expect(sink.types()).toEqual(['open', 'closed'])
  })
})

it('keeps secrets out of what can be printed', () => {
  const { stt } = elevenlabs({ apiKey: fakeKey })
  expect(JSON.stringify(stt)).not.toContain(fakeKey)
})

/** Refuses an upgrade and never finishes saying why. */
async function refusingServer(): Promise<{ server: Server; url: string; asked: Promise<void> }> {
  let told = (): void => {}
  const asked = new Promise<void>(resolve => {
    told = resolve
  })
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write('HTTP/1.1 402 Payment Required\r\ncontent-length: 1000\r\n\r\n{"err_msg":')
      told()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { server, asked, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
