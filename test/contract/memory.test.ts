import { describe, expect, it } from 'vitest'
import { transportSuite } from '../../adapters/testing/node.js'
import { memoryTransport } from './fixtures/memory.js'

transportSuite(
  { describe, it, expect },
  {
    name: 'memory',
    traits: {
      network: false,
      earlyBytes: false,
      refusalHeaders: false,
      tellsRejection: false,
      readsAllCodes: true,
      pauseReads: true,
      backlog: true,
      ping: true,
      cutsClosing: true,
      // What a sink throws reaches the test.
      containsExceptions: false,
    },
    start: async mount => memoryTransport(mount),
  },
)
