import type { Transcript, Word } from '../providers/contracts.js'
import type { SessionTranscript } from './ports.js'
import type { StreamTimeline } from './timeline.js'

/** A final that ends this close to where a replay began repeats what is known. */
const REPLAY_TOLERANCE_MS = 50

/** What must be remembered of one provider stream to read its results. */
export class TranscriptSource {
  readonly provider: string
  readonly timeline: StreamTimeline
  /** Session time of the stream's first audio, when another stream had heard what came before. */
  readonly replayedFromMs: number
  /** What the stream has finalised of its current utterance. */
  finalText = ''
  last: Transcript | undefined

  constructor(provider: string, timeline: StreamTimeline, replayedFromMs: number) {
    this.provider = provider
    this.timeline = timeline
    this.replayedFromMs = replayedFromMs
  }
}

/**
 * Makes one account of what the user said out of the results of all streams: in session time, each word once,
 * utterances numbered across streams.
 */
export class Transcripts {
  private readonly deliver: (transcript: SessionTranscript) => void
  private utterance = 0
  private hasFinal = false
  private hasInterim = false
  private finalEndMs = 0

  constructor(deliver: (transcript: SessionTranscript) => void) {
    this.deliver = deliver
  }

  /** Words of the current utterance have been delivered. */
  get hasText(): boolean {
    return this.hasFinal || this.hasInterim
  }

  /** Words have been delivered that are still to become final. */
  get interimOpen(): boolean {
    return this.hasInterim
  }

  /** Delivers a result; `mayEnd` is false when the provider's own end of an utterance is not the session's. */
  accept(source: TranscriptSource, result: Transcript, mayEnd: boolean): void {
    if (isRepeated(source, result)) return
    source.last = result
    const text = newText(source, result)
    if (result.kind === 'interim') {
      if (text === '') return
      this.hasInterim = true
      return this.emit('interim', source, result, text)
    }
    this.hasInterim = false
    const ends = result.kind === 'speech-final'
    source.finalText = ends ? '' : join(source.finalText, text)
    if (ends && mayEnd) {
      // Words may have been delivered before, so the end counts even without a word of its own.
      if (text !== '' || this.hasFinal) this.emit('speech-final', source, result, text)
      return this.endUtterance()
    }
    if (text === '') return
    this.emit('final', source, result, text)
  }

  /** The stream is gone: what it had not made final, another one will say again. */
  forgetInterim(): void {
    this.hasInterim = false
  }

  /** What comes next is another utterance. */
  endUtterance(): void {
    if (this.hasText) this.utterance++
    this.hasFinal = false
    this.hasInterim = false
  }

  private emit(kind: Transcript['kind'], source: TranscriptSource, result: Transcript, text: string): void {
    const { timeline, provider } = source
    const startMs = Math.max(this.finalEndMs, Math.round(timeline.startOf(result.startMs)))
    const endMs = Math.max(startMs, Math.round(timeline.endOf(result.endMs)))
    if (kind !== 'interim') {
      this.finalEndMs = endMs
      this.hasFinal = true
    }
    const { utterance } = this
    const { confidence, language } = result
    const words = result.words && newWords(result.words, text, timeline)
    this.deliver({ kind, text, utterance, startMs, endMs, confidence, language, words, provider })
  }
}

/** Whether the session has heard this before: from another stream, or word for word from this one. */
function isRepeated(source: TranscriptSource, result: Transcript): boolean {
  if (source.replayedFromMs > 0) {
    const endMs = source.timeline.endOf(result.endMs)
    const hasTimes = result.endMs > 0
    if (hasTimes && endMs <= source.replayedFromMs + REPLAY_TOLERANCE_MS) return true
  }
  const { last } = source
  if (!last || last.kind === 'interim' || result.kind === 'interim') return false
  return last.text === result.text && last.startMs === result.startMs && last.endMs === result.endMs
}

/** The part of a result that follows what the stream has already finalised of the utterance. */
function newText(source: TranscriptSource, result: Transcript): string {
  const text = result.text.trim()
  const { finalText } = source
  if (!result.cumulative || finalText === '') return text
  if (text.startsWith(finalText)) return text.slice(finalText.length).trim()
  // Providers change case and punctuation of what they said, hardly ever the number of words.
  return text.split(/\s+/).slice(countWords(finalText)).join(' ')
}

/** The words of `text`, which is the end of what `words` say, in session time. */
function newWords(words: readonly Word[], text: string, timeline: StreamTimeline): Word[] {
  return words.slice(Math.max(0, words.length - countWords(text))).map(word => {
    const startMs = Math.round(timeline.startOf(word.startMs))
    return { ...word, startMs, endMs: Math.max(startMs, Math.round(timeline.endOf(word.endMs))) }
  })
}

function countWords(text: string): number {
  return text === '' ? 0 : text.split(/\s+/).length
}

function join(before: string, after: string): string {
  return before === '' || after === '' ? before + after : `${before} ${after}`
}
