import { Endpointer, ONSET_FRAMES } from './endpointer.js'
import { FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, FrameCutter } from './frames.js'
import { spokenText } from './hypothesis.js'
import type { SpeechEvent } from './messages.js'

/** What the recogniser needs of the decoder. */
export interface UtteranceDecoder {
  start(): void
  process(samples: Int16Array): void
  hypothesis(): string
  finish(): string
}

/** What the recogniser needs of the voice detector. */
export interface FrameClassifier {
  isVoice(samples: Int16Array): boolean
}

export interface RecogniserOptions {
  /** Quiet that ends an utterance. */
  readonly endpointMs: number
  /** A longer utterance is given in parts of this length. */
  readonly maxUtteranceMs: number
}

/** Audio from before the onset that the decoder hears too: soft consonants are voice only in hindsight. */
const PRE_ROLL_FRAMES: number = 300 / FRAME_MS
/** Frames decoded together. One by one costs 20 % more CPU for text nobody can read that fast. */
const BATCH_FRAMES = 5

/**
 * Turns one stream of audio into speech events: the voice detector keeps silence away from the decoder and ends
 * utterances. Every time is a position in the stream, counted in bytes, so late or bundled audio changes nothing.
 */
export class Recogniser {
  private readonly decoder: UtteranceDecoder
  private readonly classifier: FrameClassifier
  private readonly emit: (event: SpeechEvent) => void
  private readonly endpointer: Endpointer
  private readonly maxDecodedFrames: number
  private readonly cutter = new FrameCutter()
  /** Frames the decoder has not heard: pre-roll in silence, the next batch in speech. */
  private readonly waiting = new Int16Array(PRE_ROLL_FRAMES * FRAME_SAMPLES)
  private waitingFrames = 0
  private frames = 0
  private speaking = false
  private decoding = false
  private decodedFrames = 0
  private startMs = 0
  private interim = ''
  /** Something of the utterance was reported, so that its end must be too. */
  private reported = false

  constructor(
    decoder: UtteranceDecoder,
    classifier: FrameClassifier,
    options: RecogniserOptions,
    emit: (event: SpeechEvent) => void,
  ) {
    this.decoder = decoder
    this.classifier = classifier
    this.endpointer = new Endpointer(options.endpointMs)
    this.maxDecodedFrames = Math.ceil(options.maxUtteranceMs / FRAME_MS)
    this.emit = emit
  }

  /** Bytes of whole frames that need no more work. */
  get processedBytes(): number {
    return (this.frames - (this.speaking ? this.waitingFrames : 0)) * FRAME_BYTES
  }

  push(audio: Uint8Array): void {
    this.cutter.push(audio, this.onFrame)
  }

  /** Gives the text of an utterance that is still open, as a final: whether the speaker is done is not known. */
  finalize(): void {
    if (!this.speaking) return
    this.emitText('final', this.nowMs)
  }

  /** No more audio comes: ends an open utterance. */
  end(): void {
    if (this.speaking) this.endUtterance(this.nowMs)
  }

  private get nowMs(): number {
    return this.frames * FRAME_MS
  }

  private readonly onFrame = (samples: Int16Array): void => {
    this.frames++
    const verdict = this.endpointer.push(this.classifier.isVoice(samples))
    if (!this.speaking || !this.decoding) this.makeRoom()
    this.waiting.set(samples, this.waitingFrames++ * FRAME_SAMPLES)
    if (verdict === 'onset') this.beginUtterance()
    else if (verdict === 'endpoint') this.endUtterance(this.nowMs - this.endpointer.quietFrames * FRAME_MS)
    else if (this.speaking) this.decode()
  }

  /** Keeps only the newest frames while nothing is decoded. */
  private makeRoom(): void {
    if (this.waitingFrames < PRE_ROLL_FRAMES) return
    this.waiting.copyWithin(0, FRAME_SAMPLES)
    this.waitingFrames--
  }

  private beginUtterance(): void {
    this.speaking = true
    this.reported = false
    this.startMs = this.nowMs - ONSET_FRAMES * FRAME_MS
    this.emit({ kind: 'started', atMs: this.startMs })
    this.decode()
  }

  private endUtterance(endMs: number): void {
    this.emitText('speech-final', endMs)
    this.speaking = false
  }

  private decode(): void {
    // After a forced final the decoder stays off until the speaker goes on.
    if (!this.decoding && this.endpointer.quietFrames > 0) return
    if (this.waitingFrames < BATCH_FRAMES) return
    this.feed()
    if (this.decodedFrames >= this.maxDecodedFrames) {
      this.emitText('final', this.nowMs)
      return
    }
    const text = spokenText(this.decoder.hypothesis())
    if (text === this.interim || text === '') return
    this.interim = text
    this.report('interim', text, this.nowMs)
  }

  private feed(): void {
    if (this.waitingFrames === 0) return
    if (!this.decoding) this.decoder.start()
    this.decoding = true
    this.decoder.process(this.waiting.subarray(0, this.waitingFrames * FRAME_SAMPLES))
    this.decodedFrames += this.waitingFrames
    this.waitingFrames = 0
  }

  /** Finishes the decoder and reports its text; an empty one only when it ends or takes back something reported. */
  private emitText(kind: 'final' | 'speech-final', endMs: number): void {
    if (this.decoding) this.feed()
    const text = this.decoding ? spokenText(this.decoder.finish()) : ''
    this.decoding = false
    this.decodedFrames = 0
    const retracts = this.interim !== '' || (kind === 'speech-final' && this.reported)
    this.interim = ''
    if (text !== '' || retracts) this.report(kind, text, endMs)
  }

  private report(kind: 'interim' | 'final' | 'speech-final', text: string, endMs: number): void {
    this.reported = true
    this.emit({ kind, text, startMs: this.startMs, endMs })
    if (kind === 'final') this.startMs = endMs
  }
}
