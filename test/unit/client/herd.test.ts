import { describe, expect, it } from 'vitest'
import { simulateHerd } from '../../../bench/herd/simulation.js'
import { seededRandom } from '../../../bench/resume/scaled-clock.js'

const herd = { clients: 10_000, acceptsPerSecond: 500 }

describe('10,000 clients that lose a server which takes 500 a second', () => {
  it.each([1, 2, 3])('come back evenly over the window that was announced (seed %i)', seed => {
    const announcedMs = (1250 * herd.clients) / herd.acceptsPerSecond
    const outcome = simulateHerd({ ...herd, downMs: 0, announcedMs, random: seededRandom(seed) })
    expect(outcome.peakPerSecond).toBeLessThanOrEqual(1.1 * herd.acceptsPerSecond)
    expect(outcome.t99Ms).toBeLessThanOrEqual(26_000)
    expect(outcome.attemptsPerClient).toBeLessThan(1.2)
  })

  it('are all back nearly as soon as can be when nobody told them anything, at the price of many attempts', () => {
    const outcome = simulateHerd({ ...herd, downMs: 5000, random: seededRandom(1) })
    expect(outcome.t99Ms).toBeLessThanOrEqual(24_000)
    expect(outcome.attemptsPerClient).toBeGreaterThan(5)
  })
})
