import uWS from 'uWebSockets.js'
import { assertNative } from '../load/native.js'
import type { Workload } from '../load/workload.js'
import { RelaySession } from './relay-session.js'

interface Data {
  session?: RelaySession
}

/** A relay by hand on uWebSockets.js. */
export async function listen(workload: Workload): Promise<number> {
  assertNative()
  const app = uWS.App().ws<Data>('/voice', {
    maxPayloadLength: 512 * 1024,
    maxBackpressure: 16 * 1024 * 1024,
    idleTimeout: 120,
    upgrade: (response, request, context) =>
      response.upgrade<Data>(
        {},
        request.getHeader('sec-websocket-key'),
        request.getHeader('sec-websocket-protocol'),
        request.getHeader('sec-websocket-extensions'),
        context,
      ),
    open: ws => {
      ws.getUserData().session = new RelaySession(workload, data => ws.send(data, typeof data !== 'string'))
    },
    message: (ws, message, isBinary) => {
      const { session } = ws.getUserData()
      if (isBinary) session?.audio(new Uint8Array(message))
      else session?.text(Buffer.from(message).toString())
    },
    close: ws => ws.getUserData().session?.closed(),
  })
  const socket = await new Promise<uWS.us_listen_socket | false>(resolve => app.listen('127.0.0.1', 0, resolve))
  if (!socket) throw new Error('uWebSockets.js: cannot listen')
  return uWS.us_socket_local_port(socket)
}
