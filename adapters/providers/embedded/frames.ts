/** What the recogniser hears: mono linear16 at this rate. */
export const SAMPLE_RATE = 16_000
/** The step of the voice detector and of every time the recogniser reports. */
export const FRAME_MS = 20
export const FRAME_SAMPLES: number = (SAMPLE_RATE / 1000) * FRAME_MS
export const FRAME_BYTES: number = FRAME_SAMPLES * 2

/** Cuts bytes of any length into whole frames and carries the rest over to the next call. */
export class FrameCutter {
  private readonly frame = new Int16Array(FRAME_SAMPLES)
  private readonly bytes = new Uint8Array(this.frame.buffer)
  private filled = 0

  /** Calls `onFrame` for each frame; the samples are valid only during that call. */
  push(audio: Uint8Array, onFrame: (samples: Int16Array) => void): void {
    let offset = 0
    while (offset < audio.length) {
      const part = audio.subarray(offset, offset + FRAME_BYTES - this.filled)
      this.bytes.set(part, this.filled)
      this.filled += part.length
      offset += part.length
      if (this.filled < FRAME_BYTES) return
      this.filled = 0
      onFrame(this.frame)
    }
  }
}
