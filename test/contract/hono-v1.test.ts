import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { transportSuite } from '../../adapters/testing/node.js'
import { serveHonoV1 } from '../hono-v1/server.js'
import { running, wsTraits } from './fixtures/http.js'

transportSuite(
  { describe, it, expect },
  {
    name: 'Hono on @hono/node-ws 1',
    traits: { ...wsTraits, refusalHeaders: false },
    async start(mount) {
      const server = serveHonoV1(mount)
      await once(server, 'listening')
      return running(server)
    },
  },
)
