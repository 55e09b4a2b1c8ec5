import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { transportSuite } from '../../adapters/testing/node.js'
import { attachVoice } from '../../adapters/ws.js'
import { running, wsTraits } from './fixtures/http.js'

transportSuite(
  { describe, it, expect },
  {
    name: 'ws',
    traits: wsTraits,
    async start(mount) {
      const server = createServer()
      const { detach } = attachVoice(server, mount)
      return running(server, detach)
    },
  },
  { abortedUpgrades: 10_000 },
)
