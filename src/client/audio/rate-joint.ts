import { Resampler } from '../../audio/resample.js'
import type { SampleRing } from './sample-ring.js'

/** Half the length of the resampler's filter, in samples of the lower rate, and a little more. */
const CONTEXT_LOBES = 16

/**
 * Brings speech whose sample rate may change at any frame to the rate of the device. A filter that met the change
 * unprepared would see silence beyond it and bend the sound towards zero, which is heard as a click. So where the rate
 * changes both filters see their own side mirrored: it has the right value and the right slope.
 */
export class RateJoint {
  private readonly toRate: number
  private resampler: Resampler | undefined
  private samplesIn = 0
  private samplesOut = 0
  /** Output that belongs to the mirrored beginning. */
  private surplus = 0
  /** The last input, which `finish` mirrors. */
  private last: Int16Array = new Int16Array(0)
  private scratch: Int16Array = new Int16Array(0)

  constructor(toRate: number) {
    this.toRate = toRate
  }

  /** Appends what is complete after `pcm`. */
  push(pcm: Int16Array, rate: number, ring: SampleRing): void {
    if (pcm.length === 0) return
    if (this.resampler?.fromRate !== rate) {
      this.finish(ring)
      this.begin(pcm, rate)
    }
    this.convert(pcm, ring, Number.POSITIVE_INFINITY)
    this.last = pcm
  }

  /** Appends what was held back. What is pushed next begins anew. */
  finish(ring: SampleRing): void {
    const { resampler, samplesIn, toRate } = this
    if (!resampler) return
    const missing = Math.ceil((samplesIn * toRate) / resampler.fromRate) - this.samplesOut
    if (missing > 0) this.convert(mirrored(this.last, this.context(resampler.fromRate), 'after'), ring, missing)
    this.drop()
  }

  /** Forgets what was held back. */
  drop(): void {
    this.resampler = undefined
  }

  private begin(head: Int16Array, rate: number): void {
    const resampler = new Resampler(rate, this.toRate)
    this.resampler = resampler
    this.samplesIn = 0
    this.samplesOut = 0
    this.surplus = 0
    if (rate === this.toRate) return
    // So many that the first sample of the sound falls on the grid of the output.
    const step = rate / greatestCommonDivisor(rate, this.toRate)
    const count = step * Math.ceil(this.context(rate) / step)
    this.surplus = (count * this.toRate) / rate
    const lead = mirrored(head, count, 'before')
    const early = resampler.process(lead).length
    this.surplus -= early
  }

  private convert(pcm: Int16Array, ring: SampleRing, most: number): void {
    const resampler = this.resampler!
    const ready = resampler.outputLength(pcm.length)
    if (this.scratch.length < ready) this.scratch = new Int16Array(2 * ready)
    const written = resampler.processInto(pcm, pcm.length, this.scratch, 0)
    const from = Math.min(this.surplus, written)
    const count = Math.min(written - from, most)
    this.surplus -= from
    ring.append(this.scratch, from, count)
    this.samplesIn += pcm.length
    this.samplesOut += count
  }

  /** Input samples that an output sample depends on, to each side. */
  private context(rate: number): number {
    return Math.ceil(CONTEXT_LOBES * Math.max(1, rate / this.toRate))
  }
}

/** `count` samples that continue `pcm` beyond an edge as its point reflection; what is too long for that stays level. */
function mirrored(pcm: Int16Array, count: number, side: 'before' | 'after'): Int16Array {
  const out = new Int16Array(count)
  const edge = side === 'after' ? pcm.length - 1 : 0
  const step = side === 'after' ? -1 : 1
  for (let i = 0; i < count; i++) {
    const distance = Math.min(i + 1, pcm.length - 1)
    const value = 2 * pcm[edge]! - pcm[edge + step * distance]!
    out[side === 'after' ? i : count - 1 - i] = Math.max(-32_768, Math.min(32_767, value))
  }
  return out
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
