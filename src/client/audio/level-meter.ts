/** The loudness of a stream since it was last asked for. */
export class LevelMeter {
  private sum = 0
  private count = 0

  /** @param sample of -1 to 1. */
  add(sample: number): void {
    this.sum += sample * sample
    this.count++
  }

  /** Root mean square since the last call: 0 for silence, 1 for a square wave at full scale. */
  take(): number {
    const level = this.count === 0 ? 0 : Math.sqrt(this.sum / this.count)
    this.sum = 0
    this.count = 0
    return level
  }
}
