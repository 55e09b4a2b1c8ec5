import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import { type ServerType, serve, upgradeWebSocket } from '@hono/node-server'
import { Hono } from 'hono'
import { createVoiceHandler, type SessionStore, type VoiceHandler } from 'voice-ws'
import { voiceRoute } from 'voice-ws/hono'
import { shutdownEmbedded, warmUp } from 'voice-ws/providers/embedded'
import { voiceServer } from 'voice-ws/ws'
import { rulesAgent } from '../agents/rules.js'
import { FaultLine } from './fault-line.js'
import { chooseProviders } from './providers.js'
import { readFault } from './read-fault.js'
import { sendFile } from './static-files.js'

export interface DemoOptions {
  /** 0: any free port. */
  readonly port: number
  /** True: prints nothing. Default false. */
  readonly quiet?: boolean | undefined
}

export interface Demo {
  /** Of the voice endpoint: `ws://localhost:3000/voice`. */
  readonly url: string
  close(): Promise<void>
}

// Both are found from the built file, which lies in dist/examples/demo.
const pageFolder = new URL('../../../examples/demo/page/', import.meta.url)
const libraryFolder = new URL('../../src/', import.meta.url)

/**
 * Serves the page and mounts the handler beside it.
 *
 * @throws {Error} with `code` `EADDRINUSE` when the port is taken.
 */
export async function startDemo({ port, quiet = false }: DemoOptions): Promise<Demo> {
  const { stt, tts, names } = chooseProviders(process.env)
  const newHandler = (store: SessionStore): VoiceHandler =>
    createVoiceHandler({
      authenticate: () => 'guest',
      configure: () => ({ greeting: 'Hello! What can I do for you?' }),
      stt,
      tts,
      agent: rulesAgent,
      // The engines share this machine with the demo: on two cores speech itself keeps it busy.
      limits: { maxLoopDelayMs: 1000, maxUtilisation: 2 },
      store,
      // The page shows how long each answer took.
      onSession: session => void session.on('usage', usage => session.send('usage', usage)),
    }) as VoiceHandler
  const line = new FaultLine(newHandler)
  const app = createApp(line, names)
  const server = await listen(app, line, port)
  await warmUp()
  const at = (server.address() as AddressInfo).port
  if (!quiet) console.log(`Talk to it: http://localhost:${at}   (speech by ${names.join(', then ')})`)
  return {
    url: `ws://localhost:${at}/voice`,
    async close() {
      await line.close()
      await new Promise(resolve => server.close(resolve))
      await shutdownEmbedded()
    },
  }
}

function createApp(line: FaultLine, providerNames: readonly string[]): Hono {
  const app = new Hono()
  app.get('/voice', voiceRoute(line, upgradeWebSocket))
  app.get('/health', c => {
    const { status, sessions, providers } = line.current.health()
    return c.json({
      status,
      sessions,
      speech: providerNames,
      // Why they fail is for the log: vendors' answers can hold what visitors should not see.
      troubled: providers.filter(({ state }) => state !== 'closed').map(({ provider, leg }) => `${provider} (${leg})`),
      uptimeS: Math.round(process.uptime()),
      memoryMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
      stats: line.current.stats(),
    })
  })
  // Only JSON: another site's page cannot send that without being asked first, and the answer is no.
  app.post('/faults', async c => {
    const fault = c.req.header('content-type') === 'application/json' ? readFault(await c.req.json()) : undefined
    const visitor = c.req.query('visitor')
    if (!fault || !visitor) return c.json({ error: 'no such fault' }, 400)
    return c.json({ concerned: line.inject(visitor, fault) })
  })
  app.get('/lib/*', c => sendFile(c, libraryFolder, c.req.path.slice('/lib/'.length)))
  app.get('/*', c => sendFile(c, pageFolder, c.req.path.slice(1) || 'index.html'))
  return app
}

function listen(app: Hono, line: FaultLine, port: number): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const websocket = { server: voiceServer(line) as never }
    const server = serve({ fetch: app.fetch, port, websocket }, () => resolve(server))
    server.once('error', reject)
  })
}

async function main(): Promise<void> {
  const port = Number(process.env.PORT ?? 3000)
  if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) {
    console.error(`PORT: ${process.env.PORT} is no port. Choose a number up to 65535: PORT=3000 npm start`)
    process.exitCode = 1
    return
  }
  try {
    const demo = await startDemo({ port })
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void demo.close().then(() => process.exit(0)))
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    console.error(`Port ${port} is taken. Choose another: PORT=${port + 1} npm start`)
    process.exitCode = 1
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
