import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { Deadlines } from '../../../src/util/deadlines.js'

class Probe {
  firedAtMs: number[] = []
  expire(nowMs: number): void {
    this.firedAtMs.push(nowMs)
  }
}

describe('Deadlines', () => {
  it('fires once, never early and at most one slot late, whenever it was set', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 20_000 }), (startMs, delayMs) => {
        const clock = new ManualClock()
        const deadlines = new Deadlines(clock, 250)
        const other = new Probe()
        deadlines.set(other, 60_000)
        clock.advance(startMs)
        const probe = new Probe()
        deadlines.set(probe, delayMs)
        clock.advance(delayMs + 600)
        expect(probe.firedAtMs).toHaveLength(1)
        expect(probe.firedAtMs[0]).toBeGreaterThanOrEqual(startMs + delayMs)
        expect(probe.firedAtMs[0]).toBeLessThanOrEqual(startMs + delayMs + 500)
        expect(other.firedAtMs).toHaveLength(0)
      }),
    )
  })

  it('keeps one deadline a member: the last one set', () => {
    const clock = new ManualClock()
    const deadlines = new Deadlines(clock)
    const probe = new Probe()
    deadlines.set(probe, 1000)
    deadlines.set(probe, 5000)
    clock.advance(4000)
    expect(probe.firedAtMs).toHaveLength(0)
    clock.advance(1500)
    expect(probe.firedAtMs).toHaveLength(1)
  })

  it('runs no timer without members', () => {
    const clock = new ManualClock()
    const deadlines = new Deadlines(clock)
    const probe = new Probe()
    expect(clock.pending).toBe(0)
    deadlines.set(probe, 1000)
    expect(clock.pending).toBe(1)
    deadlines.clear(probe)
    expect(clock.pending).toBe(0)
    deadlines.set(probe, 1000)
    clock.advance(1500)
    expect([probe.firedAtMs.length, clock.pending, deadlines.size]).toEqual([1, 0, 0])
  })

  it('lets a member set itself again, and clear another that is due in the same slot', () => {
    const clock = new ManualClock()
    const deadlines = new Deadlines(clock)
    const second = new Probe()
    let rounds = 0
    const first = {
      expire() {
        deadlines.clear(second)
        if (++rounds < 3) deadlines.set(first, 100)
      },
    }
    deadlines.set(first, 100)
    deadlines.set(second, 100)
    clock.advance(2000)
    expect([rounds, second.firedAtMs.length, clock.pending]).toEqual([3, 0, 0])
  })
})
