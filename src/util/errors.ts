/**
 * What a failure means for whoever meets it: `CONNECTION` is worth retrying, `DATA` is somebody's bug,
 * `AUTH` needs another credential, `PROVIDER` is a speech vendor's or the agent's trouble.
 */
export type ErrorClass = 'CONNECTION' | 'DATA' | 'AUTH' | 'PROVIDER'

/** Whose failure it is. */
export type ErrorScope = 'client' | 'provider' | 'agent' | 'app'

export interface VoiceErrorInit {
  /** Stable, snake_case, for programs: `bad_config`, `agent_failed`, `stt_unavailable`. */
  readonly code: string
  readonly class: ErrorClass
  readonly scope: ErrorScope
  /** True when the same action may succeed later. */
  readonly retryable: boolean
  /** Milliseconds to wait before the retry, when known. */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/** Every error that voice-ws reports. Its message never holds a secret; `cause` may. */
export class VoiceError extends Error {
  override readonly name = 'VoiceError'
  declare readonly code: string
  declare readonly class: ErrorClass
  declare readonly scope: ErrorScope
  declare readonly retryable: boolean
  declare readonly retryAfterMs: number | undefined

  constructor(message: string, init: VoiceErrorInit) {
    // It takes nothing but the cause.
    super(message, init)
    this.code = init.code
    this.class = init.class
    this.scope = init.scope
    this.retryable = init.retryable
    this.retryAfterMs = init.retryAfterMs
  }
}

/** The text of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** A failure of the application's own code: a listener, a callback, an option that is a function. */
export function appError(message: string, cause: unknown): VoiceError {
  return new VoiceError(`${message}: ${messageOf(cause)}`, {
    code: 'app_failed',
    class: 'PROVIDER',
    scope: 'app',
    retryable: false,
    cause,
  })
}
