import { type AudioFormat, bytesPerSample, bytesPerSecond } from '../audio/format.js'

/** Turns offsets in the uplink into session time (milliseconds of the user's sound) and back. */
export interface AudioTimes {
  msAt(offset: number): number
  /** The offset of the first sample, or packet, that is not wholly before `ms`. */
  offsetAt(ms: number): number
}

/** Sound whose samples have a fixed size. */
export class SampleTimes implements AudioTimes {
  private readonly sampleBytes: number
  private readonly bytesPerMs: number

  constructor(format: AudioFormat) {
    this.sampleBytes = bytesPerSample(format)
    this.bytesPerMs = bytesPerSecond(format) / 1000
  }

  msAt(offset: number): number {
    return offset / this.bytesPerMs
  }

  offsetAt(ms: number): number {
    return Math.round((ms * this.bytesPerMs) / this.sampleBytes) * this.sampleBytes
  }
}
