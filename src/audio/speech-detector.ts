import { type AudioFormat, msToBytes, sameFormat } from './format.js'
import { pcmBytes } from './pcm.js'
import { PcmDecoder } from './pcm-decoder.js'
import { EnergyVad, type Vad } from './vad.js'

/** Hears what the detector finds. Positions are milliseconds of sound since the start; no call may throw. */
export interface SpeechListener {
  /** Voice began at `atMs`. Comes 60 ms later: shorter sounds are clicks. */
  speechStart(atMs: number): void
  /** Voice has now lasted `onsetMs`, pauses not counted. Once per stretch of speech. */
  onset(atMs: number): void
  /** Voice ended at `atMs`. Comes `hangMs` later: shorter pauses belong to the speech. */
  speechEnd(atMs: number): void
}

export interface SpeechDetectorOptions {
  /** Default: an `EnergyVad` at the rate of the format, so that nothing needs resampling. */
  readonly vad?: Vad | undefined
  /** Voice that is long enough to interrupt. Default 200. */
  readonly onsetMs?: number | undefined
  /** The longest pause within speech. Default 200. */
  readonly hangMs?: number | undefined
}

/** The rate every plugged `Vad` gets. */
const VAD_RATE = 16_000
const FRAMES_PER_SECOND = 50
/** Voice shorter than this is a click. */
const START_MS = 60
/** A stretch begins at the first probability and goes on down to the second. */
const ENTER_PROBABILITY = 0.5
const STAY_PROBABILITY = 0.35
/** One for each length, for all detectors: memory that every session shares is in the processor's cache. */
const sharedFrames = new Map<number, Frame>()

/** The samples of a frame, and the same memory as bytes. */
interface Frame {
  readonly pcm: Int16Array
  readonly bytes: Uint8Array
}

/** Sound decoded at a time, so that the buffer stays small for any message. */
const SLICE_MS = 100

/**
 * Finds stretches of speech in a stream of bytes. All times are positions in the sound, so they depend neither on when
 * it arrived nor on how it was cut. Allocates nothing for messages that fit into a frame, and small views for others.
 * Holds 1 KB where messages of 16 kHz mono do not end with a frame, 6 KB for other formats, 20 KB when it has to resample
 * for a plugged `Vad`: make one at the first audio.
 */
export class SpeechDetector {
  private readonly listener: SpeechListener
  private readonly vad: Vad
  /** Voice that is long enough to interrupt. */
  onsetMs: number
  private readonly hangMs: number
  /** None when the format already is what the `Vad` takes. */
  private readonly decoder: PcmDecoder | undefined
  private readonly sliceBytes: number
  private readonly decoded: Int16Array
  private readonly decodedBytes: Uint8Array
  private readonly shared: Frame
  /** A frame whose end has not come. */
  private partial: Frame | undefined
  private readonly samplesPerMs: number
  private readonly frameMs: number
  /** Bytes of the next frame. */
  private filledBytes = 0
  /** End of the last frame judged. */
  private atMs = 0
  /** End of the last voice, or where listening began. */
  private silentSinceMs = 0
  private inSpeech = false
  /** Unbroken voice up to now. */
  private runMs = 0
  /** Voice in this stretch. */
  private voicedMs = 0
  private onsetReported = false
  private totalMs = 0

  /** @throws TypeError for `opus` and for channel counts other than 1 and 2. */
  constructor(format: AudioFormat, listener: SpeechListener, options: SpeechDetectorOptions = {}) {
    const rate = options.vad ? VAD_RATE : format.sampleRate
    this.listener = listener
    this.vad = options.vad ?? new EnergyVad(rate)
    this.onsetMs = options.onsetMs ?? 200
    this.hangMs = options.hangMs ?? 200
    const same = sameFormat(format, { encoding: 'linear16', sampleRate: rate, channels: 1 })
    this.decoder = same ? undefined : new PcmDecoder(format, rate, 1)
    this.sliceBytes = msToBytes(format, SLICE_MS)
    this.decoded = new Int16Array(same ? 0 : Math.ceil((rate * (SLICE_MS + 5)) / 1000))
    this.decodedBytes = pcmBytes(this.decoded)
    const frameSamples = this.vad.frameSamples ?? Math.round(rate / FRAMES_PER_SECOND)
    this.shared = sharedFrame(frameSamples)
    this.samplesPerMs = rate / 1000
    this.frameMs = frameSamples / this.samplesPerMs
  }

  /** A stretch of speech is open: it began at least 60 ms ago and has not paused for `hangMs`. */
  get speaking(): boolean {
    return this.inSpeech
  }

  /** Milliseconds of sound without voice up to now. Clicks do not end a silence. */
  get silentForMs(): number {
    return this.atMs - this.silentSinceMs
  }

  /** All voice so far, pauses not counted; `reset` starts it again. */
  get speechMsTotal(): number {
    return this.totalMs
  }

  /** How far the sound has been judged; at most one frame behind what was pushed. */
  get positionMs(): number {
    return this.atMs
  }

  /** Takes sound in the detector's format, any number of bytes. */
  push(bytes: Uint8Array): void {
    if (!this.decoder) return this.fill(bytes, bytes.length)
    for (let at = 0; at < bytes.length; at += this.sliceBytes) {
      const slice = bytes.length <= this.sliceBytes ? bytes : bytes.subarray(at, at + this.sliceBytes)
      this.fill(this.decodedBytes, this.decoder.decodeInto(slice, this.decoded) * 2)
    }
  }

  /**
   * Sound of `ms` is missing. Nothing is known about it: speech goes on over a hole shorter than `hangMs` and ends
   * before a longer one, and silence is counted anew after it.
   */
  skip(ms: number): void {
    const missingMs = ms + (this.filledBytes >> 1) / this.samplesPerMs
    this.decoder?.reset()
    this.filledBytes = 0
    this.runMs = 0
    if (this.inSpeech && this.silentForMs + missingMs >= this.hangMs) this.endSpeech()
    this.atMs += missingMs
    this.silentSinceMs = this.inSpeech ? this.silentSinceMs + missingMs : this.atMs
  }

  /** Starts again at position `atMs` with another recording. No event is reported. */
  reset(atMs = 0): void {
    this.decoder?.reset()
    this.vad.reset?.()
    this.filledBytes = 0
    this.atMs = atMs
    this.silentSinceMs = atMs
    this.inSpeech = false
    this.runMs = 0
    this.totalMs = 0
  }

  /** Copies the first `length` bytes into frames, and has each judged that is full. */
  private fill(bytes: Uint8Array, length: number): void {
    const frameBytes = this.shared.bytes.length
    for (let at = 0; at < length; ) {
      const size = Math.min(length - at, frameBytes - this.filledBytes)
      const frame = size === frameBytes ? this.shared : this.started()
      frame.bytes.set(size === bytes.length ? bytes : bytes.subarray(at, at + size), this.filledBytes)
      at += size
      this.filledBytes += size
      if (this.filledBytes < frameBytes) continue
      this.filledBytes = 0
      this.judge(this.vad.push(frame.pcm))
    }
  }

  private started(): Frame {
    this.partial ??= newFrame(this.shared.pcm.length)
    return this.partial
  }

  private judge(probability: number): void {
    this.atMs += this.frameMs
    if (probability >= (this.inSpeech ? STAY_PROBABILITY : ENTER_PROBABILITY)) this.voice()
    else this.quiet()
  }

  private voice(): void {
    this.runMs += this.frameMs
    if (this.inSpeech) {
      this.count(this.frameMs)
    } else if (this.runMs >= START_MS) {
      this.inSpeech = true
      this.voicedMs = 0
      this.onsetReported = false
      this.count(this.runMs)
      this.listener.speechStart(this.atMs - this.runMs)
    }
    if (!this.inSpeech || this.onsetReported || this.voicedMs < this.onsetMs) return
    this.onsetReported = true
    this.listener.onset(this.atMs)
  }

  private count(ms: number): void {
    this.silentSinceMs = this.atMs
    this.voicedMs += ms
    this.totalMs += ms
  }

  private quiet(): void {
    this.runMs = 0
    if (this.inSpeech && this.silentForMs >= this.hangMs) this.endSpeech()
  }

  private endSpeech(): void {
    this.inSpeech = false
    this.listener.speechEnd(this.silentSinceMs)
  }
}

function sharedFrame(samples: number): Frame {
  const frame = sharedFrames.get(samples) ?? newFrame(samples)
  sharedFrames.set(samples, frame)
  return frame
}

function newFrame(samples: number): Frame {
  const pcm = new Int16Array(samples)
  return { pcm, bytes: pcmBytes(pcm) }
}
