import { afterEach, describe, expect, it } from 'vitest'
import { cutRun } from '../../bench/resume/cuts.js'
import { transports } from '../../bench/resume/servers.js'
import { Link } from '../../src/session/link.js'

const exact = { wrongBytes: 0, wrongEvents: 0, wrongMessages: 0 }
const { fence } = Link.prototype

afterEach(() => {
  Link.prototype.fence = fence
})

describe.each(Object.keys(transports))('over %s, a call that is cut again and again', transport => {
  it('loses and doubles nothing, in either direction', async () => {
    expect(await cutRun(transport, 7, 25)).toMatchObject({ ...exact, cuts: 25 })
  }, 60_000)
})

it('would not without the fence: the comparison can fail', async () => {
  Link.prototype.fence = () => {}
  const { wrongBytes, wrongEvents, wrongMessages } = await cutRun('ws', 1, 25)
  expect(wrongBytes + wrongEvents + wrongMessages).toBeGreaterThan(0)
}, 60_000)
