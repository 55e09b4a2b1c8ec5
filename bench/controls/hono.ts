import type { AddressInfo } from 'node:net'
import { serve, upgradeWebSocket } from '@hono/node-server'
import { Hono } from 'hono'
import { WebSocketServer } from 'ws'
import type { Workload } from '../load/workload.js'
import { RelaySession } from './relay-session.js'

/** A relay by hand on Hono, written as its documentation shows. */
export async function listen(workload: Workload): Promise<number> {
  const app = new Hono()
  app.get(
    '/voice',
    upgradeWebSocket(() => {
      let session: RelaySession
      return {
        onOpen(_event, ws) {
          session = new RelaySession(workload, data => ws.send(data as string | Uint8Array<ArrayBuffer>))
        },
        onMessage({ data }) {
          if (typeof data === 'string') session.text(data)
          else session.audio(new Uint8Array(data as ArrayBuffer))
        },
        onClose: () => session.closed(),
      }
    }),
  )
  const wss = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 512 * 1024 })
  const server = await new Promise<ReturnType<typeof serve>>(resolve => {
    const started = serve(
      { fetch: app.fetch, port: 0, hostname: '127.0.0.1', websocket: { server: wss as never } },
      () => resolve(started),
    )
  })
  return (server.address() as AddressInfo).port
}
