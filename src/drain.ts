import { retryHint } from './protocol/close-codes.js'
import type { Session } from './session/session.js'
import type { Clock } from './util/clock.js'
import { within } from './util/within.js'

export interface DrainOptions {
  /** After it whatever is left is cut. Default 25 s: Kubernetes kills at 30. */
  readonly deadlineMs?: number | undefined
}

export interface DrainResult {
  /** Sessions that ended by themselves. */
  readonly ended: number
  /** Sessions sent away to come back elsewhere. */
  readonly moved: number
  /** Sessions cut at the deadline. */
  readonly terminated: number
}

/** How long a turn may go on before its session is sent away. */
const turnGraceMs = 10_000
/** How often the drain looks who is done. */
const lookEveryMs = 100

/**
 * Sends every session away: says when to come back, spread over a window this server's successor can take, lets
 * each finish what it is saying, and cuts what is left at the deadline.
 */
export async function drainSessions(
  sessions: ReadonlyMap<string, Session>,
  {
    clock,
    acceptsPerSecond,
    deadlineMs = 25_000,
    allEnded,
  }: DrainOptions & {
    readonly clock: Clock
    readonly acceptsPerSecond: number
    /** Resolves when the application has dealt with the end of every session. */
    allEnded(): Promise<unknown>
  },
): Promise<DrainResult> {
  const leaving = [...sessions.values()]
  const windowMs = Math.max(0, Math.min(Math.round((1250 * leaving.length) / acceptsPerSecond), deadlineMs - 2000))
  const startedAtMs = clock.now()
  const result = { ended: 0, moved: 0, terminated: 0 }
  for (const session of leaving) session.life.goAway(deadlineMs, windowMs)
  let waiting = leaving
  while (waiting.length > 0) {
    const ageMs = clock.now() - startedAtMs
    const left: Session[] = []
    for (const session of waiting) {
      if (session.life.over) result.ended++
      else if (ageMs >= deadlineMs) {
        session.close({ code: 1012, reason: retryHint(windowMs) })
        result.terminated++
      } else if (!session.life.talking || ageMs >= Math.min(turnGraceMs, deadlineMs)) {
        session.close({ code: 1012, reason: retryHint(windowMs) })
        result.moved++
      } else left.push(session)
    }
    waiting = left
    if (waiting.length > 0) await new Promise<void>(resolve => clock.after(lookEveryMs, resolve))
  }
  await within(clock, Math.max(0, startedAtMs + deadlineMs - clock.now()), allEnded(), null)
  return result
}
