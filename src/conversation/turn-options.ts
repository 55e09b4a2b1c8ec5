import type { Vad } from '../audio/vad.js'
import type { HistoryItem } from './history.js'

/** When a turn of the user ends, and when the user may cut the assistant off. */
export interface TurnOptions {
  /** `auto`: a turn ends by silence or when the recogniser says so. `manual` (push to talk): only by `finalize`. Default `auto`. */
  readonly mode: 'auto' | 'manual'
  /** Silence that ends a turn, in milliseconds of audio. Default 500. */
  readonly endpointMs: number
  /** Voice that is long enough to interrupt, in milliseconds of audio. Default 200: a cough is shorter. */
  readonly onsetMs: number
  /** False: the user never interrupts; what is said meanwhile is answered afterwards. Default true. */
  readonly bargeIn: boolean
  /**
   * Words it takes to interrupt. Above 1, voice alone no longer interrupts, and a turn with fewer words while the
   * assistant speaks or is about to ("hm", "yes") is listened to but not answered. Default 1.
   */
  readonly minWords: number
  /**
   * True: voice only pauses the speech; words end it, and 1.5 s without any let it go on. Costs what the client has
   * already received (about 400 ms) before it falls silent. Default false: voice ends it at once, for good.
   */
  readonly resumeFalseInterruption: boolean
  /** How long the agent, or a source given to `say`, may give nothing. Default 20 s. */
  readonly agentTimeoutMs: number
  /** Spoken when the agent failed. Default: nothing. */
  readonly fallback?: string | undefined
  /**
   * Judges whether the user has finished; false keeps the turn open for more words, for at most 3 s. Has 150 ms to
   * answer; no answer and an error both mean true. Default: always true.
   */
  readonly isComplete?: ((text: string, history: readonly HistoryItem[]) => boolean | Promise<boolean>) | undefined
  /** How long both may be silent before `onIdle` is asked, in milliseconds. Default: never. */
  readonly idlePromptMs?: number | undefined
  /** What to say into the silence; nothing returned, nothing said. `count` is 1 the first time since the user spoke. */
  readonly onIdle?:
    | ((idle: { readonly count: number; readonly history: readonly HistoryItem[] }) => string | undefined | void)
    | undefined
  /** Makes a session's voice detector. Default: energy over the noise of the room. */
  readonly vad?: (() => Vad) | undefined
}

export const defaultTurnOptions: TurnOptions = {
  mode: 'auto',
  endpointMs: 500,
  onsetMs: 200,
  bargeIn: true,
  minWords: 1,
  resumeFalseInterruption: false,
  agentTimeoutMs: 20_000,
}
