import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SessionState } from '../../../src/protocol/messages.js'
import { isEnding, isTerminal, nextState, type SessionTrigger } from '../../../src/session/machine.js'

const triggers = [
  'admitted',
  'refused',
  'ready',
  'ready_degraded',
  'setup_failed',
  'leg_down',
  'legs_live',
  'leg_lost',
  'link_lost',
  'link_lost_resumable',
  'resume',
  'window_over',
  'misbehaved',
  'fenced',
  'close',
  'cleaned',
] as const satisfies readonly SessionTrigger[]

const states = [
  'connecting',
  'configuring',
  'active',
  'degraded',
  'reconnecting',
  'closing',
  'closed',
  'failed',
] as const

/** The whole table, written down a second time: what is not here must lead nowhere. */
const expected: Readonly<Record<SessionState, Readonly<Record<string, SessionState>>>> = {
  connecting: { admitted: 'configuring', refused: 'failed', link_lost: 'failed', close: 'closing' },
  configuring: {
    ready: 'active',
    ready_degraded: 'degraded',
    setup_failed: 'failed',
    leg_lost: 'failed',
    link_lost: 'closing',
    link_lost_resumable: 'reconnecting',
    resume: 'configuring',
    misbehaved: 'failed',
    fenced: 'failed',
    close: 'closing',
  },
  active: {
    leg_down: 'degraded',
    leg_lost: 'failed',
    link_lost: 'closing',
    link_lost_resumable: 'reconnecting',
    resume: 'configuring',
    misbehaved: 'failed',
    fenced: 'failed',
    close: 'closing',
  },
  degraded: {
    legs_live: 'active',
    leg_lost: 'failed',
    link_lost: 'closing',
    link_lost_resumable: 'reconnecting',
    resume: 'configuring',
    misbehaved: 'failed',
    fenced: 'failed',
    close: 'closing',
  },
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

describe('the session machine', () => {
  it.each(states.flatMap(state => triggers.map(trigger => [state, trigger] as const)))('%s on %s', (state, trigger) => {
    expect(nextState(state, trigger)).toBe(expected[state][trigger] ?? null)
  })

  it('never leaves a terminal state, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...triggers), { maxLength: 60 }), happenings => {
        let state: SessionState = 'connecting'
        let ended: SessionState | undefined
        for (const trigger of happenings) {
          state = nextState(state, trigger) ?? state
          if (ended) expect(state).toBe(ended)
          else if (isTerminal(state)) ended = state
        }
      }),
    )
  })

  it('calls exactly closing and the terminal states ending', () => {
    expect(states.filter(isEnding)).toEqual(['closing', 'closed', 'failed'])
  })
})
