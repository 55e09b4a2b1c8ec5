import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { attachVoice } from '../../adapters/ws.js'
import type { Workload } from '../load/workload.js'
import { handlerFor } from './handler.js'

export async function listen(workload: Workload): Promise<number> {
  const server = createServer()
  attachVoice(server, handlerFor(workload))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', 4096, resolve))
  return (server.address() as AddressInfo).port
}
