import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { Workload } from '../load/workload.js'
import { RelaySession } from './relay-session.js'

const text = { binary: false, compress: false } as const
const binary = { binary: true, compress: false } as const

/** A relay by hand on `ws`. */
export async function listen(workload: Workload): Promise<number> {
  const server = createServer()
  const wss = new WebSocketServer({ server, path: '/voice', perMessageDeflate: false, maxPayload: 512 * 1024 })
  wss.on('connection', ws => {
    const session = new RelaySession(workload, data => ws.send(data, typeof data === 'string' ? text : binary))
    ws.on('message', (data: Buffer, isBinary) => {
      if (isBinary) session.audio(data)
      else session.text(data.toString())
    })
    ws.on('close', () => session.closed())
    ws.on('error', () => {})
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', 4096, resolve))
  return (server.address() as AddressInfo).port
}
