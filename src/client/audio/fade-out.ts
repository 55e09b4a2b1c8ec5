import type { SampleRing } from './sample-ring.js'

/** The last milliseconds of sound that was stopped, in memory of their own: their place in the ring is free at once. */
export class FadeOut {
  private readonly samples: Float32Array
  private at: number

  constructor(capacity: number) {
    this.samples = new Float32Array(capacity)
    this.at = capacity
  }

  /** Fades `count` samples from `index` on, over what is still fading. */
  take(ring: SampleRing, index: number, count: number): void {
    const { samples, at } = this
    const left = samples.length - at
    samples.copyWithin(0, at)
    samples.fill(0, left)
    for (let i = 0; i < count; i++) samples[i]! += (ring.at(index + i) / 32_768) * (1 - (i + 0.5) / count)
    this.at = 0
  }

  mixInto(out: Float32Array): void {
    const { samples } = this
    const count = Math.min(out.length, samples.length - this.at)
    for (let i = 0; i < count; i++) out[i]! += samples[this.at + i]!
    this.at += count
  }
}
