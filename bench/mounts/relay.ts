import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deepgram } from '../../adapters/providers/deepgram.js'
import { attachVoice } from '../../adapters/ws.js'
import type { Workload } from '../load/workload.js'
import { handlerFor } from './handler.js'

/** With the recogniser behind a WebSocket. */
export async function listen(workload: Workload): Promise<number> {
  const { stt } = deepgram({ apiKey: 'bench', baseUrl: workload.recogniser })
  const server = createServer()
  attachVoice(server, handlerFor(workload, stt))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', 4096, resolve))
  return (server.address() as AddressInfo).port
}
