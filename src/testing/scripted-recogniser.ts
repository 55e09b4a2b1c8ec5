import type { AudioFormat } from '../audio/format.js'
import type { SttCapabilities, Transcript } from '../providers/contracts.js'
import { type HeardWord, listenTo, type WordListener } from './spoken-words.js'

export interface RecogniserOptions {
  /** Results repeat the whole utterance. Default false: they continue after its last final. */
  readonly cumulative?: boolean | undefined
  /** How far results lag behind the audio, in milliseconds of audio. Default 0. */
  readonly latencyMs?: number | undefined
  /** Silence after which words become final. Default 300. False: only when asked. */
  readonly finalAfterMs?: number | false | undefined
  /** Silence that ends an utterance, where the capabilities have `endpointing`. Default 700. */
  readonly endpointMs?: number | undefined
  /** What `finalize` gives. Default `final`. */
  readonly finalizeGives?: 'final' | 'speech-final' | undefined
}

/** Less than this of a word is not recognised as one. */
const SHORTEST_MS = 100

/** Turns the words of `speak` into the results a vendor would give. */
export class ScriptedRecogniser {
  readonly heard: string[] = []
  readonly #capabilities: SttCapabilities
  readonly #options: RecogniserOptions
  readonly #listener: WordListener
  /** Heard, and not yet within the latency. */
  #waiting: HeardWord[] = []
  /** Of the utterance: final, and not final. */
  #finals: HeardWord[] = []
  #open: HeardWord[] = []
  #speechStart: number | null = null
  #lastEndMs = 0

  constructor(format: AudioFormat, capabilities: SttCapabilities, options: RecogniserOptions) {
    this.#capabilities = capabilities
    this.#options = options
    this.#listener = listenTo(format)
  }

  get positionMs(): number {
    return this.#listener.positionMs
  }

  push(audio: Uint8Array): Transcript[] {
    const words = this.#listener.push(audio)
    this.heard.push(...words.map(word => word.text))
    this.#waiting.push(...words)
    return this.#judge(this.positionMs - (this.#options.latencyMs ?? 0))
  }

  /**
   * Everything heard so far becomes final. A word that is being spoken is cut in two, as by any recogniser, unless it
   * has hardly begun.
   */
  finalize(): Transcript[] {
    const begunMs = this.positionMs - (this.#listener.wordStartMs ?? 0)
    const words = begunMs < SHORTEST_MS ? [] : this.#listener.cut()
    this.heard.push(...words.map(word => word.text))
    this.#open.push(...this.#waiting, ...words)
    this.#waiting = []
    return this.#final(this.#options.finalizeGives ?? 'final', this.positionMs)
  }

  /** When speech began since the last call, if it did. */
  takeSpeechStart(): number | null {
    const at = this.#speechStart
    this.#speechStart = null
    return at
  }

  #judge(nowMs: number): Transcript[] {
    const results: Transcript[] = []
    const known = this.#waiting.filter(word => word.endMs <= nowMs)
    if (known.length > 0) {
      if (this.#finals.length + this.#open.length === 0) this.#speechStart = known[0]!.startMs
      this.#waiting = this.#waiting.slice(known.length)
      this.#open.push(...known)
      this.#lastEndMs = known.at(-1)!.endMs
      if (this.#capabilities.interims) results.push(this.#result('interim', this.#lastEndMs))
    }
    const nextWordMs = this.#waiting[0]?.startMs ?? this.#listener.wordStartMs ?? nowMs
    const quietUntilMs = Math.min(nowMs, nextWordMs)
    const quietMs = quietUntilMs - this.#lastEndMs
    const { finalAfterMs = 300, endpointMs = 700 } = this.#options
    if (this.#open.length > 0 && finalAfterMs !== false && quietMs >= finalAfterMs) {
      results.push(...this.#final('final', quietUntilMs))
    }
    const said = this.#finals.length + this.#open.length > 0
    if (said && this.#capabilities.endpointing && quietMs >= endpointMs) {
      results.push(...this.#final('speech-final', quietUntilMs))
    }
    return results
  }

  #final(kind: 'final' | 'speech-final', endMs: number): Transcript[] {
    const result = this.#result(kind, endMs)
    this.#finals.push(...this.#open)
    this.#open = []
    if (kind === 'speech-final') this.#finals = []
    return [result]
  }

  #result(kind: Transcript['kind'], endMs: number): Transcript {
    const { cumulative = false } = this.#options
    const words = cumulative ? [...this.#finals, ...this.#open] : [...this.#open]
    const startMs = words[0]?.startMs ?? endMs
    const text = words.map(word => word.text).join(' ')
    return { kind, text, cumulative, startMs, endMs, words: this.#capabilities.words ? words : undefined }
  }
}
