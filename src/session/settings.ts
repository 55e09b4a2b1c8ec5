import type { TurnOptions } from '../conversation/turn-options.js'
import type { BackpressureOptions, PacingOptions } from '../downlink/options.js'

/** What clients may ask for. What they may not is answered by one `error not_allowed`. */
export interface ClientRights {
  /** `speak`. Default `'without-agent'`: only while the session has no agent. */
  readonly speak: 'without-agent' | boolean
  /** `user_text`. Default true. */
  readonly userText: boolean
  /** `event`. Default true. */
  readonly event: boolean
  /** Naming a provider, model or voice in `config`. False: what it names is ignored. Default true. */
  readonly chooseProvider: boolean
  /** Bringing vendor credentials in `config`. Default false. */
  readonly credentials: boolean
}

export interface SessionLimits {
  /** How long a session may last. Default 60 min. */
  readonly sessionMs: number
  /** How long nothing may happen: no audio, no message, no utterance. False: for ever. Default 120 s. */
  readonly idleMs: number | false
  /** Characters of one piece of text to be spoken. Default 5000. */
  readonly ttsChars: number
}

export interface RecoveryOptions {
  /** How long a leg the session needs may be down, counted while a client is attached. Default 30 s. */
  readonly budgetMs: number
  /** What a session does without recognition: end, or go on with text. Default `fail`. */
  readonly onSttLost: 'fail' | 'continue'
  /** What a session does without synthesis. Default `continue`: replies go out as text. */
  readonly onTtsLost: 'fail' | 'continue'
}

export interface ResumeOptions {
  /** How long a session waits for its client. Default 30 s. */
  readonly windowMs: number
  /** How much audio the client is asked to keep for replay. Default 8 s. */
  readonly replayWindowMs: number
  /** How long the history of an ended session can be continued. Default 30 min. */
  readonly historyTtlMs: number
}

export interface KeepAliveOptions {
  /** Between pings. Default 25 s, as 10 % jitter keeps it under 30 s. */
  readonly intervalMs: number
  /** How long a pong may take. Default 10 s. */
  readonly timeoutMs: number
  /** Idle timeout of whatever stands in front. Default 60 s: nginx and AWS ALB. The interval must be shorter. */
  readonly loadBalancerIdleMs: number
}

/** Everything a session takes from the handler's options, resolved. */
export interface SessionSettings {
  readonly clientMay: ClientRights
  readonly keepAlive: KeepAliveOptions
  readonly limits: SessionLimits
  readonly recovery: RecoveryOptions
  /** False: no session outlives its socket. */
  readonly resume: ResumeOptions | false
  readonly turns: TurnOptions
  readonly pacing: PacingOptions
  readonly backpressure: BackpressureOptions
}
