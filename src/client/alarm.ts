import type { Cancel, Clock } from '../util/clock.js'

/** Runs `fn` once, `delayMs` from now, instead of what it was set to before. Without arguments: runs nothing. */
export type Alarm = (delayMs?: number, fn?: () => void) => void

/** A timer that is set, moved and silenced again and again. */
export function createAlarm(clock: Clock): Alarm {
  let cancel: Cancel | undefined
  return (delayMs = 0, fn) => {
    cancel?.()
    cancel = fn && clock.after(delayMs, fn)
  }
}
