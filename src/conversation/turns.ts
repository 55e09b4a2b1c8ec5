import type { Word } from '../providers/contracts.js'
import type { Cancel, Clock } from '../util/clock.js'
import type { HistoryItem } from './history.js'
import type { TurnOptions } from './turn-options.js'
import { countWords, isSpeakable, joinSpeech } from './words.js'

/** A result of the recogniser in session time. Its text continues after the last final of the same utterance. */
export interface UserTranscript {
  readonly kind: 'interim' | 'final' | 'speech-final'
  readonly text: string
  /** Number of the utterance in the session. */
  readonly utterance: number
  readonly startMs: number
  readonly endMs: number
  readonly language?: string | undefined
  readonly words?: readonly Word[] | undefined
}

/** What the user said until they were done. */
export interface SpokenTurn {
  readonly text: string
  readonly words?: readonly Word[] | undefined
  readonly language?: string | undefined
  readonly startMs: number
  readonly endMs: number
}

export interface TurnPorts {
  /** The turn being said has `count` words by now; `certain` when the last of them are final. */
  words(count: number, certain: boolean): void
  /** The user is done. */
  turn(turn: SpokenTurn): void
  history(): readonly HistoryItem[]
  /** The application's `isComplete` failed. */
  failed(error: unknown): void
}

/** How long `isComplete` may think: more would be felt as the assistant being slow. */
const completionDeadlineMs = 150
/** How long a turn that was judged incomplete waits for more words. */
const incompleteHoldMs = 3000
/** Recognisers round: a result that ends this much after the end of a turn still belongs to it. */
const lateToleranceMs = 50

/** Gathers what the user says into turns. */
export class TurnAssembler {
  readonly #clock: Clock
  readonly #ports: TurnPorts
  #options: TurnOptions
  #finals: UserTranscript[] = []
  #interim: UserTranscript | undefined
  /** Session time up to which turns have been closed. */
  #endedAtMs = Number.NEGATIVE_INFINITY
  /** The utterance whose interim had to stand for its final. */
  #guessed: number | undefined
  /** Numbers the questions to `isComplete`; an answer to an old one counts no more. */
  #question = 0
  #cancelWait: Cancel | undefined

  constructor(options: TurnOptions, clock: Clock, ports: TurnPorts) {
    this.#options = options
    this.#clock = clock
    this.#ports = ports
  }

  /** The user has begun a turn. */
  get pending(): boolean {
    return isSpeakable(this.#text())
  }

  /** Turns end without being finalized. */
  get endsItself(): boolean {
    return this.#options.mode === 'auto'
  }

  configure(options: TurnOptions): void {
    this.#options = options
  }

  transcript(transcript: UserTranscript): void {
    const late = transcript.endMs <= this.#endedAtMs + lateToleranceMs
    const spoken = isSpeakable(transcript.text)
    if (transcript.kind === 'interim') {
      if (late) return
      this.#interim = transcript
      if (spoken) this.#spoke(false)
      return
    }
    if (late && transcript.utterance === this.#guessed) return
    this.#interim = undefined
    if (spoken) this.#finals.push(transcript)
    // What comes after its turn was closed gets one of its own at once: no other end will come for it.
    if (late) return this.#close(this.#endedAtMs)
    if (spoken) this.#spoke(true)
    if (transcript.kind === 'speech-final' && this.#options.mode === 'auto') this.#end(transcript.endMs)
  }

  speechStart(): void {
    if (this.#cancelWait) this.#wait(incompleteHoldMs, () => this.#close(this.#endedAtMs))
  }

  /** The user fell silent, or said so. */
  endpoint(atMs: number, cause: 'silence' | 'finalize'): void {
    if (cause === 'finalize') this.#close(atMs)
    else if (this.#options.mode === 'auto') this.#end(atMs)
  }

  /** Forgets what has been said of the turn so far. */
  discard(): void {
    this.#goOn()
    this.#finals = []
    this.#interim = undefined
  }

  #text(): string {
    const finals = this.#finals.reduce((text, final) => joinSpeech(text, final.text), '')
    return joinSpeech(finals, this.#interim?.text ?? '').trim()
  }

  #spoke(certain: boolean): void {
    this.#goOn()
    this.#ports.words(countWords(this.#text()), certain)
  }

  /** There are more words: whether the turn was over is no longer the question. */
  #goOn(): void {
    this.#question++
    this.#cancelWait?.()
    this.#cancelWait = undefined
  }

  #end(atMs: number): void {
    const { isComplete } = this.#options
    if (!isComplete || !this.pending) return this.#close(atMs)
    this.#goOn()
    const question = this.#question
    const answer = (complete: boolean) => {
      if (question !== this.#question) return
      if (complete) this.#close(atMs)
      else this.#wait(incompleteHoldMs, () => this.#close(atMs))
    }
    const fail = (error: unknown) => {
      this.#ports.failed(error)
      answer(true)
    }
    try {
      const verdict = isComplete(this.#text(), this.#ports.history())
      if (typeof verdict === 'boolean') return answer(verdict)
      this.#wait(completionDeadlineMs, () => answer(true))
      Promise.resolve(verdict).then(answer, fail)
    } catch (error) {
      fail(error)
    }
  }

  #wait(ms: number, fn: () => void): void {
    this.#cancelWait?.()
    this.#cancelWait = this.#clock.after(ms, () => {
      this.#cancelWait = undefined
      fn()
    })
  }

  #close(atMs: number): void {
    const text = this.#text()
    const finals = this.#finals
    // Its final did not come in time: better its last guess than nothing.
    const interim = this.#interim && isSpeakable(this.#interim.text) ? this.#interim : undefined
    this.discard()
    this.#endedAtMs = Math.max(this.#endedAtMs, atMs, interim?.endMs ?? Number.NEGATIVE_INFINITY)
    this.#guessed = interim?.utterance
    if (!isSpeakable(text)) return
    const said = interim ? [...finals, interim] : finals
    this.#ports.turn({
      text,
      words: said.some(({ words }) => words) ? said.flatMap(({ words }) => words ?? []) : undefined,
      language: said.findLast(({ language }) => language)?.language,
      startMs: said[0]!.startMs,
      endMs: said.at(-1)!.endMs,
    })
  }
}
