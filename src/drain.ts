import { retryHint } from './protocol/close-codes.js'
import type { Link } from './session/link.js'
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
/** How long the move of a client takes that begins at the end of its window: a connection and its first answer. */
const moveMs = 2000
/** How often the drain looks who is done. */
const lookEveryMs = 100

/**
 * Sends every session away. Each is told to go once its turn is over, within a window in which this server's successor
 * can take everybody. Who can move by himself is served until he has; what is left is cut at the deadline.
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
  const windowMs = Math.max(0, Math.min(Math.round((1250 * sessions.size) / acceptsPerSecond), deadlineMs - moveMs))
  const startedAtMs = clock.now()
  const result = { ended: 0, moved: 0, terminated: 0 }
  /** When those who were told to go have had the time to. */
  const leaveAtMs = new Map<Session, number>()

  /** Returns how long the session has from now on. */
  function tell({ life }: Session, timeLeftMs: number): number {
    const ownWindowMs = Math.max(0, Math.min(windowMs, timeLeftMs - moveMs))
    life.goAway(timeLeftMs, ownWindowMs)
    return ownWindowMs + moveMs
  }

  function judge(session: Session): keyof DrainResult | 'stays' {
    const { over, talking, link } = session.life
    const ageMs = clock.now() - startedAtMs
    if (over) return 'ended'
    if (ageMs >= deadlineMs) return talking ? 'terminated' : 'moved'
    if (talking && ageMs < turnGraceMs) return 'stays'
    // Only who knows how to come back knows how to move.
    if (!link?.features.resume) return 'moved'
    const leavesAtMs = leaveAtMs.get(session) ?? ageMs + tell(session, deadlineMs - ageMs)
    leaveAtMs.set(session, leavesAtMs)
    return ageMs < leavesAtMs ? 'stays' : 'moved'
  }

  const closing: Link[] = []
  let waiting = [...sessions.values()]
  for (;;) {
    waiting = waiting.filter(session => {
      const verdict = judge(session)
      if (verdict === 'stays') return true
      result[verdict]++
      const { link } = session.life
      if (verdict !== 'ended') session.close({ code: 1012, reason: retryHint(windowMs) })
      if (link) closing.push(link)
      return false
    })
    // A process that ends before its goodbyes were answered takes them, and the window they name, back.
    if (waiting.length === 0 && closing.every(link => link.isOver)) break
    await new Promise<void>(resolve => clock.after(lookEveryMs, resolve))
  }
  await within(clock, Math.max(0, startedAtMs + deadlineMs - clock.now()), allEnded(), null)
  return result
}
