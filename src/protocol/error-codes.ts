/** Every `code` of an `error` message with its class, and whether the same action may succeed later. */
export const errorCodes = {
  bad_message: { class: 'DATA', retryable: false },
  bad_config: { class: 'DATA', retryable: false },
  already_configured: { class: 'DATA', retryable: false },
  not_configured: { class: 'DATA', retryable: false },
  config_timeout: { class: 'DATA', retryable: false },
  audio_not_ready: { class: 'DATA', retryable: false },
  too_large: { class: 'DATA', retryable: false },
  rate_limited: { class: 'DATA', retryable: false },
  not_allowed: { class: 'DATA', retryable: false },
  queue_full: { class: 'DATA', retryable: true },
  unauthenticated: { class: 'AUTH', retryable: false },
  forbidden: { class: 'AUTH', retryable: false },
  quota: { class: 'AUTH', retryable: false },
  capacity: { class: 'CONNECTION', retryable: true },
  auth_unavailable: { class: 'CONNECTION', retryable: true },
  slow_consumer: { class: 'CONNECTION', retryable: true },
  session_ending: { class: 'CONNECTION', retryable: false },
  internal: { class: 'CONNECTION', retryable: true },
  configure_failed: { class: 'PROVIDER', retryable: true },
  stt_unavailable: { class: 'PROVIDER', retryable: true },
  tts_unavailable: { class: 'PROVIDER', retryable: true },
  agent_failed: { class: 'PROVIDER', retryable: true },
} as const

export type ErrorCode = keyof typeof errorCodes
