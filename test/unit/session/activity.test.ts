import { describe, expect, it } from 'vitest'
import { Activity } from '../../../src/session/activity.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { Deadlines } from '../../../src/util/deadlines.js'

function setUp(limits: { sessionMs: number; idleMs: number | false }) {
  const clock = new ManualClock()
  const log: [string, number][] = []
  let busy = false
  const activity = new Activity(new Deadlines(clock), limits, {
    busy: () => busy,
    ending: () => log.push(['ending', clock.now()]),
    over: reason => log.push([reason, clock.now()]),
  })
  activity.start(clock.now())
  return { clock, activity, log, setBusy: (value: boolean) => (busy = value) }
}

describe('Activity', () => {
  it('ends a session in which nothing happens after idleMs, give or take a check', () => {
    const { clock, log } = setUp({ sessionMs: 3_600_000, idleMs: 120_000 })
    clock.advance(200_000)
    expect(log).toHaveLength(1)
    expect(log[0]?.[0]).toBe('idle')
    expect(log[0]?.[1]).toBeGreaterThanOrEqual(120_000)
    expect(log[0]?.[1]).toBeLessThanOrEqual(131_000)
    expect(clock.pending).toBe(0)
  })

  it('keeps a session in which something happens, or is being said', () => {
    const { clock, activity, log, setBusy } = setUp({ sessionMs: 3_600_000, idleMs: 120_000 })
    for (let minute = 0; minute < 10; minute++) {
      activity.touch()
      clock.advance(60_000)
    }
    setBusy(true)
    clock.advance(600_000)
    expect(log).toEqual([])
  })

  it('announces the end of the session 60 s ahead, once', () => {
    const { clock, activity, log } = setUp({ sessionMs: 600_000, idleMs: false })
    clock.advance(700_000)
    expect(log.map(([what]) => what)).toEqual(['ending', 'session_limit'])
    expect(log[0]?.[1]).toBeGreaterThanOrEqual(540_000)
    expect(log[0]?.[1]).toBeLessThanOrEqual(551_000)
    expect(log[1]?.[1]).toBeLessThanOrEqual(600_500)
    activity.stop()
    expect(clock.pending).toBe(0)
  })

  it('never ends an idle session when told not to', () => {
    const { clock, log } = setUp({ sessionMs: 36_000_000, idleMs: false })
    clock.advance(10_000_000)
    expect(log).toEqual([])
  })
})
