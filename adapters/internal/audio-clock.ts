import { type AudioFormat, bytesPerSecond, msToBytes } from '../../src/audio/format.js'
import { silenceOf } from '../../src/audio/silence.js'

/**
 * Counts the audio of a stream, and keeps silence that was put in to please the vendor out of the times it reports.
 * Opus is not counted: only whoever cut its packets knows how long they are.
 */
export class AudioClock {
  private readonly format: AudioFormat
  private readonly bytesPerMs: number
  private bytes = 0
  /** Where silence was put in, in pushed time, and how much in all up to and including it. */
  private readonly inserts: { readonly atMs: number; totalMs: number }[] = []

  constructor(format: AudioFormat) {
    this.format = format
    this.bytesPerMs = bytesPerSecond(format) / 1000
  }

  /** Audio pushed so far. 0 for Opus. */
  get pushedMs(): number {
    return this.bytesPerMs === 0 ? 0 : this.bytes / this.bytesPerMs
  }

  push(bytes: number): void {
    this.bytes += bytes
  }

  /** Silence to send now, already counted; undefined for Opus, which cannot be made up. */
  silence(ms: number): Uint8Array | undefined {
    if (this.bytesPerMs === 0) return undefined
    const atMs = this.pushedMs
    const last = this.inserts.at(-1)
    if (last?.atMs === atMs) last.totalMs += ms
    else this.inserts.push({ atMs, totalMs: (last?.totalMs ?? 0) + ms })
    return silenceOf(this.format, msToBytes(this.format, ms))
  }

  /** The vendor's time as a time of what was pushed. */
  pushedTime(vendorMs: number): number {
    let beforeMs = 0
    for (const { atMs, totalMs } of this.inserts) {
      if (vendorMs <= atMs + beforeMs) break
      // Within the silence its time stands still.
      if (vendorMs < atMs + totalMs) return atMs
      beforeMs = totalMs
    }
    return vendorMs - beforeMs
  }
}
