import { decodeAlaw, decodeMulaw } from '../../audio/g711.js'
import { pcmView } from '../../audio/pcm.js'
import type { AudioChunk } from '../player.js'
import { FadeOut } from './fade-out.js'
import { LevelMeter } from './level-meter.js'
import { MAX_QUANTUM } from './quantum.js'
import { RateJoint } from './rate-joint.js'
import { SampleRing } from './sample-ring.js'
import type { PlayerReport, PlayoutOptions } from './worklet-messages.js'

/** Sound that stops or begins in the middle does so over this long, because a step is heard as a click. */
const FADE_MS = 5
const REPORT_MS = 100
/** After running dry the target grows by this factor. */
const GROWTH = 1.5
/** And shrinks by one step for each of these periods without running dry. */
const CLEAN_MS = 10_000
const SHRINK_MS = 20
/** Positions closer than this are the same: a fraction of a sample is lost in rounding. */
const SAME_MS = 0.5
/** 1.4 s at 48 kHz to begin with. */
const INITIAL_SAMPLES = 65_536

/** A stretch of sound without a hole in its timeline. It ends where the next begins. */
interface Span {
  readonly utteranceId: string
  readonly start: number
  readonly fromMs: number
}

/**
 * A jitter buffer for speech: takes chunks of any rate when they arrive and gives samples at the rate of the device
 * when they are due. `render` allocates nothing.
 */
export class Playout {
  private readonly sampleRate: number
  private readonly options: PlayoutOptions
  private readonly fadeSamples: number
  private readonly ring: SampleRing = new SampleRing(INITIAL_SAMPLES)
  private readonly joint: RateJoint
  private readonly fadeOut: FadeOut
  private readonly meter: LevelMeter = new LevelMeter()
  /** The first is being heard. */
  private spans: Span[] = []
  /** Where on the timeline of the last span the next chunk belongs, unless the server left something out. */
  private nextMs = 0
  /** Nothing more of the last span's utterance will come. */
  private ended = false
  /** Index of the next sample to be heard. */
  private read = 0
  private playing = false
  /** What is played next follows a gap in the middle of speech. */
  private broken = false
  private targetMs: number
  private cleanSamples = 0
  private underruns = 0
  private receivedMs = 0
  private epoch = 0
  private samplesToReport = 0

  constructor(sampleRate: number, options: PlayoutOptions) {
    this.sampleRate = sampleRate
    this.options = options
    this.targetMs = options.targetMs
    this.fadeSamples = Math.round((sampleRate * FADE_MS) / 1000)
    this.fadeOut = new FadeOut(this.fadeSamples + MAX_QUANTUM)
    this.joint = new RateJoint(sampleRate)
  }

  push({ utteranceId, pcm, encoding, sampleRate, fromMs }: AudioChunk): void {
    const samples = decode(pcm, encoding)
    const ms = (samples.length / sampleRate) * 1000
    const last = this.spans.at(-1)
    const follows = last?.utteranceId === utteranceId
    const skips = follows && Math.abs(fromMs - this.nextMs) > SAME_MS
    if (!follows || skips) this.joint.finish(this.ring)
    if (skips) this.softenEnd()
    if (!follows || skips) this.spans.push({ utteranceId, start: this.ring.end, fromMs })
    const from = this.ring.end
    this.joint.push(samples, sampleRate, this.ring)
    if (skips) this.ring.ramp(from, Math.min(this.fadeSamples, this.ring.end - from), 1)
    this.nextMs = fromMs + ms
    this.receivedMs += ms
    this.ended = false
  }

  /** Nothing more of this utterance will come. */
  end(utteranceId: string): void {
    if (this.spans.at(-1)?.utteranceId !== utteranceId) return
    this.joint.finish(this.ring)
    this.ended = true
  }

  /** Drops what is held of the utterance from `toMs` on: it will be pushed again. */
  rewind(utteranceId: string, toMs: number): void {
    this.epoch++
    this.samplesToReport = 0
    let last = this.spans.at(-1)
    if (last?.utteranceId !== utteranceId) return
    this.joint.drop()
    while (last?.utteranceId === utteranceId && last.fromMs > toMs && last.start >= this.read) {
      this.ring.end = last.start
      this.spans.pop()
      last = this.spans.at(-1)
    }
    const own = last?.utteranceId === utteranceId ? last : undefined
    const index = own ? own.start + Math.round(((toMs - own.fromMs) * this.sampleRate) / 1000) : this.ring.end
    if (index <= this.read) this.stop(Math.min(this.fadeSamples, this.available))
    this.ring.end = Math.min(this.ring.end, Math.max(index, this.read))
    if (!own || index < this.read) this.spans.push({ utteranceId, start: this.ring.end, fromMs: toMs })
    this.passSpans()
    this.nextMs = toMs
    this.ended = false
  }

  /** Stops what is heard up to the last of these utterances, and drops what is held of them and before them. */
  clear(utteranceIds: readonly string[]): void {
    this.epoch++
    this.samplesToReport = 0
    const kept = 1 + this.spans.findLastIndex(span => utteranceIds.includes(span.utteranceId))
    if (kept === 0) return
    const resumeAt = this.spans[kept]?.start ?? this.ring.end
    this.spans = this.spans.slice(kept)
    if (this.spans.length === 0) this.joint.drop()
    this.stop(Math.min(this.fadeSamples, resumeAt - this.read))
    this.moveTo(resumeAt)
    this.broken = false
  }

  /** Fills one render quantum. */
  render(out: Float32Array): void {
    if (!this.playing) this.begin()
    const { ring, meter } = this
    const mayRunDry = this.playing && !this.ended && this.available < this.fadeSamples + out.length
    if (mayRunDry) this.runDry()
    const count = this.playing ? Math.min(out.length, this.available) : 0
    for (let i = 0; i < count; i++) out[i] = ring.at(this.read + i) / 32_768
    out.fill(0, count)
    this.fadeOut.mixInto(out)
    for (let i = 0; i < out.length; i++) meter.add(out[i]!)
    this.advance(count)
    if (this.playing && this.available === 0) this.pause()
    this.samplesToReport -= out.length
  }

  /** Whether there is news for the page. */
  get reportIsDue(): boolean {
    return this.samplesToReport <= 0
  }

  /** Writes into `report`, which can be used again. */
  reportInto(report: { -readonly [K in keyof PlayerReport]: PlayerReport[K] }): void {
    const span = this.spans[0]
    report.epoch = this.epoch
    report.utteranceId = span?.utteranceId ?? null
    report.playedMs = span ? span.fromMs + this.toMs(this.read - span.start) : 0
    report.bufferedMs = this.toMs(this.available)
    report.receivedMs = this.receivedMs
    report.playing = this.playing
    report.underruns = this.underruns
    report.targetMs = this.targetMs
    report.level = this.meter.take()
    const live = this.playing || this.available > 0
    this.samplesToReport = live ? (this.sampleRate * REPORT_MS) / 1000 : Number.POSITIVE_INFINITY
  }

  private get available(): number {
    return this.ring.end - this.read
  }

  private begin(): void {
    const { available } = this
    if (available === 0 || (!this.ended && this.toMs(available) < this.targetMs)) return
    if (this.broken) this.ring.ramp(this.read, Math.min(this.fadeSamples, available), 1)
    this.broken = false
    this.playing = true
    this.samplesToReport = 0
  }

  /** What is left fades, and the buffer fills again, further than before. */
  private runDry(): void {
    this.underruns++
    this.cleanSamples = 0
    this.targetMs = Math.min(this.options.maxTargetMs, this.targetMs * GROWTH)
    const rest = this.available
    this.stop(rest)
    this.moveTo(this.read + rest)
  }

  /** Fades what is being heard over the next `count` samples. */
  private stop(count: number): void {
    if (this.playing) this.fadeOut.take(this.ring, this.read, count)
    this.broken = this.playing
    this.pause()
  }

  private pause(): void {
    this.playing = false
    this.samplesToReport = 0
  }

  private moveTo(index: number): void {
    this.read = index
    this.passSpans()
  }

  private advance(count: number): void {
    this.read += count
    this.cleanSamples += count
    if (this.toMs(this.cleanSamples) >= CLEAN_MS) {
      this.cleanSamples = 0
      this.targetMs = Math.max(this.options.targetMs, this.targetMs - SHRINK_MS)
    }
    this.passSpans()
  }

  private passSpans(): void {
    this.ring.start = this.read
    while (this.spans.length > 1 && this.spans[1]!.start <= this.read) {
      this.spans.shift()
      this.samplesToReport = 0
    }
  }

  /** What is held ends in the middle of speech, and something else follows. */
  private softenEnd(): void {
    const count = Math.min(this.fadeSamples, this.available)
    this.ring.ramp(this.ring.end - count, count, 0)
  }

  private toMs(samples: number): number {
    return (samples / this.sampleRate) * 1000
  }
}

function decode(pcm: Uint8Array, encoding: AudioChunk['encoding']): Int16Array {
  if (encoding === 'linear16') return pcmView(pcm)
  return encoding === 'mulaw' ? decodeMulaw(pcm) : decodeAlaw(pcm)
}
