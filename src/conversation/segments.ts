import { isSpeakable } from './words.js'

/** A piece of an utterance to synthesise: `text` is the utterance's text from `start` to `end`. */
export interface Segment {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The longest text given to a synthesiser at once, in characters, whatever it says it takes. */
export const maxSegmentChars = 5000

/** A first clause of this length is about a second of speech: enough to begin with while the rest is thought out. */
const firstClauseChars = 16
/** Later sentences shorter than this ("Yes. No.") join the next one: each request costs a start-up. */
const minSentenceChars = 24
/** Past this a sentence is cut at a clause, so that little has to be said again when a synthesiser fails. */
const longSentenceChars = 240
const longFirstChars = 120
/** Blanks looked past to see how a sentence goes on. */
const lookaheadBlanks = 8

const ends = /[.!?…]/u
const wideEnds = /[。！？｡]/u
const closers = /["'”’)\]}»›」』）】*_]/u
const clauses = /[,;:，、；：—–]/u
const wideClauses = /[，、；：—]/u
const blank = /\s/u
/** A period after these never ends a sentence. */
const titles = new Set('mr mrs ms dr prof st sr jr vs gen col sgt capt lt rev hon gov sen rep bzw usw'.split(' '))
/** A period after these does not end a sentence when a digit follows. */
const beforeNumbers = new Set(
  'no nr fig vol p pp ch sec art jan feb mar apr jun jul aug sep sept oct nov dec'.split(' '),
)

/**
 * Cuts text into sentences and clauses while it is still being written. Where it cuts depends on the text alone, never
 * on the pieces it arrived in, and the segments joined are the text.
 */
export class Segmenter {
  #text = ''
  #cursor = 0
  /** Everything before may be cut here even if the sentence goes on. */
  #flushedTo = 0
  #ended = false

  /** Everything pushed so far. */
  get text(): string {
    return this.#text
  }

  /** No more text will come. */
  get ended(): boolean {
    return this.#ended
  }

  /** Characters not yet cut into segments. */
  get pendingChars(): number {
    return this.#text.length - this.#cursor
  }

  /** All of it has been cut and no more will come. */
  get exhausted(): boolean {
    return this.#ended && this.#cursor === this.#text.length
  }

  push(text: string): void {
    this.#text += text
  }

  /** What has been pushed so far is to be spoken without waiting for more. */
  flush(): void {
    this.#flushedTo = this.#text.length
  }

  /** Flushes when the text ends as a sentence does; its writer has paused. */
  settle(): void {
    const last = this.#text.trimEnd().at(-1) ?? ''
    if (ends.test(last) || wideEnds.test(last) || closers.test(last)) this.flush()
  }

  end(): void {
    this.#ended = true
    this.flush()
  }

  /**
   * The next segment, as soon as its end is certain.
   *
   * @param maxChars the longest text the synthesiser takes.
   */
  next(maxChars: number = maxSegmentChars): Segment | undefined {
    const start = this.#cursor
    const complete = this.#flushedTo > start
    const available = complete ? this.#flushedTo : this.#text.length
    if (available === start) return undefined
    const end = boundary(this.#text.slice(0, available), start, complete, Math.min(maxChars, maxSegmentChars))
    if (end === undefined) return undefined
    this.#cursor = end
    return { start, end, text: this.#text.slice(start, end) }
  }

  /** Goes back: what was cut after `offset` will be cut again, without waiting for more text. */
  rewind(offset: number): void {
    this.#flushedTo = Math.max(this.#flushedTo, this.#cursor)
    this.#cursor = offset
  }
}

/** Where the segment that begins at `start` ends; undefined while that depends on text still to come. */
function boundary(text: string, start: number, complete: boolean, maxChars: number): number | undefined {
  const first = start === 0
  const limit = Math.min(maxChars, first ? longFirstChars : longSentenceChars)
  const minSentence = first ? 0 : minSentenceChars
  const minClause = first ? firstClauseChars : minSentenceChars
  let clauseEnd = -1
  let wordEnd = -1
  let spoken = false
  for (let at = start; at < text.length; at++) {
    if (at - start >= limit) {
      if (clauseEnd > 0) return clauseEnd
      return wordEnd > start ? wordEnd : wholeCharacters(text, start, start + limit)
    }
    const char = text[at]!
    if (blank.test(char)) {
      if (spoken) wordEnd = at
      if (char === '\n' && spoken && at - start >= minSentence) return at
      continue
    }
    if (ends.test(char) || wideEnds.test(char)) {
      const end = sentenceEnd(text, start, at, complete)
      if (end === undefined) return undefined
      if (end > 0 && spoken && end - start >= minSentence && end - start <= limit) return end
    } else if (clauses.test(char)) {
      const end = clauseEndAt(text, at)
      if (end === undefined && !complete) return undefined
      if (end && spoken && end - start >= minClause) {
        if (first) return end
        clauseEnd = end
      }
    }
    spoken ||= isSpeakable(char)
  }
  return complete ? text.length : undefined
}

/** The end of the sentence whose mark stands at `at`; 0 when none ends here, undefined when that is not yet certain. */
function sentenceEnd(text: string, start: number, at: number, complete: boolean): number | undefined {
  let end = at + 1
  while (end < text.length && (ends.test(text[end]!) || wideEnds.test(text[end]!))) end++
  const marks = end - at
  while (end < text.length && closers.test(text[end]!)) end++
  if (end === text.length) return complete ? end : undefined
  if (wideEnds.test(text[at]!)) return end
  if (!blank.test(text[end]!)) return 0
  if (text[at] !== '.' && text[at] !== '…') return end
  let next = end
  while (next < text.length && blank.test(text[next]!) && next - end < lookaheadBlanks) next++
  if (next === text.length) return complete ? end : undefined
  return marks === 1 && abbreviates(text, start, at, text[next]!) ? 0 : goesOn(text[next]!) ? 0 : end
}

/** A sentence does not begin with a small letter. */
function goesOn(next: string): boolean {
  return next !== next.toUpperCase() && next === next.toLowerCase()
}

/** Whether the period at `at` belongs to the word before it: a title, an initial, a list number. */
function abbreviates(text: string, start: number, at: number, next: string): boolean {
  let from = at
  while (from > start && !blank.test(text[from - 1]!)) from--
  const word = text.slice(from, at).replace(/^[("'“‘[]+/u, '')
  if (/^\p{Lu}$/u.test(word)) return word !== 'I'
  if (/^(\p{L}\.)+\p{L}$/u.test(word)) return true
  if (/^\d{1,3}$/.test(word)) return text.slice(start, from).trim() === '' || text[from - 1] === '\n'
  const lower = word.toLowerCase()
  return titles.has(lower) || (beforeNumbers.has(lower) && /\d/.test(next))
}

function clauseEndAt(text: string, at: number): number | undefined {
  const end = at + 1
  if (wideClauses.test(text[at]!)) return end
  if (end === text.length) return undefined
  return blank.test(text[end]!) ? end : 0
}

/** `end`, or one less where it would split a pair of surrogates. */
function wholeCharacters(text: string, start: number, end: number): number {
  const code = text.charCodeAt(end - 1)
  const splits = code >= 0xd800 && code < 0xdc00 && end - 1 > start
  return splits ? end - 1 : end
}
