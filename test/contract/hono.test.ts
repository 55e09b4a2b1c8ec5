import type { Server } from 'node:http'
import { serve, upgradeWebSocket } from '@hono/node-server'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { voiceRoute } from '../../adapters/hono.js'
import { transportSuite } from '../../adapters/testing/node.js'
import { voiceServer } from '../../adapters/ws.js'
import { running, wsTraits } from './fixtures/http.js'

transportSuite(
  { describe, it, expect },
  {
    name: 'Hono on @hono/node-server 2',
    traits: wsTraits,
    async start(mount) {
      const app = new Hono().get('/voice', voiceRoute(mount, upgradeWebSocket))
      const server = serve({
        fetch: app.fetch,
        port: 0,
        hostname: '127.0.0.1',
        websocket: { server: voiceServer(mount) },
      })
      return running(server as Server)
    },
  },
)
