import type { AudioFormat } from '../audio/format.js'

/** How an utterance ended. `rejected`: the queue was full, nothing was said. */
export type UtteranceOutcome = 'completed' | 'interrupted' | 'cancelled' | 'failed' | 'rejected'

export interface UtteranceResult {
  readonly outcome: UtteranceOutcome
  /** How much of it was heard, in milliseconds. */
  readonly playedMs: number
  /** The words that were heard. */
  readonly text: string
}

/** Something being said. */
export interface Utterance {
  readonly id: string
  /** Settles when it was heard, cut off or refused. Never rejects. */
  readonly done: Promise<UtteranceResult>
  /** Takes it back: out of the queue, or cut off if it is being heard. */
  cancel(): void
}

export interface SayOptions {
  /** False: barge-in does not stop it. Default true. */
  readonly allowInterruption?: boolean | undefined
  /** False: it is spoken but does not enter the history. Default true. */
  readonly record?: boolean | undefined
}

export interface PlayOptions {
  /** Of the given audio; mono or stereo `linear16`, or G.711. */
  readonly format: AudioFormat
  /** What the audio says, for the history. Default: nothing is recorded. */
  readonly text?: string | undefined
  /** Repeats until cancelled. Only for audio given whole. */
  readonly loop?: boolean | undefined
  readonly allowInterruption?: boolean | undefined
}
