import { expect, it } from 'vitest'
import { longOutages } from '../../bench/outage/long-outages.js'
import { passes } from '../../bench/report.js'

it('an outage of 5 s costs nothing, one of 12 s what left the ring, one of 40 s the session but not its history', async () => {
  const rows = await longOutages(1)
  expect(rows.filter(row => !passes(row))).toEqual([])
  expect(rows.filter(({ target }) => target).length).toBe(8)
}, 60_000)
