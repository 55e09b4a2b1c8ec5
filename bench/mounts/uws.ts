import uWS from 'uWebSockets.js'
import { voiceBehavior } from '../../adapters/uws.js'
import { assertNative } from '../load/native.js'
import type { Workload } from '../load/workload.js'
import { handlerFor } from './handler.js'

export async function listen(workload: Workload): Promise<number> {
  assertNative()
  const app = uWS.App().ws('/voice', voiceBehavior(handlerFor(workload)) as never)
  const socket = await new Promise<uWS.us_listen_socket | false>(resolve => app.listen('127.0.0.1', 0, resolve))
  if (!socket) throw new Error('uWebSockets.js: cannot listen')
  return uWS.us_socket_local_port(socket)
}
