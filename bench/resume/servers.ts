import uWS from 'uWebSockets.js'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { serve, upgradeWebSocket } from '@hono/node-server'
import { Hono } from 'hono'
import { voiceRoute } from '../../adapters/hono.js'
import { voiceBehavior } from '../../adapters/uws.js'
import { attachVoice, voiceServer } from '../../adapters/ws.js'
import type { VoiceMount } from '../../src/index.js'

export interface Listening {
  readonly port: number
  close(): void
}

type Listen = (voice: VoiceMount) => Promise<Listening>

async function listenWs(voice: VoiceMount): Promise<Listening> {
  const server = createServer()
  const { wss, detach } = attachVoice(server, voice)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      detach()
      for (const client of wss.clients) client.terminate()
      server.close()
    },
  }
}

async function listenHono(voice: VoiceMount): Promise<Listening> {
  const app = new Hono()
  app.get('/voice', voiceRoute(voice, upgradeWebSocket))
  const wss = voiceServer(voice)
  const server = await new Promise<ReturnType<typeof serve>>(resolve => {
    const started = serve(
      { fetch: app.fetch, port: 0, hostname: '127.0.0.1', websocket: { server: wss as never } },
      () => resolve(started),
    )
  })
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const client of wss.clients) client.terminate()
      server.close()
    },
  }
}

async function listenUws(voice: VoiceMount): Promise<Listening> {
  const { cache } = createRequire(import.meta.url)
  // The package falls back to a slow imitation in JavaScript without saying so.
  if (!Object.keys(cache).some(file => /uws.*\.node$/.test(file)))
    throw new Error('uWebSockets.js: the native binary is not loaded')
  const app = uWS.App().ws('/voice', voiceBehavior(voice) as never)
  const socket = await new Promise<uWS.us_listen_socket | false>(resolve => app.listen('127.0.0.1', 0, resolve))
  if (!socket) throw new Error('uWebSockets.js: cannot listen')
  return { port: uWS.us_socket_local_port(socket), close: () => uWS.us_listen_socket_close(socket) }
}

/** Every transport that the resume must be exact on. */
export const transports: Readonly<Record<string, Listen>> = { ws: listenWs, uws: listenUws, hono: listenHono }
