import type { TimedText } from '../providers/contracts.js'
import { insideWord, wholeWords } from './words.js'

/** How it is known which words fit a position: from the synthesiser's word times, or by share of characters. */
export type AlignmentBasis = 'words' | 'proportion'

/**
 * Milliseconds a character takes until this utterance has shown its own pace. Slow speech on purpose: what was heard
 * is then rather under- than overestimated.
 */
const cautiousMsPerChar = 90
/** Positions come from byte counts and from clients; less than this apart they are the same. */
const toleranceMs = 1

/** Where in the utterance's text a word or a character ends, and when on its take. */
interface Mark {
  readonly end: number
  readonly endMs: number
}

/** One stretch of text as one synthesiser spoke it. */
interface Take {
  readonly start: number
  end: number
  /** Where it begins on the utterance's timeline. */
  readonly atMs: number
  audioMs: number
  /** All of its audio is there. */
  complete: boolean
  /** Times count from the take's first audio. */
  readonly marks: Mark[]
}

/** Which words of an utterance belong to which part of its audio. */
export class Alignment {
  private readonly takes: Take[] = []
  private totalMs = 0

  /** Audio of the current take so far. */
  get takeMs(): number {
    return this.takes.at(-1)?.audioMs ?? 0
  }

  /** Where the current take begins on the utterance's timeline. */
  get takeAtMs(): number {
    return this.takes.at(-1)?.atMs ?? 0
  }

  /** The audio that follows speaks the text from `start` to `end`. */
  begin(start: number, end: number): void {
    this.takes.push({ start, end, atMs: this.totalMs, audioMs: 0, complete: false, marks: [] })
  }

  /** Adds audio to the current take. */
  grow(ms: number): void {
    this.totalMs += ms
    this.takes.at(-1)!.audioMs += ms
  }

  /** Adds the times of words or characters of the current take. Those that are not found in `text` are skipped. */
  time(text: string, items: readonly TimedText[], unit: 'word' | 'char'): void {
    const take = this.takes.at(-1)
    if (!take) return
    let from = take.marks.at(-1)?.end ?? take.start
    for (const item of items) {
      const spoken = item.text.trim()
      const start = spoken === '' ? -1 : find(text, spoken, from, unit)
      if (start < 0 || start + spoken.length > take.end) continue
      from = start + spoken.length
      take.marks.push({ end: from, endMs: item.endMs })
    }
  }

  /** The current take has all of its audio. */
  complete(): void {
    const take = this.takes.at(-1)
    if (take) take.complete = true
  }

  /**
   * The current take will get no more audio.
   *
   * @returns the offset after the last word that is all there: where another take has to begin.
   */
  abandon(text: string): number {
    const take = this.takes.at(-1)
    if (!take || take.complete) return take?.end ?? 0
    if (take.marks.length === 0) return take.start
    take.end = wholeWords(text, take.start, byMarks(take, take.audioMs))
    take.complete = true
    return take.end
  }

  /** How many characters of `text` were spoken before `ms` on the timeline, and how that is known. */
  heard(text: string, ms: number): { readonly chars: number; readonly basis: AlignmentBasis } {
    let chars = 0
    let basis: AlignmentBasis = 'words'
    for (const take of this.takes) {
      const local = ms - take.atMs
      if (local < -toleranceMs) break
      if (take.complete && local >= take.audioMs - toleranceMs) {
        chars = Math.max(chars, take.end)
        continue
      }
      basis = take.marks.length > 0 ? 'words' : 'proportion'
      const within = Math.min(local, take.audioMs)
      const end = take.marks.length > 0 ? byMarks(take, within) : this.byShare(take, within)
      chars = Math.max(chars, wholeWords(text, take.start, end))
    }
    return { chars, basis }
  }

  private byShare(take: Take, local: number): number {
    const chars = take.end - take.start
    const expectedMs = take.complete ? take.audioMs : Math.max(take.audioMs, chars * this.msPerChar())
    return expectedMs > 0 ? take.start + Math.floor((chars * local) / expectedMs) : take.start
  }

  private msPerChar(): number {
    let ms = 0
    let chars = 0
    for (const take of this.takes) {
      if (!take.complete) continue
      ms += take.audioMs
      chars += take.end - take.start
    }
    return chars > 0 ? ms / chars : cautiousMsPerChar
  }
}

function byMarks(take: Take, local: number): number {
  let end = take.start
  for (const mark of take.marks) {
    if (mark.endMs > local + toleranceMs) break
    end = mark.end
  }
  return end
}

/** How far ahead a timed text is looked for: synthesisers write numbers out and leave marks away. */
const skippedChars = { word: 24, char: 3 } as const

function find(text: string, spoken: string, from: number, unit: 'word' | 'char'): number {
  const until = from + skippedChars[unit]
  let at = text.indexOf(spoken, from)
  while (unit === 'word' && at > from && at <= until && insideWord(text, at)) at = text.indexOf(spoken, at + 1)
  return at <= until ? at : -1
}
