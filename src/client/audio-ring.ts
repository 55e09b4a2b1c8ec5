import { type AudioFormat, bytesPerSecond, msToBytes } from '../audio/format.js'
import { copyOf } from '../util/bytes.js'

type Bytes = Uint8Array<ArrayBuffer>

/**
 * The last seconds of what was captured, by byte offset. Everything goes in here before it goes anywhere else, and
 * an acknowledgement removes nothing: another server may have to ask for older audio than the last one did.
 */
export interface AudioRing {
  /** How much is kept, in milliseconds. */
  windowMs: number
  /** Offset of the oldest byte held. */
  start(): number
  /** Offset of the next byte to be captured. */
  end(): number
  /** Copies `pcm` in: the caller may use its buffer again. Opus: one packet. */
  push(pcm: Uint8Array): void
  /** What was captured from `offset` on, to the end of the message it came in. */
  read(offset: number): Bytes | undefined
  /** Exact for PCM, an estimate for Opus. */
  toMs(bytes: number): number
  /** A new session counts from here: whatever begins before `offset` is forgotten, and the rest begins at 0. */
  rebase(offset: number): void
}

export function createAudioRing(format: AudioFormat): AudioRing {
  // Opus packets do not tell time by their size, so it is estimated: generously, at 64 kbit/s.
  const bytesPerMs = bytesPerSecond(format) / 1000 || 8
  // Longer messages would leave the ring and the network in lumps. An Opus packet is whole or nothing.
  const frameBytes = msToBytes(format, 200) || 1 / 0
  const frames: Bytes[] = []
  let start = 0
  let end = 0
  const ring: AudioRing = {
    windowMs: 8000,
    start: () => start,
    end: () => end,
    toMs: bytes => bytes / bytesPerMs,
    push(pcm) {
      for (let at = 0; at < pcm.length; at += frameBytes) {
        const frame = copyOf(pcm.subarray(at, at + frameBytes))
        frames.push(frame)
        end += frame.length
      }
      while (frames[1] && ring.toMs(end - start - frames[0]!.length) >= ring.windowMs) start += frames.shift()!.length
    },
    read(offset) {
      let from = end
      // From the end, because that is where live audio is read.
      for (let i = frames.length; i-- > 0 && offset < from; ) {
        const frame = frames[i]!
        from -= frame.length
        if (from <= offset) return frame.subarray(offset - from)
      }
      return undefined
    },
    rebase(offset) {
      while (start < offset) start += frames.shift()!.length
      end -= start
      start = 0
    },
  }
  return ring
}
