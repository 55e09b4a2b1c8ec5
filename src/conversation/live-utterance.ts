import type { Clock } from '../util/clock.js'
import { Alignment, type AlignmentBasis } from './alignment.js'
import type { HistoryItem, OpenItem } from './history.js'
import type { Heard } from './ports.js'
import { type Segment, Segmenter } from './segments.js'
import { StallTimer } from './stall-timer.js'
import type { Utterance, UtteranceOutcome, UtteranceResult } from './utterance.js'
import { isSpeakable } from './words.js'

/** Who speaks: the agent answers, the application says, the client has something spoken. */
export type UtteranceSource = 'reply' | 'app' | 'client'

/**
 * `waiting` in the queue; `producing` audio; `produced`: all of it is on its way; `cutting`: purged, and it is not yet
 * known how much of it was heard; `ended`.
 */
export type UtterancePhase = 'waiting' | 'producing' | 'produced' | 'cutting' | 'ended'

export interface UtteranceInit {
  readonly id: string
  readonly source: UtteranceSource
  readonly interruptible: boolean
}

export interface UtterancePorts {
  /** How much of it was heard; asked only after `begun`. */
  position(utterance: LiveUtterance): Heard
  cancel(utterance: LiveUtterance): void
  /** Its text has been cut where its writer paused. */
  settled(utterance: LiveUtterance): void
}

/** Text that may wait to be spoken before its writer is asked to pause, and what must be left before it goes on. */
const fullChars = 20_000
const roomChars = 10_000
/** A writer that pauses this long after what ends like a sentence has ended it. */
const pauseMs = 200

/** An utterance from its first word to the last that was heard. */
export class LiveUtterance implements Utterance {
  readonly id: string
  readonly source: UtteranceSource
  readonly interruptible: boolean
  readonly createdAtMs: number
  readonly done: Promise<UtteranceResult>
  readonly alignment: Alignment = new Alignment()
  phase: UtterancePhase = 'waiting'
  /** It has a place in the audio lane. */
  begun = false
  /** Its first audio left. */
  audible = false
  /** When its first audio came from the synthesiser. */
  firstAudioAtMs: number | undefined
  /** Characters given to synthesisers, repeated ones included. */
  spokenChars = 0
  /** What it should have said did not all come: it ends as `failed`. */
  incomplete = false
  /** Told when its writer may go on after `push` returned false. */
  onRoom: (() => void) | undefined
  readonly #script: Segmenter = new Segmenter()
  readonly #ports: UtterancePorts
  readonly #pause: StallTimer
  #resolve: (result: UtteranceResult) => void = () => {}
  #result: (UtteranceResult & { readonly chars: number; readonly basis: AlignmentBasis }) | undefined

  constructor(init: UtteranceInit, clock: Clock, ports: UtterancePorts) {
    this.id = init.id
    this.source = init.source
    this.interruptible = init.interruptible
    this.createdAtMs = clock.now()
    this.#ports = ports
    this.#pause = new StallTimer(clock, pauseMs, () => {
      this.#script.settle()
      ports.settled(this)
    })
    this.done = new Promise(resolve => {
      this.#resolve = resolve
    })
  }

  get text(): string {
    return this.#script.text
  }

  get result(): UtteranceResult | undefined {
    return this.#result
  }

  /** No more text comes. */
  get written(): boolean {
    return this.#script.ended
  }

  /** All of its text has been taken, and no more comes. */
  get exhausted(): boolean {
    return this.#script.exhausted
  }

  cancel(): void {
    this.#ports.cancel(this)
  }

  /** False: its writer should pause until `onRoom`. */
  push(text: string): boolean {
    this.#script.push(text)
    this.#pause.touch()
    return this.#script.pendingChars < fullChars
  }

  flush(): void {
    this.#script.flush()
  }

  /** No more text comes. */
  finish(): void {
    this.#pause.stop()
    this.#script.end()
  }

  /** The next text to speak, of at most `maxChars`, when it is certain where it ends. */
  nextSegment(maxChars?: number): Segment | undefined {
    const segment = this.#script.next(maxChars)
    if (this.onRoom && this.#script.pendingChars < roomChars) this.onRoom()
    return segment
  }

  /** What follows `offset` has to be spoken again. */
  rewind(offset: number): void {
    this.#script.rewind(offset)
  }

  /** How much of its text was heard until now. */
  heard(): { readonly chars: number; readonly basis: AlignmentBasis } {
    if (this.#result) return this.#result
    const playedMs = this.begun ? this.#ports.position(this).playedMs : 0
    return this.alignment.heard(this.text, playedMs)
  }

  /** Ends it. Only the first call counts. */
  end(outcome: UtteranceOutcome, playedMs: number): void {
    if (this.#result) return
    const heard =
      outcome === 'completed'
        ? { chars: this.text.length, basis: 'words' as const }
        : this.alignment.heard(this.text, playedMs)
    this.phase = 'ended'
    this.#pause.stop()
    this.onRoom = undefined
    const text = this.text.slice(0, heard.chars).trim()
    this.#result = { outcome, playedMs, text, ...heard }
    this.#resolve({ outcome, playedMs, text })
  }
}

/** The part of an utterance that makes one item of the history: what lies between two records of the agent. */
export class HeardItem implements OpenItem {
  readonly #utterance: LiveUtterance
  readonly #id: string
  readonly #atMs: number
  readonly #from: number
  #to: number | undefined

  /** @param from where its text begins in the utterance's. */
  constructor(utterance: LiveUtterance, id: string, atMs: number, from: number) {
    this.#utterance = utterance
    this.#id = id
    this.#atMs = atMs
    this.#from = from
  }

  /** What comes now belongs to another item. */
  seal(): void {
    this.#to ??= this.#utterance.text.length
  }

  current(): HistoryItem | undefined {
    const { result, text: whole } = this.#utterance
    const { chars, basis } = this.#utterance.heard()
    const to = this.#to ?? whole.length
    const text = whole.slice(this.#from, Math.min(to, chars)).trim()
    if (!isSpeakable(text)) return undefined
    const item = { id: this.#id, role: 'assistant', text, atMs: this.#atMs }
    const cut = result !== undefined && result.outcome !== 'completed' && (chars < to || this.#to === undefined)
    return cut ? { ...item, interrupted: true, heardBy: basis } : item
  }
}
