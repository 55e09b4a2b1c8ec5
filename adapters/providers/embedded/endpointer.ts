import { FRAME_MS } from './frames.js'

/** Frames of voice in a row that begin an utterance: one or two are clicks (60 ms, WebRTC VAD in mode 3). */
export const ONSET_FRAMES = 3

/** What a frame means for the utterance: `quiet` and `voiced` change nothing. */
export type FrameVerdict = 'quiet' | 'onset' | 'voiced' | 'endpoint'

/** Decides where utterances begin and end, from one voice decision per frame and nothing else. */
export class Endpointer {
  private readonly endpointFrames: number
  private inUtterance = false
  private voicedInRow = 0
  private quietInRow = 0

  /** `endpointMs` of quiet end an utterance. */
  constructor(endpointMs: number) {
    this.endpointFrames = Math.max(1, Math.ceil(endpointMs / FRAME_MS))
  }

  /** Frames since the last voiced one. */
  get quietFrames(): number {
    return this.quietInRow
  }

  push(voiced: boolean): FrameVerdict {
    this.voicedInRow = voiced ? this.voicedInRow + 1 : 0
    this.quietInRow = voiced ? 0 : this.quietInRow + 1
    if (!this.inUtterance) {
      if (this.voicedInRow < ONSET_FRAMES) return 'quiet'
      this.inUtterance = true
      return 'onset'
    }
    if (this.quietInRow < this.endpointFrames) return 'voiced'
    this.inUtterance = false
    return 'endpoint'
  }
}
