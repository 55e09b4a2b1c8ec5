import type { AudioChunk } from '../player.js'

/** From the page to the player on the audio thread. */
export type PlayerCommand =
  | { readonly type: 'push'; readonly chunk: AudioChunk }
  | { readonly type: 'end'; readonly utteranceId: string }
  | { readonly type: 'rewind'; readonly utteranceId: string; readonly toMs: number }
  | { readonly type: 'clear'; readonly utteranceIds: readonly string[] }
  /** The processor may be collected. */
  | { readonly type: 'stop' }

/** From the player on the audio thread: ten times a second, and at once when what is heard changes. */
export interface PlayerReport {
  /** Commands handled that dropped sound: `clear` and `rewind`. What is older than them says nothing about now. */
  readonly epoch: number
  /** What is being heard, or was last. Null: nothing was pushed since everything was cleared. */
  readonly utteranceId: string | null
  /** On its timeline, in milliseconds. */
  readonly playedMs: number
  /** Held and not yet rendered. */
  readonly bufferedMs: number
  /** Of all chunks pushed so far. */
  readonly receivedMs: number
  /** False: before the first sound, while the buffer fills, and after the end. */
  readonly playing: boolean
  readonly underruns: number
  /** What the buffer is filled to before it plays. */
  readonly targetMs: number
  /** Loudness since the last report, 0 to 1. */
  readonly level: number
  /** The context's time at which `playedMs` is rendered, in seconds. */
  readonly atS: number
}

/** From the page to the microphone's processor. */
export type CaptureCommand = { readonly type: 'mute'; readonly muted: boolean } | { readonly type: 'stop' }

/** From the microphone's processor: a frame, or the loudness of the last 100 ms. */
export type CaptureReport = Int16Array<ArrayBuffer> | number

export interface CaptureOptions {
  readonly sampleRate: number
  readonly frameMs: number
}

export interface PlayoutOptions {
  /** How much speech is collected before it is played, in milliseconds. */
  readonly targetMs: number
  /** How far that may grow when the player runs dry. */
  readonly maxTargetMs: number
}
