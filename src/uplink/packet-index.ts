import type { AudioTimes } from './audio-times.js'

/** One packet per 20 ms of speech at 16 kbit/s, to guess how long missing bytes were before any packet came. */
const GUESSED_BYTES_PER_MS = 2

/** Where each packet of a compressed uplink ends, in bytes and in milliseconds. */
export class PacketIndex implements AudioTimes {
  private readonly ends: number[] = []
  private readonly endsMs: number[] = []
  /** Entries before this one have been forgotten. */
  private head = 0
  private startOffset = 0
  private startMs = 0

  /** Adds a packet, or a hole, that follows the last one. */
  add(bytes: number, ms: number): void {
    this.ends.push(this.endOffset + bytes)
    this.endsMs.push(this.endMs + ms)
  }

  /** What `bytes` of missing packets may have lasted, by the packets so far. */
  guessMs(bytes: number): number {
    return this.endMs > 0 ? (bytes * this.endMs) / this.endOffset : bytes / GUESSED_BYTES_PER_MS
  }

  /** The end of the packet that begins at `offset`. */
  packetEnd(offset: number): number {
    return this.ends[this.firstEndingAfter(this.ends, offset)] ?? offset
  }

  msAt(offset: number): number {
    const index = this.firstEndingAfter(this.ends, offset)
    return index > this.head ? this.endsMs[index - 1]! : this.startMs
  }

  offsetAt(ms: number): number {
    const index = this.firstEndingAfter(this.endsMs, ms)
    return index > this.head ? this.ends[index - 1]! : this.startOffset
  }

  /** Forgets the packets before `offset`. */
  forget(offset: number): void {
    const index = this.firstEndingAfter(this.ends, offset)
    if (index === this.head) return
    this.startOffset = this.ends[index - 1]!
    this.startMs = this.endsMs[index - 1]!
    this.head = index
    if (this.head < 256 || this.head < this.ends.length / 2) return
    this.ends.splice(0, this.head)
    this.endsMs.splice(0, this.head)
    this.head = 0
  }

  private get endOffset(): number {
    return this.ends.length > this.head ? this.ends[this.ends.length - 1]! : this.startOffset
  }

  private get endMs(): number {
    return this.endsMs.length > this.head ? this.endsMs[this.endsMs.length - 1]! : this.startMs
  }

  private firstEndingAfter(ends: readonly number[], value: number): number {
    let low = this.head
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (ends[middle]! > value) high = middle
      else low = middle + 1
    }
    return low
  }
}
