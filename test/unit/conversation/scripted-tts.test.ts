import { describe, expect, it, test } from 'vitest'
import type { ProviderFailure, TimedText, TtsSink } from '../../../src/providers/contracts.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { ScriptedTts, type ScriptedTtsOptions } from '../../../src/testing/scripted-tts.js'
import { speechOf, textOf } from '../../../src/testing/spoken-text.js'
import { ttsProviderSuite } from '../../../src/testing/tts-provider-suite.js'
import { systemClock } from '../../../src/util/clock.js'

const format = { encoding: 'linear16', sampleRate: 16_000, channels: 1 } as const

ttsProviderSuite(
  { describe, it, expect },
  {
    name: 'the scripted synthesiser',
    format,
    timeoutMs: 3000,
    settleMs: 5,
    create: () => new ScriptedTts({ clock: systemClock, speed: 100, openMs: 5, startMs: 5 }),
    createFailing: () =>
      new ScriptedTts({ clock: systemClock, fault: () => ({ refuse: { class: 'auth', reason: 'scripted' } }) }),
  },
)

class Recorder implements TtsSink {
  readonly events: string[] = []
  readonly items: TimedText[] = []
  pcm = new Uint8Array(0)
  open() {
    this.events.push('open')
  }
  audio(contextId: string, audio: Uint8Array) {
    if (this.events.at(-1) !== `audio ${contextId}`) this.events.push(`audio ${contextId}`)
    const joined = new Uint8Array(this.pcm.length + audio.length)
    joined.set(this.pcm)
    joined.set(audio, this.pcm.length)
    this.pcm = joined
  }
  timing(_contextId: string, items: readonly TimedText[]) {
    this.items.push(...items)
  }
  done(contextId: string, failure?: ProviderFailure) {
    this.events.push(`done ${contextId}${failure ? ` ${failure.class}` : ''}`)
  }
  warning() {}
  closed({ failure }: { readonly failure?: ProviderFailure | undefined }) {
    this.events.push(failure ? `closed ${failure.class}` : 'closed')
  }
}

function connect(options: Omit<ScriptedTtsOptions, 'clock'> = {}) {
  const clock = new ManualClock()
  const tts = new ScriptedTts({ ...options, clock })
  const sink = new Recorder()
  const stream = tts.connect({ format, signal: new AbortController().signal, options: {} }, sink)
  clock.advance(50)
  return { clock, tts, sink, stream }
}

test('its audio says its text, in real time times its speed, with the times of its words', () => {
  const { clock, tts, sink, stream } = connect({ speed: 2, msPerChar: 50 })
  stream.speak('Hello there.', { contextId: 'a', end: true })
  expect(tts.openContexts).toBe(1)
  clock.advance(100)
  expect(textOf(sink.pcm)).toBe('He')
  clock.advance(100)
  expect(textOf(sink.pcm)).toBe('Hello ')
  clock.advance(1000)
  expect(textOf(sink.pcm)).toBe('Hello there. ')
  expect(sink.items).toEqual([
    { text: 'Hello', startMs: 0, endMs: 250 },
    { text: 'there.', startMs: 300, endMs: 600 },
  ])
  expect(sink.events).toEqual(['open', 'audio a', 'done a'])
  stream.close()
  expect(sink.events.at(-1)).toBe('closed')
  expect([tts.openStreams, tts.openContexts, clock.pending]).toEqual([0, 0, 0])
})

test('a paused stream gives nothing and goes on where it was', () => {
  const { clock, sink, stream } = connect()
  stream.speak('Hello there.', { contextId: 'a', end: true })
  clock.advance(110)
  stream.pause?.()
  const before = textOf(sink.pcm)
  clock.advance(5000)
  expect(textOf(sink.pcm)).toBe(before)
  stream.resume?.()
  stream.resume?.()
  clock.advance(5000)
  expect(textOf(sink.pcm)).toBe('Hello there. ')
  expect(sink.events.filter(event => event === 'done a')).toHaveLength(1)
})

test('too many contexts, too long a text and text before it is open end the connection', () => {
  const crowded = connect({ contexts: 1 })
  crowded.stream.speak('One.', { contextId: 'a' })
  crowded.stream.speak('Two.', { contextId: 'b' })
  expect(crowded.sink.events.at(-1)).toBe('closed connection')
  const long = connect({ maxTextChars: 5 })
  long.stream.speak('Too long.', { contextId: 'a' })
  expect(long.sink.events.at(-1)).toBe('closed data')
  const early = connect({ openMs: 1000 })
  early.stream.speak('Hello.', { contextId: 'a' })
  expect(early.sink.events).toEqual(['closed data'])
  for (const { clock } of [crowded, long, early]) expect(clock.pending).toBe(0)
})

test('sound cut anywhere still says its text', () => {
  const pcm = speechOf('Hello, aabb 今日', 7)
  expect(textOf(pcm)).toBe('Hello, aabb ??')
  const odd = speechOf('llama', 5)
  expect(textOf(odd.subarray(0, 2 * 8))).toBe('ll')
  expect(textOf(new Uint8Array(20))).toBe('')
})
