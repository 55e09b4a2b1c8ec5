import { Resampler } from '../../audio/resample.js'
import { LevelMeter } from './level-meter.js'
import { MAX_QUANTUM } from './quantum.js'

/**
 * Cuts what a microphone gives, at the rate of the device, into frames of 16-bit mono sound at the rate of the wire.
 * Nothing is allocated after construction.
 */
export class Capture {
  /** Silence is sent instead of what is heard. */
  muted = false
  /** What `next` has completed. Valid until `next` is called again. */
  readonly frame: Int16Array<ArrayBuffer>
  private readonly resampler: Resampler
  private readonly meter: LevelMeter = new LevelMeter()
  private readonly quantum: Int16Array = new Int16Array(MAX_QUANTUM)
  private readonly waiting: Int16Array
  private filled = 0

  constructor(fromRate: number, toRate: number, frameMs: number) {
    const frameSamples = Math.round((toRate * frameMs) / 1000)
    this.resampler = new Resampler(fromRate, toRate)
    this.frame = new Int16Array(frameSamples)
    this.waiting = new Int16Array(frameSamples + Math.ceil((MAX_QUANTUM * toRate) / fromRate) + 1)
  }

  /**
   * Takes one render quantum. Call `next` until it is false before the following one.
   *
   * @param channels none: the source is silent or is being replaced, and time goes on.
   * @param length samples per channel.
   */
  push(channels: readonly Float32Array[], length: number): void {
    const { quantum, meter } = this
    const count = this.muted ? 0 : channels.length
    const scale = 1 / Math.max(1, count)
    for (let i = 0; i < length; i++) {
      let sum = 0
      for (let c = 0; c < count; c++) sum += channels[c]![i]!
      const sample = Math.max(-1, Math.min(1, sum * scale))
      meter.add(sample)
      quantum[i] = Math.round(sample * 32_767)
    }
    this.filled += this.resampler.processInto(quantum, length, this.waiting, this.filled)
  }

  /** Completes the next frame. False: there is not enough sound yet. */
  next(): boolean {
    const { frame, waiting } = this
    if (this.filled < frame.length) return false
    for (let i = 0; i < frame.length; i++) frame[i] = waiting[i]!
    waiting.copyWithin(0, frame.length, this.filled)
    this.filled -= frame.length
    return true
  }

  /** Loudness since the last call, 0 to 1. */
  takeLevel(): number {
    return this.meter.take()
  }
}
