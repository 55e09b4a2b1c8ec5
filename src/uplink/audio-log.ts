import type { Slab, SlabPool } from './slab-pool.js'

/** Audio without a hole, in one slab. */
interface Run {
  readonly slab: Slab
  /** Where it lies in the slab. */
  at: number
  /** Uplink offset of its first byte. */
  from: number
  length: number
}

/**
 * The user's audio that may still be needed, by its offset in the uplink since the session began:
 * `finalised <= sent <= written`. What is before `finalised` has been recognised and is gone; from there to `sent` it
 * would be sent again to another stream. Offsets without audio are holes.
 */
export class AudioLog {
  /** Results cover everything before. */
  finalised = 0
  /** The stream in use has been given everything before. Moved by whoever sends. */
  sent = 0
  /** Everything the client sent or skipped so far. */
  written = 0
  /** Some stream has been given everything before. */
  sentOnce = 0
  private readonly pool: SlabPool
  private readonly runs: Run[] = []
  private grid: number
  /** A hole follows the last run. */
  private broken = false

  /** @param gridBytes the usual size of what is read, so that reading it allocates nothing. */
  constructor(pool: SlabPool, gridBytes: number) {
    this.pool = pool
    this.grid = gridBytes
  }

  /** Bytes of audio held. */
  get heldBytes(): number {
    let bytes = 0
    for (const run of this.runs) bytes += run.length - Math.max(0, this.finalised - run.from)
    return bytes
  }

  /** From the next slab on. */
  setGrid(gridBytes: number): void {
    this.grid = gridBytes
  }

  /** Appends audio: its only copy. */
  append(audio: Uint8Array): void {
    const run = this.room()
    if (run.slab.limit - run.at - run.length < audio.length) return this.appendSplit(audio)
    run.slab.bytes.set(audio, run.at + run.length)
    run.length += audio.length
    this.written += audio.length
  }

  /** Appends audio that must lie in one piece, such as a packet. It must fit into a slab. */
  appendWhole(audio: Uint8Array): void {
    const last = this.runs[this.runs.length - 1]
    const tooSmall = last !== undefined && last.slab.limit - last.at - last.length < audio.length
    if (tooSmall) this.startRun(this.pool.take(this.grid), 0)
    this.append(audio)
  }

  /** Appends `length` bytes of `value`. */
  fill(length: number, value: number): void {
    for (let left = length; left > 0; ) {
      const run = this.room()
      const at = run.at + run.length
      const count = Math.min(left, run.slab.limit - at)
      run.slab.bytes.fill(value, at, at + count)
      run.length += count
      this.written += count
      left -= count
    }
  }

  /** Moves `written` on without audio. */
  skipTo(offset: number): void {
    this.written = offset
    this.broken = true
  }

  /** The first offset from `offset` on that has audio; `written` when there is none. */
  nextHeld(offset: number): number {
    const index = this.find(offset)
    const run = this.runs[index]
    if (run && offset < run.from + run.length) return offset
    return this.runs[index + 1]?.from ?? this.written
  }

  /** Bytes of audio from `offset` to the next hole, counted up to `max`. */
  contiguous(offset: number, max: number): number {
    let end = offset
    for (let i = Math.max(0, this.find(offset)); i < this.runs.length; i++) {
      const run = this.runs[i]!
      if (run.from > end || end - offset >= max) break
      end = Math.max(end, run.from + run.length)
    }
    return Math.min(max, end - offset)
  }

  /** Bytes from `offset` to the next cell of the slab's grid. */
  toGrid(offset: number): number {
    const run = this.runs[this.find(offset)]
    if (!run) return this.grid
    return this.grid - ((run.at + offset - run.from) % this.grid)
  }

  /** Audio without a hole, valid until the log changes or anybody reads again. */
  read(offset: number, length: number): Uint8Array {
    let index = this.find(offset)
    const first = this.runs[index]!
    const skip = offset - first.from
    if (first.length - skip >= length) return first.slab.view(first.at + skip, length)
    const joined = this.pool.scratch(length)
    for (let done = 0; done < length; index++) {
      const run = this.runs[index]!
      const at = run.at + offset + done - run.from
      const part = run.slab.bytes.subarray(at, Math.min(run.at + run.length, at + length - done))
      joined.set(part, done)
      done += part.length
    }
    return joined
  }

  /** Everything before `offset` has been recognised, or is given up. */
  finaliseTo(offset: number): void {
    if (offset <= this.finalised) return
    this.finalised = Math.min(offset, this.written)
    if (this.sent < this.finalised) this.sent = this.finalised
    let gone = 0
    for (const run of this.runs) {
      if (run.from + run.length > this.finalised) break
      this.release(run)
      gone++
    }
    if (gone > 0) this.runs.splice(0, gone)
  }

  /** Another stream must be given everything that is not final. */
  rewind(): void {
    this.sentOnce = Math.max(this.sentOnce, this.sent)
    this.sent = this.finalised
  }

  /** Makes a hole of `from` to `to`. */
  drop(from: number, to: number): void {
    const kept: Run[] = []
    for (const run of this.runs) {
      const end = run.from + run.length
      const head = Math.min(end, from) - run.from
      const tail = end - Math.max(run.from, to)
      if (head > 0) kept.push(head === run.length ? run : this.part(run, 0, head))
      if (tail > 0 && head < run.length) kept.push(tail === run.length ? run : this.part(run, run.length - tail, tail))
      if (kept.at(-1) !== run) this.release(run)
    }
    this.runs.splice(0, this.runs.length, ...kept)
    if (to >= this.written) this.broken = true
  }

  /** Gives all memory back; the cursors stay where they are, at `written`. */
  clear(): void {
    this.finaliseTo(this.written)
  }

  private part(run: Run, skip: number, length: number): Run {
    run.slab.runs++
    return { slab: run.slab, at: run.at + skip, from: run.from + skip, length }
  }

  private release(run: Run): void {
    if (--run.slab.runs === 0) this.pool.give(run.slab)
  }

  /** The run to append to, with room for at least one byte. */
  private room(): Run {
    const last = this.runs[this.runs.length - 1]
    if (!last) return this.startRun(this.pool.take(this.grid), 0)
    const end = last.at + last.length
    if (end >= last.slab.limit) return this.startRun(this.pool.take(this.grid), 0)
    return this.broken ? this.startRun(last.slab, end) : last
  }

  private startRun(slab: Slab, at: number): Run {
    const run: Run = { slab, at, from: this.written, length: 0 }
    slab.runs++
    this.broken = false
    this.runs.push(run)
    return run
  }

  private appendSplit(audio: Uint8Array): void {
    for (let done = 0; done < audio.length; ) {
      const run = this.room()
      const at = run.at + run.length
      const part = audio.subarray(done, done + run.slab.limit - at)
      run.slab.bytes.set(part, at)
      run.length += part.length
      this.written += part.length
      done += part.length
    }
  }

  /** Index of the last run that begins at or before `offset`; -1 when there is none. Most reads are near the end. */
  private find(offset: number): number {
    let index = this.runs.length - 1
    while (index >= 0 && this.runs[index]!.from > offset) index--
    return index
  }
}
