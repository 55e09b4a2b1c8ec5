import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { RelaySession } from '../../dist/bench/controls/relay-session.js'

/** The relay on socket.io, over WebSockets only: `json` carries text, `audio` sound. */
export async function listen(workload) {
  const server = createServer()
  const io = new Server(server, { transports: ['websocket'], serveClient: false, perMessageDeflate: false })
  io.on('connection', socket => {
    const session = new RelaySession(workload, data =>
      typeof data === 'string' ? socket.emit('json', data) : socket.emit('audio', data),
    )
    socket.on('json', text => session.text(text))
    socket.on('audio', frame => session.audio(frame))
    socket.on('disconnect', () => session.closed())
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', 4096, resolve))
  return server.address().port
}
