import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { createVoiceClient, type VoiceClient } from '../../src/client/index.js'
import { silentLogger } from '../../src/util/logger.js'

export interface RestartOutcome {
  readonly back: number
  readonly lastBackMs: number
  /** Of the new server's event loop, while everybody came back. */
  readonly delayP99Ms: number
}

/** Restarts a real server under real clients, and waits until all of them are back on the new one. */
export async function restart(clients: number): Promise<RestartOutcome> {
  const first = await startServer(0)
  const herd = await connectAll(clients, `ws://127.0.0.1:${first.port}/voice`)
  const startedAt = performance.now()
  let lastBackMs = 0
  // A new process does not know the old sessions, so each client says `ready` again.
  const back = herd.map(client =>
    client.once('ready').then(() => {
      lastBackMs = performance.now() - startedAt
    }),
  )
  const released = answer<{ released: boolean }>(first.process)
  first.process.send('drain')
  await released
  const second = await startServer(first.port)
  await Promise.race([Promise.all(back), new Promise(resolve => setTimeout(resolve, 60_000))])
  const { delayP99Ms } = await ask<{ delayP99Ms: number }>(second.process, 'delay')
  const active = herd.filter(client => client.state === 'active').length
  await Promise.all(herd.map(client => client.close()))
  for (const { process } of [first, second]) process.kill()
  return { back: active, lastBackMs, delayP99Ms }
}

interface ServerProcess {
  readonly process: ChildProcess
  readonly port: number
}

async function startServer(port: number): Promise<ServerProcess> {
  const process = fork(fileURLToPath(new URL('./server.js', import.meta.url)), [String(port)])
  return { process, port: (await answer<{ port: number }>(process)).port }
}

async function answer<T>(process: ChildProcess): Promise<T> {
  const [message] = await once(process, 'message')
  return message as T
}

function ask<T>(process: ChildProcess, question: string): Promise<T> {
  const answered = answer<T>(process)
  process.send(question)
  return answered
}

async function connectAll(count: number, url: string): Promise<VoiceClient[]> {
  const herd: VoiceClient[] = []
  while (herd.length < count) {
    const batch = Array.from({ length: Math.min(100, count - herd.length) }, () =>
      createVoiceClient({ url, WebSocket: WebSocket as never, config: { audio: false }, logger: silentLogger }),
    )
    await Promise.all(batch.map(client => client.connect()))
    herd.push(...batch)
  }
  return herd
}
