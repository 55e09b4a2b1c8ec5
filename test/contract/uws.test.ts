import { describe, expect, it } from 'vitest'
import { transportSuite } from '../../adapters/testing/node.js'
import { voiceBehavior } from '../../adapters/uws.js'
import { isNative, runningUws, uws } from './fixtures/uws.js'

it('runs on the native uWebSockets.js', () => {
  expect(isNative()).toBe(true)
})

transportSuite(
  { describe, it, expect },
  {
    name: 'uWebSockets.js',
    traits: {
      network: true,
      earlyBytes: false,
      refusalHeaders: true,
      tellsRejection: false,
      readsAllCodes: false,
      pauseReads: false,
      backlog: true,
      ping: true,
      cutsClosing: false,
      containsExceptions: true,
    },
    start: mount => runningUws(uws.App().ws('/voice', voiceBehavior(mount))),
  },
  { abortedUpgrades: 10_000 },
)
