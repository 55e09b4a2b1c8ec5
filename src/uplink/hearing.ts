import type { AudioFormat } from '../audio/format.js'
import { SpeechDetector, type SpeechListener } from '../audio/speech-detector.js'
import type { Vad } from '../audio/vad.js'

/** Results may end this much before the voice does: the two are measured differently. */
const COVER_TOLERANCE_MS = 50
/** A detector needs this long to find a voice, and more where it is faint. */
const NOTICE_MS = 100
export const KEPT_QUIET_MS: number = 1000
/** How long a stream that owes an answer may still fail, so that another one must be able to hear the same again. */
const ANSWER_GRACE_MS = 5000

export interface HearingOptions {
  readonly format: AudioFormat
  readonly onsetMs: number
  readonly vad: Vad | undefined
  readonly listener: Pick<SpeechListener, 'speechStart' | 'onset' | 'speechEnd'>
}

/**
 * What is known of the user's voice without a provider, and how much of it the provider's results have covered.
 * In session time. Without a detector (packets are not decoded) only the results speak.
 */
export class Hearing implements SpeechListener {
  private readonly options: HearingOptions
  private detector: SpeechDetector | undefined
  private onsetMs: number
  /** End of the last voice that the detector heard. */
  private detectedMs = Number.NEGATIVE_INFINITY
  /** End of the last words that it did not hear. */
  private undetectedMs = Number.NEGATIVE_INFINITY
  /** Where the last stretch of voice began. */
  private stretchStartMs = Number.NEGATIVE_INFINITY
  /** Results reach up to here. */
  private coveredMs = 0
  /** Answers were asked for up to here, and came or had their time. */
  private answeredMs = 0
  /** When such words last came. */
  private undetectedAtMs = Number.NEGATIVE_INFINITY
  private positionMs = 0

  constructor(options: HearingOptions) {
    this.options = options
    this.onsetMs = options.onsetMs
  }

  /** Voice that is long enough to interrupt, from now on. */
  takeOnset(onsetMs: number): void {
    this.onsetMs = onsetMs
    if (this.detector) this.detector.onsetMs = onsetMs
  }

  /** Voice is detected; of packets, which are not decoded, nothing is known. */
  get detects(): boolean {
    return this.options.format.encoding !== 'opus'
  }

  /** Milliseconds of voice so far, pauses not counted. 0 without a detector. */
  get speechMs(): number {
    return this.detector?.speechMsTotal ?? 0
  }

  /** Milliseconds since the last voice. */
  get pauseMs(): number {
    return this.detector?.silentForMs ?? 0
  }

  /** Milliseconds in which the user has said nothing that anybody heard. */
  get quietMs(): number {
    const sinceWordsMs = this.positionMs - this.undetectedAtMs
    return this.detector ? Math.min(this.detector.silentForMs, sinceWordsMs) : sinceWordsMs
  }

  /** There is voice whose results are neither in nor given up. */
  get outstanding(): boolean {
    return this.voiceEndMs > this.answeredMs + COVER_TOLERANCE_MS
  }

  /** The results of all voice so far are in. */
  get settled(): boolean {
    return this.voiceEndMs <= this.coveredMs + COVER_TOLERANCE_MS
  }

  /** Nothing that another stream would have to hear again lies further back than a second of quiet. */
  get forgettable(): boolean {
    return this.settled || (!this.outstanding && this.positionMs - this.answeredMs >= ANSWER_GRACE_MS)
  }

  /**
   * How far what was said before `ms` may be forgotten once it has been recognised. In speech, all of it; in quiet,
   * a second less: a voice is noticed only after it began.
   */
  forgettableTo(ms: number): number {
    if (this.stretchStartMs >= ms - NOTICE_MS) return Math.min(ms, this.stretchStartMs)
    return this.voiceEndMs >= ms ? ms : Math.max(this.voiceEndMs, ms - KEPT_QUIET_MS)
  }

  /** End of the last voice; now, while it lasts. */
  get voiceEndMs(): number {
    return Math.max(this.detectedEndMs, this.undetectedMs)
  }

  /** Audio whose last byte is at `endMs`. */
  push(audio: Uint8Array, endMs: number): void {
    if (this.detects) {
      this.detector ??= this.createDetector(this.positionMs)
      this.detector.push(audio)
    }
    this.positionMs = endMs
  }

  skip(ms: number, endMs: number): void {
    this.positionMs = endMs
    this.detector?.skip(ms)
  }

  /** New words were delivered. Where the detector hears nothing, they are the voice. */
  words(startMs: number, endMs: number): void {
    if (this.detector && this.detectedEndMs > startMs) return
    this.undetectedAtMs = this.positionMs
    this.undetectedMs = Math.max(this.undetectedMs, endMs)
  }

  /** Results up to `ms` are final. */
  covered(ms: number): void {
    this.coveredMs = Math.max(this.coveredMs, ms)
    this.answeredMs = Math.max(this.answeredMs, ms)
  }

  /** Results up to `ms` were asked for and did not come in time. */
  unanswered(ms: number): void {
    this.answeredMs = Math.max(this.answeredMs, ms)
  }

  speechStart(atMs: number): void {
    this.stretchStartMs = atMs
    this.options.listener.speechStart(atMs)
  }

  onset(atMs: number): void {
    this.options.listener.onset(atMs)
  }

  speechEnd(atMs: number): void {
    this.detectedMs = atMs
    this.options.listener.speechEnd(atMs)
  }

  silence(): void {}

  private get detectedEndMs(): number {
    if (!this.detects) return this.positionMs
    return this.detector?.speaking ? this.detector.positionMs - this.detector.silentForMs : this.detectedMs
  }

  /** Made at the first audio: most sessions of a text-only page never need it. */
  private createDetector(startMs: number): SpeechDetector {
    const { format, vad } = this.options
    const detector = new SpeechDetector(format, this, { vad, onsetMs: this.onsetMs })
    detector.reset(startMs)
    return detector
  }
}
