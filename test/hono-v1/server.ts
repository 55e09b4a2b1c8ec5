import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { createNodeWebSocket } from '@hono/node-ws'
import { Hono } from 'hono'
import { voiceRoute } from '../../adapters/hono.js'
import { voiceServerOptions } from '../../adapters/ws.js'
import type { VoiceMount } from '../../src/upgrade.js'

/** `mount` on `/voice` of Hono 4 with the WebSocket helper for version 1 of its Node server. */
export function serveHonoV1(mount: VoiceMount): Server {
  const app = new Hono()
  const { injectWebSocket, upgradeWebSocket, wss } = createNodeWebSocket({ app })
  // The helper makes its own ws server, whose options are read at every upgrade.
  Object.assign(wss.options, voiceServerOptions(mount))
  app.get('/voice', voiceRoute(mount, upgradeWebSocket))
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
  injectWebSocket(server)
  return server
}
