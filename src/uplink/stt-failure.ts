import { QUICK_FAILURE_MS } from '../providers/breaker.js'
import type { ProviderFailure } from '../providers/contracts.js'
import { VoiceError } from '../util/errors.js'
import type { Logger } from '../util/logger.js'

/** Whether a stream ended as its provider ends all of them: no failure, unless it hardly lived. */
export function isPlannedEnd(failure: ProviderFailure, livedMs: number | undefined): boolean {
  if (failure.class !== 'lifetime' && failure.class !== 'idle') return false
  return livedMs !== undefined && livedMs >= QUICK_FAILURE_MS
}

/** A planned end that came at once is a failure like any other: a loop of them must end. */
export function asFailure(failure: ProviderFailure): ProviderFailure {
  const planned = failure.class === 'lifetime' || failure.class === 'idle'
  return planned ? { ...failure, class: 'connection' } : failure
}

/** What the application and the client are told. The vendor's own words stay in `cause`: they may name accounts. */
export function recognitionError(provider: string, failure: ProviderFailure, retryable: boolean): VoiceError {
  return new VoiceError(`speech recognition: ${provider} failed (${failure.class})`, {
    code: 'stt_unavailable',
    class: 'PROVIDER',
    scope: 'provider',
    retryable,
    retryAfterMs: failure.retryAfterMs,
    cause: failure,
  })
}

export function logEnd(logger: Logger, provider: string, failure: ProviderFailure, planned: boolean): void {
  const { class: failureClass, reason, closeCode, httpStatus, vendorCode, requestId } = failure
  const fields = { provider, failureClass, reason, closeCode, httpStatus, vendorCode, requestId }
  if (planned) logger.debug(fields, 'a recognition stream reached its end')
  else logger.warn(fields, 'a recognition stream failed')
}
