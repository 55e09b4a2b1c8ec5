import type { SessionState } from '../protocol/messages.js'

/** Everything that can move a session from one state to another. */
export type SessionTrigger =
  | 'admitted'
  | 'refused'
  | 'ready'
  | 'ready_degraded'
  | 'setup_failed'
  | 'leg_down'
  | 'legs_live'
  | 'leg_lost'
  | 'link_lost'
  | 'link_lost_resumable'
  | 'resume'
  | 'window_over'
  | 'misbehaved'
  | 'fenced'
  | 'close'
  | 'cleaned'

type Table = Readonly<Record<SessionState, Readonly<Partial<Record<SessionTrigger, SessionState>>>>>

const whileServing = {
  link_lost: 'closing',
  link_lost_resumable: 'reconnecting',
  resume: 'configuring',
  misbehaved: 'failed',
  fenced: 'failed',
  close: 'closing',
} as const

const table: Table = {
  connecting: { admitted: 'configuring', refused: 'failed', link_lost: 'failed', close: 'closing' },
  configuring: {
    ready: 'active',
    ready_degraded: 'degraded',
    setup_failed: 'failed',
    leg_lost: 'failed',
    ...whileServing,
  },
  active: { leg_down: 'degraded', leg_lost: 'failed', ...whileServing },
  degraded: { legs_live: 'active', leg_lost: 'failed', ...whileServing },
  reconnecting: {
    resume: 'configuring',
    window_over: 'failed',
    leg_lost: 'failed',
    fenced: 'failed',
    close: 'closing',
  },
  closing: { cleaned: 'closed' },
  closed: {},
  failed: {},
}

/** The state after `trigger`, or null when the trigger means nothing in `state`. */
export function nextState(state: SessionState, trigger: SessionTrigger): SessionState | null {
  return table[state][trigger] ?? null
}

/** No trigger leads out of it. */
export function isTerminal(state: SessionState): boolean {
  return state === 'closed' || state === 'failed'
}

/** Being taken down or already gone: nothing may start any more. */
export function isEnding(state: SessionState): boolean {
  return state === 'closing' || isTerminal(state)
}
