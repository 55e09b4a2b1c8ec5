import { VoiceError } from '../util/errors.js'

/** A function or a source of the application failed. It is no business of the client. */
export function appError(what: string, cause: unknown): VoiceError {
  return new VoiceError(`${what} failed`, {
    code: 'app_failed',
    class: 'PROVIDER',
    scope: 'app',
    retryable: false,
    cause,
  })
}
