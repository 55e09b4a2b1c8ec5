import type { MessagePort } from 'node:worker_threads'
import { type VoiceMount, wrapSocket } from 'voice-ws'

/** Serves voice on a message port: strings and bytes are messages, `{ code, reason }` is a goodbye. */
export async function servePort(voice: VoiceMount, port: MessagePort): Promise<void> {
  const leaving = new AbortController()
  let goodbye = { code: 1006, reason: '' }
  port.once('close', () => leaving.abort())
  const request = { url: '/voice', method: 'GET', headers: new Map(), protocols: ['voice.v1'] }
  const accept = await voice.admit({ ...request, signal: leaving.signal, context: undefined, raw: port })
  if (leaving.signal.aborted) return
  if (!accept.ok) return port.close()
  const socket = wrapSocket({
    protocol: accept.protocol,
    // A view is cloned with all of the memory below it, so it is copied out of that first.
    send: data => port.postMessage(typeof data === 'string' ? data : new Uint8Array(data)),
    close(code, reason) {
      goodbye = { code, reason }
      port.postMessage(goodbye)
      port.close()
    },
  })
  const sink = voice.open(socket, accept)
  port.on('close', () => sink.closed({ ...goodbye, clean: goodbye.code !== 1006 }))
  // The port keeps what comes before somebody listens.
  port.on('message', (data: string | Uint8Array | typeof goodbye) => {
    if (typeof data === 'string' || data instanceof Uint8Array) return sink.message(data)
    goodbye = data
    port.close()
  })
}
