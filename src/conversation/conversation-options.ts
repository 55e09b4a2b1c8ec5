import type { ProviderHealth } from '../providers/health.js'
import type { Clock } from '../util/clock.js'
import type { Logger } from '../util/logger.js'
import type { Agent } from './agent.js'
import type { HistoryItem } from './history.js'
import type { TtsCandidate } from './ports.js'
import type { TurnOptions } from './turn-options.js'

export interface ConversationOptions<Session> {
  /** What agents get as `session`. */
  readonly session: Session
  /** Without one, turns are only reported. */
  readonly agent?: Agent<Session> | undefined
  /** Said at the start. */
  readonly greeting?: string | undefined
  /** What an earlier session said. */
  readonly history?: readonly HistoryItem[] | undefined
  /** Empty: what is said goes out as text. */
  readonly tts: readonly TtsCandidate[]
  /** The best rate at which the listener can play, in Hz: synthesisers are asked for no more. Default: what they prefer. */
  readonly sampleRate?: number | undefined
  readonly turns: TurnOptions
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly health: ProviderHealth
  readonly logger: Logger
  readonly newId: () => string
  /** Audio in the lane above which no more is made, in milliseconds; below it the lane says `room`. Default 5000. */
  readonly roomMs?: number | undefined
}

/** What may change while a session runs. Takes effect at the next turn boundary. */
export interface ConversationUpdate<Session> {
  readonly agent?: Agent<Session> | undefined
  readonly tts?: readonly TtsCandidate[] | undefined
  readonly turns?: Partial<TurnOptions> | undefined
}

/** Totals since the session began. */
export interface ConversationStats {
  readonly turns: number
  /** How often speech was cut by the user, the client or the application. */
  readonly interruptions: number
  /** How often another synthesiser took over. */
  readonly failovers: number
  readonly utterances: number
  /** How often speech was held for a voice without words, and went on. */
  readonly falseInterruptions: number
  /** Things said in passing that got no answer. */
  readonly backchannels: number
  readonly agentFailures: number
  /** Characters given to synthesisers, repeated ones included. */
  readonly ttsChars: number
}
