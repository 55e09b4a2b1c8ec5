import { beforeEach, expect, it } from 'vitest'
import {
  type BeginCall,
  type RecognitionCall,
  type RecognitionCallEvents,
  RecognitionCalls,
} from '../../../adapters/internal/recognition-calls.js'
import type { ProviderFailure, Transcript } from '../../../src/providers/contracts.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { SttRecorder } from '../../fixtures/providers/recorder.js'
import { format } from '../../fixtures/providers/streams.js'

/** A call that does what a test says. */
class FakeCall implements RecognitionCall {
  readonly events: RecognitionCallEvents
  bufferedBytes = 0
  bytes = 0
  writable = true
  state: 'open' | 'ended' | 'aborted' = 'open'

  constructor(events: RecognitionCallEvents) {
    this.events = events
  }

  push(audio: Uint8Array): boolean {
    this.bytes += audio.length
    return this.writable
  }

  end(): void {
    this.state = 'ended'
  }

  abort(): void {
    this.state = 'aborted'
  }

  final(text: string, startMs = 0, endMs = 100): void {
    const words = [{ text, startMs, endMs }]
    this.events.transcript({ kind: 'final', text, startMs, endMs, words } satisfies Transcript)
  }
}

const failure: ProviderFailure = { class: 'connection', reason: 'cut' }
const second = new Uint8Array(32_000)

let clock: ManualClock
let calls: FakeCall[]
let sink: SttRecorder
let controller: AbortController
let released: number
let loaded: (begin: BeginCall) => void
let stream: RecognitionCalls

beforeEach(() => {
  clock = new ManualClock()
  calls = []
  sink = new SttRecorder()
  controller = new AbortController()
  released = 0
  const begin = new Promise<BeginCall>(resolve => {
    loaded = resolve
  })
  const request = { format, baseOffsetMs: 0, signal: controller.signal, options: {} }
  const options = { clock, request, load: () => begin, loadFailure: () => failure, released: () => void released++ }
  stream = new RecognitionCalls(options, sink)
})

/** Loads the client and connects the first call. */
async function open(): Promise<void> {
  loaded(events => {
    calls.push(new FakeCall(events))
    return calls.at(-1)!
  })
  await soon()
  calls[0]?.events.ready()
}

function soon(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

it('keeps audio and wishes until the client is loaded, and says when that is enough', async () => {
  for (let i = 0; i < 8; i++) expect(stream.push(second)).toBe(true)
  expect(stream.push(second)).toBe(false)
  expect(stream.bufferedBytes).toBe(9 * 32_000)
  stream.finalize()
  await open()
  await soon()
  expect(calls).toMatchObject([{ bytes: 9 * 32_000, state: 'ended' }])
  expect(sink.types()).toEqual(['open', 'drain'])
  expect(stream.bufferedBytes).toBe(0)
})

it('lets a call speak only when the one before has ended', async () => {
  await open()
  stream.push(second)
  stream.finalize()
  stream.push(second)
  const [one, two] = calls as [FakeCall, FakeCall]
  two.events.speechStarted(10)
  two.final('two')
  one.final('one')
  one.events.ended()
  await soon()
  expect(sink.types()).toEqual(['open', 'transcript', 'finalized', 'speechStarted', 'transcript'])
  expect(sink.of('speechStarted')[0]?.atMs).toBe(1010)
  expect(sink.of('transcript')[1]?.transcript).toMatchObject({
    text: 'two',
    startMs: 1000,
    endMs: 1100,
    words: [{ startMs: 1000, endMs: 1100 }],
  })
})

it('answers every finalize once, with audio and without', async () => {
  await open()
  stream.finalize()
  await soon()
  expect(sink.of('finalized')).toHaveLength(1)
  stream.push(second)
  stream.finalize()
  stream.finalize()
  await soon()
  expect(sink.of('finalized')).toHaveLength(1)
  calls[0]?.events.ended()
  expect(sink.of('finalized')).toHaveLength(3)
  expect(calls).toHaveLength(1)
})

it('drops a call that heard nothing when it is idle, and ends one that did', async () => {
  await open()
  stream.keepAlive()
  expect(calls[0]?.state).toBe('aborted')
  stream.push(second)
  stream.keepAlive()
  stream.keepAlive()
  expect(calls[1]?.state).toBe('ended')
  calls[1]?.events.ended()
  expect(sink.types()).toEqual(['open'])
  expect(clock.pending).toBe(0)
})

it('fails when the vendor hangs up without being asked', async () => {
  await open()
  calls[0]?.events.ended()
  expect((await sink.until('closed')).failure).toMatchObject({ class: 'connection' })
  expect(released).toBe(1)
})

it('tells a failure of a later call when the earlier one has said everything', async () => {
  await open()
  stream.push(second)
  stream.finalize()
  stream.push(second)
  calls[1]?.events.ended(failure)
  calls[0]?.final('one')
  expect(sink.types()).toEqual(['open', 'transcript'])
  calls[0]?.events.ended()
  expect((await sink.until('closed')).failure).toBe(failure)
  expect(sink.types()).toEqual(['open', 'transcript', 'finalized', 'closed'])
})

it('waits for the last results, but not for ever', async () => {
  await open()
  stream.push(second)
  stream.close()
  expect(calls[0]?.state).toBe('ended')
  clock.advance(4999)
  expect(sink.types()).toEqual(['open'])
  clock.advance(1)
  expect((await sink.until('closed')).failure).toBeUndefined()
  expect([calls[0]?.state, clock.pending, released]).toEqual(['aborted', 0, 1])
})

it('ends without a failure when a call fails after goodbye', async () => {
  await open()
  stream.push(second)
  stream.close()
  calls[0]?.events.ended(failure)
  expect((await sink.until('closed')).failure).toBeUndefined()
})

it('passes on drain of the call in use only', async () => {
  await open()
  calls[0]!.writable = false
  expect(stream.push(second)).toBe(false)
  stream.finalize()
  stream.push(second)
  calls[0]?.events.drain()
  expect(sink.of('drain')).toHaveLength(0)
  calls[1]?.events.drain()
  expect(sink.of('drain')).toHaveLength(1)
})

it('says nothing more once it is aborted', async () => {
  await open()
  stream.push(second)
  stream.finalize()
  stream.push(second)
  controller.abort()
  for (const { events } of calls) {
    events.transcript({ kind: 'final', text: 'late', startMs: 0, endMs: 1 })
    events.ended(failure)
  }
  await soon()
  expect(sink.types()).toEqual(['open', 'closed'])
  expect(calls.map(({ state }) => state)).toEqual(['aborted', 'aborted'])
  expect([clock.pending, released]).toEqual([0, 1])
})
