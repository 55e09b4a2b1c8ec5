import { copyOf } from '../util/bytes.js'
/**
 * The audio of one utterance, in provider bytes with absolute positions. What was read stays until it is forgotten,
 * so that it can be read again.
 */
export class PcmQueue {
  private chunks: Uint8Array[] = []
  /** Absolute position of the first chunk. */
  private firstByte = 0
  private keptByte = 0
  private readByte = 0
  private endByte = 0
  /** The chunk that holds `readByte`, and its absolute position. */
  private readChunk = 0
  private readChunkByte = 0

  /** Position of the next byte to be read. */
  get position(): number {
    return this.readByte
  }

  /** Everything ever pushed. */
  get end(): number {
    return this.endByte
  }

  get unread(): number {
    return this.endByte - this.readByte
  }

  /** Nothing before this can be read again. */
  get keptFrom(): number {
    return this.keptByte
  }

  /** The bytes belong to the queue, unless they are a small part of a shared buffer, which must not be kept alive. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.chunks.push(bytes.buffer.byteLength > 2 * bytes.length ? copyOf(bytes) : bytes)
    this.endByte += bytes.length
  }

  /** Reads into all of `target`, which must not be longer than `unread`. */
  read(target: Uint8Array): void {
    this.copy(target)
    this.advance(target.length)
  }

  /** Copies what would be read next into all of `target`. */
  copy(target: Uint8Array): void {
    let chunk = this.readChunk
    let offset = this.readByte - this.readChunkByte
    for (let filled = 0; filled < target.length; ) {
      const from = this.chunks[chunk]!
      const count = Math.min(from.length - offset, target.length - filled)
      target.set(count === from.length ? from : from.subarray(offset, offset + count), filled)
      filled += count
      chunk++
      offset = 0
    }
  }

  /** Passes over `bytes`. They and all before them cannot be read again. */
  skip(bytes: number): void {
    this.advance(bytes)
    this.forget(this.readByte)
  }

  /** Goes back to `position`, at least `keptFrom` and at most where it is. */
  seek(position: number): void {
    while (this.readChunk > 0 && this.readChunkByte > position) {
      this.readChunk--
      this.readChunkByte -= this.chunks[this.readChunk]!.length
    }
    this.readByte = position
  }

  /** What lies before `position` need not be kept. Frees whole chunks. */
  forget(position: number): void {
    this.keptByte = Math.max(this.keptByte, Math.min(position, this.readByte))
    let count = 0
    while (count < this.readChunk && this.firstByte + this.chunks[count]!.length <= this.keptByte) {
      this.firstByte += this.chunks[count]!.length
      count++
    }
    if (count === 0) return
    this.chunks.splice(0, count)
    this.readChunk -= count
  }

  /** Drops everything that was not read and reports how much. */
  clear(): number {
    const dropped = this.unread
    this.chunks = []
    this.firstByte = this.readByte
    this.keptByte = this.readByte
    this.endByte = this.readByte
    this.readChunk = 0
    this.readChunkByte = this.readByte
    return dropped
  }

  private advance(bytes: number): void {
    this.readByte += bytes
    while (this.readChunk < this.chunks.length) {
      const end = this.readChunkByte + this.chunks[this.readChunk]!.length
      if (end > this.readByte) return
      this.readChunkByte = end
      this.readChunk++
    }
  }
}
