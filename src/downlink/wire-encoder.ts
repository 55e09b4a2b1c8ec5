import { AudioConverter } from '../audio/convert.js'
import { type AudioFormat, bytesPerSample } from '../audio/format.js'

const nothing = new Uint8Array(0)
/** All usual rates are multiples of it. What is 12 Hz off at 8 kHz is out of tune by 3 cents, which nobody hears. */
const rateGrainHz = 25

/**
 * Turns provider-rate linear16 into what goes over the wire. A resampler holds the last samples back until it knows
 * what follows; `prime` and `finish` join one encoder to the next so that a change of rate is not heard.
 */
export class WireEncoder {
  readonly fromRate: number
  readonly format: AudioFormat
  private readonly usedRate: number
  private readonly converter: AudioConverter | undefined
  private readonly sampleBytes: number
  private samplesIn = 0
  private samplesOut = 0
  /** Output that belongs to what the encoder before this one has sent. */
  private surplus = 0

  constructor(fromRate: number, format: AudioFormat) {
    this.fromRate = fromRate
    this.format = format
    this.sampleBytes = bytesPerSample(format)
    // Two rates without a common divisor would need a filter of millions of coefficients.
    this.usedRate = Math.max(rateGrainHz, Math.round(fromRate / rateGrainHz) * rateGrainHz)
    const from: AudioFormat = { encoding: 'linear16', sampleRate: this.usedRate, channels: 1 }
    const same = format.encoding === 'linear16' && format.sampleRate === this.usedRate
    this.converter = same ? undefined : new AudioConverter(from, format)
  }

  /** What goes in comes out as it is. */
  get isIdentity(): boolean {
    return this.converter === undefined
  }

  /** Begins anew, after `before`, which was sent by another encoder. */
  restart(before: Uint8Array = nothing): void {
    this.samplesIn = 0
    this.samplesOut = 0
    this.surplus = 0
    if (!this.converter) return
    this.converter.reset()
    this.convert(before)
    this.surplus = this.missing
  }

  /** The wire bytes that are complete after `pcm`, in memory of their own unless the encoder is the identity. */
  encode(pcm: Uint8Array): Uint8Array {
    const wire = this.convert(pcm)
    if (this.surplus === 0) return wire
    const cut = Math.min(this.surplus, wire.length / this.sampleBytes)
    this.surplus -= cut
    return wire.subarray(cut * this.sampleBytes)
  }

  /** What is still held back, given what follows but is not to be sent. The encoder must be restarted afterwards. */
  finish(after: Uint8Array = nothing): Uint8Array {
    const missing = this.missing
    if (!this.converter || missing <= this.surplus) return nothing
    const held = new Uint8Array(missing * this.sampleBytes)
    const tail = this.converter.convert(after).subarray(0, held.length)
    held.set(tail)
    if (tail.length < held.length) held.set(this.converter.flush().subarray(0, held.length - tail.length), tail.length)
    return held.subarray(this.surplus * this.sampleBytes)
  }

  /** Samples that what went in is worth and that have not come out. */
  private get missing(): number {
    return Math.ceil((this.samplesIn * this.format.sampleRate) / this.usedRate) - this.samplesOut
  }

  private convert(pcm: Uint8Array): Uint8Array {
    if (!this.converter) return pcm
    const wire = this.converter.convert(pcm)
    this.samplesIn += pcm.length / 2
    this.samplesOut += wire.length / this.sampleBytes
    return wire
  }
}
