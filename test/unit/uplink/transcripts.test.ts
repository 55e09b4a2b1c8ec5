import { describe, expect, it } from 'vitest'
import type { Transcript } from '../../../src/providers/contracts.js'
import type { SessionTranscript } from '../../../src/uplink/ports.js'
import { StreamTimeline } from '../../../src/uplink/timeline.js'
import { TranscriptSource, Transcripts } from '../../../src/uplink/transcripts.js'

/** Stretches of sound: where each lies in the session, and how long it is. */
function timelineOf(...stretches: readonly (readonly [number, number])[]): StreamTimeline {
  const timeline = new StreamTimeline()
  for (const [sessionMs, lengthMs] of stretches) {
    timeline.jumpTo(sessionMs)
    timeline.lengthMs += lengthMs
  }
  return timeline
}

function account(): { transcripts: Transcripts; got: SessionTranscript[]; texts: () => string[] } {
  const got: SessionTranscript[] = []
  return {
    transcripts: new Transcripts(transcript => got.push(transcript)),
    got,
    texts: () => got.map(({ kind, utterance, text }) => `${kind} ${utterance}: ${text}`),
  }
}

function source(offsetMs = 0, replayedFromMs = 0): TranscriptSource {
  const timeline = timelineOf([offsetMs, 20_000])
  return new TranscriptSource('p', timeline, replayedFromMs)
}

function result(kind: Transcript['kind'], text: string, startMs: number, endMs: number, more = {}): Transcript {
  return { kind, text, startMs, endMs, ...more }
}

describe('the account of what was said', () => {
  it('continues after the last final where a provider repeats the utterance', () => {
    const { transcripts, texts } = account()
    const stream = source()
    const cumulative = { cumulative: true }
    transcripts.accept(stream, result('interim', 'hello', 0, 300, cumulative), true)
    transcripts.accept(stream, result('final', 'hello there', 0, 700, cumulative), true)
    transcripts.accept(stream, result('interim', 'hello there my', 0, 900, cumulative), true)
    transcripts.accept(stream, result('speech-final', 'Hello there, my friend.', 0, 1500, cumulative), true)
    transcripts.accept(stream, result('interim', 'next', 2000, 2300, cumulative), true)
    expect(texts()).toEqual([
      'interim 0: hello',
      'final 0: hello there',
      'interim 0: my',
      'speech-final 0: my friend.',
      'interim 1: next',
    ])
  })

  it('keeps only the words of the new part', () => {
    const { transcripts, got } = account()
    const stream = source(1000)
    const words = [
      { text: 'one', startMs: 0, endMs: 100 },
      { text: 'two', startMs: 200, endMs: 300 },
    ]
    transcripts.accept(stream, result('final', 'one', 0, 150, { cumulative: true, words: words.slice(0, 1) }), true)
    transcripts.accept(stream, result('final', 'one two', 0, 350, { cumulative: true, words }), true)
    expect(got[1]!.words).toEqual([{ text: 'two', startMs: 1200, endMs: 1300 }])
  })

  it('ends an utterance also with a result that has no words of its own', () => {
    const { transcripts, texts } = account()
    const stream = source()
    transcripts.accept(stream, result('final', 'hello', 0, 300), true)
    transcripts.accept(stream, result('speech-final', '', 300, 900), true)
    transcripts.accept(stream, result('speech-final', '', 900, 1500), true)
    transcripts.accept(stream, result('final', 'more', 1500, 1900), true)
    expect(texts()).toEqual(['final 0: hello', 'speech-final 0: ', 'final 1: more'])
  })

  it('makes a final of an end that is not the turn’s', () => {
    const { transcripts, texts } = account()
    const stream = source()
    transcripts.accept(stream, result('speech-final', 'hello', 0, 300), false)
    transcripts.accept(stream, result('speech-final', '', 300, 400), false)
    transcripts.accept(stream, result('final', 'there', 400, 700), true)
    expect(texts()).toEqual(['final 0: hello', 'final 0: there'])
  })

  it('drops a final said twice, and what a replay says of before', () => {
    const { transcripts, texts } = account()
    const first = source()
    transcripts.accept(first, result('final', 'one', 0, 500), true)
    transcripts.accept(first, result('final', 'one', 0, 500), true)
    const second = source(500, 500)
    transcripts.accept(second, result('final', 'one', 0, 50), true)
    transcripts.accept(second, result('final', 'two', 60, 400), true)
    expect(texts()).toEqual(['final 0: one', 'final 0: two'])
  })

  it('does not drop the same word said again, nor results without times', () => {
    const { transcripts, texts } = account()
    const stream = source(2000, 2000)
    transcripts.accept(stream, result('final', 'no', 0, 500), true)
    transcripts.accept(stream, result('final', 'no', 600, 1000), true)
    transcripts.accept(stream, result('final', 'never', 0, 0), true)
    expect(texts()).toEqual(['final 0: no', 'final 0: no', 'final 0: never'])
  })

  it('never goes back in time', () => {
    const { transcripts, got } = account()
    const stream = source()
    transcripts.accept(stream, result('final', 'one', 0, 1000), true)
    transcripts.accept(stream, result('final', 'two', 700, 900), true)
    transcripts.accept(stream, result('interim', 'three', 800, 1500), true)
    expect(got.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [0, 1000],
      [1000, 1000],
      [1000, 1500],
    ])
  })
})

describe('the timeline of a stream', () => {
  it('counts what was left out, at the end of the one part and the beginning of the other', () => {
    const timeline = timelineOf([5000, 1000], [9000, 1000])
    expect(timeline.endOf(1000)).toBe(6000)
    expect(timeline.startOf(1000)).toBe(9000)
    expect(timeline.startOf(1500)).toBe(9500)
  })

  it('stands still in silence that was put in', () => {
    const timeline = timelineOf([0, 1500], [1000, 500])
    expect(timeline.endOf(1200)).toBe(1000)
    expect(timeline.startOf(1600)).toBe(1100)
  })

  it('knows no time before its beginning or after its end', () => {
    const timeline = timelineOf([5000, 1000])
    for (const ms of [-5, 0, Number.NaN]) expect(timeline.endOf(ms)).toBe(5000)
    for (const ms of [1001, Number.POSITIVE_INFINITY]) expect(timeline.startOf(ms)).toBe(6000)
  })

  it('forgets what is behind, and stays right for what is not', () => {
    const timeline = timelineOf(...Array.from({ length: 100 }, (_, i) => [i * 200, 100] as const))
    timeline.forget(10_000)
    expect(timeline.startOf(5050)).toBe(10_050)
    expect(timeline.startOf(9950)).toBe(19_850)
  })
})
