import { createServer } from 'node:http'
import nodeAdapter from 'crossws/adapters/node'
import { RelaySession } from '../../dist/bench/controls/relay-session.js'

/** The relay on crossws, on Node's own server. */
export async function listen(workload) {
  const sessions = new Map()
  const adapter = nodeAdapter({
    hooks: {
      open(peer) {
        sessions.set(peer.id, new RelaySession(workload, data => peer.send(data)))
      },
      message(peer, message) {
        const session = sessions.get(peer.id)
        if (typeof message.rawData === 'string') session?.text(message.rawData)
        else session?.audio(message.uint8Array())
      },
      close(peer) {
        sessions.get(peer.id)?.closed()
        sessions.delete(peer.id)
      },
    },
  })
  const server = createServer()
  server.on('upgrade', adapter.handleUpgrade)
  await new Promise(resolve => server.listen(0, '127.0.0.1', 4096, resolve))
  return server.address().port
}
