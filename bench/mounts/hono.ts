import type { AddressInfo } from 'node:net'
import { serve, upgradeWebSocket } from '@hono/node-server'
import { Hono } from 'hono'
import { voiceRoute } from '../../adapters/hono.js'
import { voiceServer } from '../../adapters/ws.js'
import type { Workload } from '../load/workload.js'
import { handlerFor } from './handler.js'

export async function listen(workload: Workload): Promise<number> {
  const voice = handlerFor(workload)
  const app = new Hono()
  app.get('/voice', voiceRoute(voice, upgradeWebSocket))
  const server = await new Promise<ReturnType<typeof serve>>(resolve => {
    const started = serve(
      { fetch: app.fetch, port: 0, hostname: '127.0.0.1', websocket: { server: voiceServer(voice) as never } },
      () => resolve(started),
    )
  })
  return (server.address() as AddressInfo).port
}
