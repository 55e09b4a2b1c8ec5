import { AudioConverter } from '../audio/convert.js'
import { type AudioFormat, msToBytes } from '../audio/format.js'
import { copyOf } from '../util/bytes.js'
import type { Clock } from '../util/clock.js'
import type { LiveUtterance } from './live-utterance.js'
import type { SpeechOut } from './ports.js'
import { Pump } from './pump.js'
import type { Producer } from './speech-queue.js'
import { laneFormat } from './tts-format.js'

/** Recorded sound to be played as an utterance. */
export interface Recording {
  readonly audio: Uint8Array | AsyncIterable<Uint8Array>
  readonly format: AudioFormat
  readonly loop: boolean
}

export interface AudioFeedOptions {
  readonly out: SpeechOut
  readonly clock: Clock
  /** Audio in the lane above which no more is added, in milliseconds. */
  readonly roomMs: number
  /** How long a source may give nothing. */
  readonly stallMs: number
}

export interface AudioFeedPorts {
  produced(utterance: LiveUtterance): void
  /** The application's source threw or gave nothing in time. */
  failed(utterance: LiveUtterance, error: unknown): void
}

/** Sound added to the lane at a time. */
const sliceMs = 500

/** Plays recorded sound: as much as the lane has room for, the rest when it has room again. */
export class AudioFeed implements Producer {
  readonly starving = false
  private readonly options: AudioFeedOptions
  private readonly ports: AudioFeedPorts
  private readonly recordings: Map<LiveUtterance, Recording> = new Map()
  private utterance: LiveUtterance | undefined
  private converter: AudioConverter | undefined
  private pump: Pump<Uint8Array> | undefined
  /** Of a recording given whole. */
  private offset = 0

  constructor(options: AudioFeedOptions, ports: AudioFeedPorts) {
    this.options = options
    this.ports = ports
  }

  /** What `produce` will play for the utterance. */
  load(utterance: LiveUtterance, recording: Recording): void {
    this.recordings.set(utterance, recording)
  }

  has(utterance: LiveUtterance): boolean {
    return this.recordings.has(utterance)
  }

  /** The utterance is over. */
  unload(utterance: LiveUtterance): void {
    this.recordings.delete(utterance)
  }

  produce(utterance: LiveUtterance): void {
    const { audio, format } = this.recordings.get(utterance)!
    this.utterance = utterance
    this.offset = 0
    this.converter = new AudioConverter(format, laneFormat(format.sampleRate))
    utterance.alignment.begin(0, utterance.text.length)
    if (!(audio instanceof Uint8Array)) this.pump = this.open(utterance, audio)
    this.wake()
  }

  wake(): void {
    if (this.pump) return this.hasRoom() ? this.pump.resume() : undefined
    while (this.utterance && this.hasRoom()) this.playSlice(this.utterance, this.recordings.get(this.utterance)!)
  }

  stop(utterance: LiveUtterance): void {
    if (utterance !== this.utterance) return
    this.rest()
  }

  private open(utterance: LiveUtterance, source: AsyncIterable<Uint8Array>): Pump<Uint8Array> {
    const { clock, stallMs } = this.options
    return new Pump(
      source,
      { clock, stallMs },
      {
        item: audio => {
          this.append(utterance, audio)
          return this.hasRoom()
        },
        ended: () => this.finish(utterance),
        failed: error => {
          this.ports.failed(utterance, error)
          this.finish(utterance)
        },
      },
    )
  }

  private playSlice(utterance: LiveUtterance, { audio, format, loop }: Recording): void {
    const whole = audio as Uint8Array
    const end = this.offset + Math.max(1, msToBytes(format, sliceMs))
    this.append(utterance, whole.subarray(this.offset, end))
    if (this.utterance !== utterance) return
    this.offset = Math.min(end, whole.length)
    if (this.offset < whole.length) return
    if (!loop || whole.length === 0) return this.finish(utterance)
    // The words are those of the first round.
    utterance.alignment.complete()
    utterance.alignment.begin(utterance.text.length, utterance.text.length)
    this.offset = 0
  }

  private append(utterance: LiveUtterance, audio: Uint8Array): void {
    const { out } = this.options
    const pcm = this.converter!.convert(audio)
    if (pcm.length === 0) return
    const { sampleRate } = this.converter!.to
    if (!utterance.begun) {
      utterance.begun = true
      out.begin(utterance.id, sampleRate)
      if (utterance.text) out.caption(utterance.id, utterance.text)
    }
    utterance.alignment.grow((pcm.length * 500) / sampleRate)
    // The lane keeps what it is given, and the recording stays the application's.
    out.audio(utterance.id, pcm.buffer === audio.buffer ? copyOf(pcm) : pcm)
  }

  private finish(utterance: LiveUtterance): void {
    utterance.alignment.complete()
    this.rest()
    this.ports.produced(utterance)
  }

  private rest(): void {
    this.pump?.stop()
    this.pump = undefined
    this.utterance = undefined
    this.converter = undefined
  }

  private hasRoom(): boolean {
    const { out, roomMs } = this.options
    return !out.congested && out.queuedMs < roomMs
  }
}

/** @throws TypeError naming what cannot be played. */
export function checkRecording({ audio, format, loop }: Recording): void {
  if (!(audio instanceof Uint8Array) && !(Symbol.asyncIterator in Object(audio))) {
    throw new TypeError(`play: audio: ${typeof audio} cannot be played; give bytes or an async iterable of bytes`)
  }
  if (format.encoding === 'opus') {
    throw new TypeError('play: format.encoding: opus cannot be decoded here; give linear16, mulaw or alaw')
  }
  if (format.channels !== 1 && format.channels !== 2) {
    throw new TypeError(`play: format.channels: ${format.channels} must be 1 or 2`)
  }
  if (!Number.isInteger(format.sampleRate) || format.sampleRate < 8000 || format.sampleRate > 48_000) {
    throw new TypeError(`play: format.sampleRate: ${format.sampleRate} must be a whole number from 8000 to 48000`)
  }
  if (loop && !(audio instanceof Uint8Array)) {
    throw new TypeError('play: loop: only audio given whole can repeat; give a Uint8Array')
  }
}
