import { beforeEach, expect, it } from 'vitest'
import { type ContextCall, type ContextEvents, SpeechContexts } from '../../../adapters/internal/speech-contexts.js'
import type { ProviderFailure } from '../../../src/providers/contracts.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { TtsRecorder } from '../../fixtures/providers/recorder.js'
import { format } from '../../fixtures/providers/streams.js'

/** A call that does what a test says. */
class FakeCall implements ContextCall {
  readonly events: ContextEvents
  readonly texts: string[] = []
  ended = false
  aborted = false
  paused = false

  constructor(events: ContextEvents) {
    this.events = events
  }

  speak(text: string): void {
    this.texts.push(text)
  }

  end(): void {
    this.ended = true
  }

  abort(): void {
    this.aborted = true
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }
}

const failure: ProviderFailure = { class: 'connection', reason: 'cut' }

let clock: ManualClock
let calls: FakeCall[]
let sink: TtsRecorder
let controller: AbortController
let released: number
let loaded: () => void
let stream: SpeechContexts

beforeEach(() => {
  clock = new ManualClock()
  calls = []
  sink = new TtsRecorder()
  controller = new AbortController()
  released = 0
  const begin = (events: ContextEvents): ContextCall => {
    calls.push(new FakeCall(events))
    return calls.at(-1)!
  }
  const ready = new Promise<void>(resolve => {
    loaded = resolve
  })
  stream = new SpeechContexts(
    {
      clock,
      request: { format, signal: controller.signal, options: {} },
      load: () => ready.then(() => ({ begin, info: { requestId: 'id' } })),
      loadFailure: () => failure,
      released: () => void released++,
    },
    sink,
  )
})

async function open(): Promise<void> {
  loaded()
  await sink.until('open')
}

it('keeps what it is told until it is connected, goodbye included', async () => {
  stream.speak('One. ', { contextId: 'a', flush: false })
  stream.flush('a')
  stream.speak('Two.', { contextId: 'b' })
  stream.cancel('b')
  stream.close()
  await open()
  expect(calls).toMatchObject([
    { texts: ['One. '], ended: true },
    { texts: ['Two.'], aborted: true },
  ])
  calls[0]?.events.ended()
  await sink.until('closed')
  expect(sink.types()).toEqual(['open', 'done', 'done', 'closed'])
  expect([clock.pending, released]).toEqual([0, 1])
})

it('joins text until a flush, and says blank text to nobody', async () => {
  await open()
  stream.speak('  One', { contextId: 'a', flush: false })
  stream.speak(' two.', { contextId: 'a', flush: false })
  expect(calls[0]?.texts).toEqual([])
  stream.flush('a')
  stream.speak('  ', { contextId: 'a', end: true })
  stream.speak('more', { contextId: 'a' })
  expect(calls[0]).toMatchObject({ texts: ['One two.'], ended: true })
})

it('loses a context whose text is wrong, and the stream with anything else', async () => {
  await open()
  stream.speak('One.', { contextId: 'a', end: true })
  stream.speak('Two.', { contextId: 'b', end: true })
  const wrong: ProviderFailure = { class: 'data', reason: 'wrong' }
  calls[0]?.events.ended(wrong)
  expect(await sink.untilDone('a')).toMatchObject({ failure: wrong })
  calls[1]?.events.ended(failure)
  expect((await sink.until('closed')).failure).toBe(failure)
  expect(sink.types()).toEqual(['open', 'done', 'closed'])
})

it('passes on nothing of a context that was cancelled', async () => {
  await open()
  stream.speak('One.', { contextId: 'a' })
  stream.cancel('a')
  calls[0]?.events.audio(new Uint8Array(2))
  calls[0]?.events.timing([{ text: 'One', startMs: 0, endMs: 1 }])
  calls[0]?.events.ended(failure)
  await sink.untilDone('a')
  expect(sink.types()).toEqual(['open', 'done'])
})

it('pauses also what begins while it is paused, and resumes to say goodbye', async () => {
  await open()
  stream.speak('One.', { contextId: 'a' })
  stream.pause()
  stream.speak('Two.', { contextId: 'b' })
  expect(calls.map(({ paused }) => paused)).toEqual([true, true])
  stream.close()
  expect(calls.map(({ paused }) => paused)).toEqual([false, false])
})

it('waits for the last words, but not for ever', async () => {
  await open()
  stream.speak('One.', { contextId: 'a' })
  stream.close()
  clock.advance(9999)
  expect(sink.types()).toEqual(['open'])
  clock.advance(1)
  expect((await sink.until('closed')).failure).toBeUndefined()
  expect([calls[0]?.aborted, clock.pending, released]).toEqual([true, 0, 1])
})

it('says nothing more once it is aborted', async () => {
  await open()
  stream.speak('One.', { contextId: 'a' })
  stream.speak('', { contextId: 'b', end: true })
  controller.abort()
  calls[0]?.events.audio(new Uint8Array(2))
  calls[0]?.events.ended()
  await sink.until('closed')
  expect(sink.types()).toEqual(['open', 'closed'])
})
