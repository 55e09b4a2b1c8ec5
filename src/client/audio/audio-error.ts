/**
 * `denied`: the user or the page's policy said no. `no_device`: there is none, or not this one. `busy`: another
 * program holds it. `insecure`: browsers give sound only to pages from https or localhost. `failed`: anything else.
 */
export type AudioErrorCode = 'denied' | 'no_device' | 'busy' | 'insecure' | 'failed'

/** Why there is no sound; `cause` is what the browser said. */
export class AudioError extends Error {
  override readonly name = 'AudioError'
  readonly code: AudioErrorCode

  constructor(code: AudioErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

const codes: Readonly<Record<string, AudioErrorCode | undefined>> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'no_device',
  OverconstrainedError: 'no_device',
  NotReadableError: 'busy',
  AbortError: 'busy',
}

const messages: Readonly<Record<AudioErrorCode, string>> = {
  denied: 'the microphone was not allowed; allow it for this page in the browser',
  no_device: 'no microphone was found; connect one',
  busy: 'the microphone is in use by another program; close that one',
  insecure: 'browsers give sound only to pages from https or localhost',
  failed: 'the microphone could not be opened',
}

/** What `getUserMedia` threw, with a code and a remedy. */
export function microphoneError(thrown: unknown): AudioError {
  if (thrown instanceof AudioError) return thrown
  const code = codes[(thrown as Error).name] ?? 'failed'
  return new AudioError(code, messages[code], thrown)
}

export function insecureError(): AudioError {
  return new AudioError('insecure', messages.insecure)
}
