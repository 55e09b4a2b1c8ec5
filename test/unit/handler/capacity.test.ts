import { expect, it } from 'vitest'
import { Capacity } from '../../../src/capacity.js'
import { resolveOptions } from '../../../src/options.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'

it('clients that are refused together are told to come back one after the other, as fast as they can be taken', () => {
  const clock = new ManualClock()
  const capacity = new Capacity(resolveOptions({ limits: { acceptsPerSecond: 500 } }).limits, clock)
  expect(capacity.refuseSession('::1', null)).toBeNull()
  capacity.shut()
  const refuse = (count: number) =>
    Array.from({ length: count }, () => capacity.refuseSession('::1', null)?.retryAfterMs ?? 0)
  const waits = refuse(3001)
  expect([waits[0], waits[1], waits[500], waits[3000]]).toEqual([1000, 1002, 2000, 7000])
  // Whoever comes late is not kept for longer than half a minute, however many knocked before.
  expect(refuse(100_000).at(-1)).toBe(30_000)
  clock.advance(60_000)
  expect(refuse(1)).toEqual([1000])
})
