import { WebSocketServer } from 'ws'
import { transports } from '../resume/servers.js'
import { passThrough } from './pass-through.js'
import { createSpeakingHandler, type SessionLog } from './speaking-handler.js'
import { StallMeter } from './stall-meter.js'

// The servers under test, in a process of their own: one handler on every transport, and beside it the control on a
// bare `ws` server: /naive?rate=48000 drops above 64 KB of bufferedAmount, /blind?rate=24000&speed=20 drops nothing.

export type ServerPorts = Readonly<Record<'ws' | 'uws' | 'hono' | 'naive', number>>

/** A session when it was over. */
export type ServerReport = SessionLog

const naiveLimitBytes = 64 * 1024

const naive = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
naive.on('connection', (socket, request) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'ws://localhost')
  const limitBytes = pathname === '/blind' ? Number.POSITIVE_INFINITY : naiveLimitBytes
  passThrough(socket, Number(searchParams.get('rate')), Number(searchParams.get('speed') ?? 1), limitBytes)
})

const { voice, logs } = createSpeakingHandler()
const servers = await Promise.all(
  (['ws', 'uws', 'hono'] as const).map(async name => ({ name, server: await transports[name]!(voice) })),
)

const meter = new StallMeter()
const startedMs = performance.now()
setInterval(() => {
  process.send?.({ memory: { atMs: performance.now() - startedMs, rssBytes: process.memoryUsage().rss } })
}, 500).unref()

process.on('message', async message => {
  if (message !== 'stop') return
  const stallMs = meter.longestMs
  await voice.close()
  for (const report of logs.values()) process.send?.({ report })
  process.send?.({ stallMs })
  for (const { server } of servers) server.close()
  for (const socket of naive.clients) socket.terminate()
  naive.close(() => process.disconnect())
})
// The parent may die without a word.
process.on('disconnect', () => process.exit(0))
const ports: ServerPorts = {
  ...(Object.fromEntries(servers.map(({ name, server }) => [name, server.port])) as Omit<ServerPorts, 'naive'>),
  naive: (naive.address() as { port: number }).port,
}
process.send?.({ ports })
