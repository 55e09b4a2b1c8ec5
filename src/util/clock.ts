/** Undoes what it was returned for. Calling it again does nothing. */
export type Cancel = () => void

/** Every timer and every reading of time in voice-ws goes through one of these, so that tests own time. */
export interface Clock {
  /** Monotonic milliseconds. Only differences between two readings mean anything. */
  now(): number
  /** Milliseconds since the Unix epoch, for timestamps that leave the process. */
  wallTime(): number
  /** Runs `fn` once, `delayMs` from now. */
  after(delayMs: number, fn: () => void): Cancel
  /** Runs `fn` every `periodMs` until cancelled. */
  every(periodMs: number, fn: () => void): Cancel
}

/** The clock of the runtime. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(delayMs, fn) {
    const handle = setTimeout(fn, delayMs)
    return () => clearTimeout(handle)
  },
  every(periodMs, fn) {
    const handle = setInterval(fn, periodMs)
    return () => clearInterval(handle)
  },
}
