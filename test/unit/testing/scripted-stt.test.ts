import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AudioFormat } from '../../../src/audio/format.js'
import type { SttSink } from '../../../src/providers/contracts.js'
import { ScriptedStt, type ScriptedSttOptions } from '../../../src/testing/scripted-stt.js'
import { listenTo, silence, speak, speakPackets } from '../../../src/testing/spoken-words.js'

const pcm: AudioFormat = { encoding: 'linear16', sampleRate: 16_000, channels: 1 }

function hear(pieces: readonly Uint8Array[], format = pcm): string[] {
  const listener = listenTo(format)
  const words = pieces.flatMap(piece => listener.push(piece))
  return [...words, ...listener.cut()].map(word => word.text)
}

function recorder(): { sink: SttSink; events: string[] } {
  const events: string[] = []
  const sink: SttSink = {
    open: () => void events.push('open'),
    transcript: ({ kind, text }) => void events.push(`${kind}: ${text}`),
    speechStarted: ({ atMs }) => void events.push(`started ${atMs}`),
    progress: () => void events.push('progress'),
    finalized: () => void events.push('finalized'),
    warning: () => void events.push('warning'),
    drain: () => void events.push('drain'),
    closed: ({ failure }) => void events.push(`closed ${failure?.class ?? 'as asked'}`),
  }
  return { sink, events }
}

function connect(options: ScriptedSttOptions = {}): {
  stream: ReturnType<ScriptedStt['connect']>
  events: string[]
  provider: ScriptedStt
} {
  const provider = new ScriptedStt(options)
  const { sink, events } = recorder()
  const { signal } = new AbortController()
  return { provider, events, stream: provider.connect({ format: pcm, baseOffsetMs: 0, signal, options: {} }, sink) }
}

describe('words that are spoken in samples', () => {
  it('are heard at their times, however the sound is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 30 }), cuts => {
        const sound = speak('hello brave new world', pcm)
        const listener = listenTo(pcm)
        const words = []
        let at = 0
        for (const cut of [...cuts, sound.length]) {
          words.push(...listener.push(sound.slice(at, at + cut * 2)))
          at += cut * 2
        }
        expect(words.map(word => word.text)).toEqual(['hello', 'brave', 'new', 'world'])
        expect(words.map(word => word.startMs)).toEqual([0, 400, 800, 1200])
      }),
    )
  })

  it('show what is missing and what came twice', () => {
    const sound = speak('hello', pcm)
    const frame = 640
    expect(hear([sound.slice(frame)])).toEqual(['hello~'])
    expect(hear([sound.slice(0, 2 * frame), sound.slice(3 * frame)])).toEqual(['hello~'])
    expect(hear([sound.slice(0, 2 * frame), sound.slice(frame)])).toEqual(['hello+'])
    expect(hear([sound.slice(0, 8)])).toEqual(['~'])
  })

  it('survive in packets, and show a missing one', () => {
    const opus: AudioFormat = { encoding: 'opus', sampleRate: 48_000, channels: 1 }
    const packets = speakPackets('one two')
    expect(hear(packets, opus)).toEqual(['one', 'two'])
    expect(hear(packets.slice(1), opus)).toEqual(['one~', 'two'])
  })

  it('refuse what cannot carry them', () => {
    expect(() => speak('hello', { ...pcm, encoding: 'mulaw' })).toThrow(/^format: /)
    expect(() => speak('你好', pcm)).toThrow(/^text: /)
  })
})

describe('a scripted recogniser', () => {
  it('gives interims, finals at pauses and ends of utterances', () => {
    const { stream, events, provider } = connect({ capabilities: { endpointing: true, speechStarted: true } })
    for (let i = 0; i < 2; i++) stream.push(speak('one two', pcm))
    stream.push(silence(300, pcm))
    stream.push(silence(500, pcm))
    expect(events).toEqual([
      'open',
      'interim: one two',
      'started 0',
      'interim: one two one two',
      'final: one two one two',
      'speech-final: ',
    ])
    stream.close()
    expect(events.at(-1)).toBe('closed as asked')
    expect(provider.openStreams).toBe(0)
  })

  it('answers finalize, and says everything before it closes', () => {
    const { stream, events } = connect({ capabilities: { interims: false } })
    stream.push(speak('one two', pcm))
    stream.finalize!()
    stream.push(speak('three', pcm))
    stream.close()
    expect(events).toEqual(['open', 'final: one two', 'finalized', 'final: three', 'closed as asked'])
  })

  it('fails as its script says, one connection after the other', () => {
    const provider = new ScriptedStt({ faults: [{ refuse: 'auth' }, { closeAfterMs: 400 }] })
    const { signal } = new AbortController()
    const all = [0, 1, 2].map(() => {
      const { sink, events } = recorder()
      provider.connect({ format: pcm, baseOffsetMs: 0, signal, options: {} }, sink).push(speak('one', pcm))
      return events
    })
    expect(all).toEqual([['closed auth'], ['open', 'interim: one', 'closed connection'], ['open', 'interim: one']])
    expect(provider.openStreams).toBe(1)
  })

  it('says that it needs a clock for what takes time', () => {
    expect(() => connect({ faults: [{ opens: 100 }] })).toThrow(/^clock: /)
  })
})
