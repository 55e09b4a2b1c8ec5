/** Samples by absolute index. Grows to hold whatever it is given. */
export class SampleRing {
  /** Index of the oldest sample that is still wanted. */
  start = 0
  /** Index after the newest sample. */
  end = 0
  /** A power of two, so that an index becomes a place by a mask. */
  private samples: Int16Array

  /** @param capacity a power of two. */
  constructor(capacity: number) {
    this.samples = new Int16Array(capacity)
  }

  at(index: number): number {
    return this.samples[index & (this.samples.length - 1)]!
  }

  append(from: Int16Array, offset: number, count: number): void {
    while (this.end + count - this.start > this.samples.length) this.grow()
    const mask = this.samples.length - 1
    for (let i = 0; i < count; i++) this.samples[(this.end + i) & mask] = from[offset + i]!
    this.end += count
  }

  /** Multiplies `count` samples from `index` on by a gain that goes in a line to `to`, from the other end of 0 to 1. */
  ramp(index: number, count: number, to: 0 | 1): void {
    const mask = this.samples.length - 1
    for (let i = 0; i < count; i++) {
      const gain = (i + 0.5) / count
      this.samples[(index + i) & mask]! *= to === 1 ? gain : 1 - gain
    }
  }

  private grow(): void {
    const old = this.samples
    const grown = new Int16Array(old.length * 2)
    for (let i = this.start; i < this.end; i++) grown[i & (grown.length - 1)] = old[i & (old.length - 1)]!
    this.samples = grown
  }
}
