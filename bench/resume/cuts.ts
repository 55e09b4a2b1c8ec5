import { WebSocket } from 'ws'
import { type ChaosProxy, chaosProxy } from '../../adapters/testing/node.js'
import { createVoiceClient, type VoiceClient } from '../../src/client/index.js'
import { createVoiceHandler, type VoiceSession } from '../../src/index.js'
import { silentLogger } from '../../src/util/logger.js'
import { createRecorder } from './recorder.js'
import { scaledClock, seededRandom } from './scaled-clock.js'
import { transports } from './servers.js'

export interface CutResult {
  readonly cuts: number
  /** Bytes captured that are not at the provider in their place. */
  readonly wrongBytes: number
  readonly capturedBytes: number
  /** Server events that the client missed or got twice. */
  readonly wrongEvents: number
  readonly events: number
  /** Client messages that the server missed or handled twice. */
  readonly wrongMessages: number
  readonly messages: number
}

/** How much faster than life the run is. */
const speed = 10
const frameBytes = 640

/** Breaks one client's connection again and again, in every way a network does, and counts what that cost. */
export async function cutRun(transport: string, seed: number, cuts: number): Promise<CutResult> {
  const clock = scaledClock(speed)
  const random = seededRandom(seed)
  const recorder = createRecorder()
  const handled: number[] = []
  const sessions: VoiceSession[] = []
  const voice = createVoiceHandler({
    clock,
    random,
    logger: silentLogger,
    authenticate: () => 'bench',
    stt: [recorder.stt],
    limits: { messagesPerSecond: 1000, maxLoopDelayMs: 60_000, maxUtilisation: 2 },
    onSession: session => {
      sessions.push(session as VoiceSession)
      session.on('event', ({ data }) => handled.push(data as number))
    },
  })
  const server = await transports[transport]!(voice)
  const proxy = await chaosProxy({ port: server.port })
  const client = createVoiceClient({
    url: `ws://127.0.0.1:${proxy.port}/voice`,
    WebSocket: WebSocket as never,
    clock,
    random,
    logger: silentLogger,
    config: { audio: true },
  })
  const received: number[] = []
  client.on('event', ({ data }) => received.push(data as number))
  await client.connect()

  const captured: Buffer[] = []
  let told = 0
  let asked = 0
  const stopFeed = clock.every(20, () => {
    const frame = Buffer.alloc(frameBytes)
    for (let at = 0; at < frameBytes; at += 4) frame.writeUInt32LE((random() * 2 ** 32) >>> 0, at)
    captured.push(frame)
    client.sendAudio(frame)
    if (client.state === 'failed' || client.state === 'closed') return
    if (captured.length % 5 === 0) sessions[0]?.send('tick', told++)
    if (captured.length % 7 === 0) client.send('tock', asked++)
  })
  let survived = 0
  for (; survived < cuts; survived++) {
    await sleep(clock, 100 + random() * 300)
    const resumed = await Promise.race([cutOnce(client, proxy, clock, random), sleep(clock, 30_000).then(() => false)])
    // A client that cannot come back has lost its call: judge what there is.
    if (!resumed) break
  }
  stopFeed()
  const all = Buffer.concat(captured)
  await until(clock, () => recorder.bytes().length >= all.length && received.length >= told && handled.length >= asked)
  await sleep(clock, 500)
  const result = {
    cuts: survived,
    capturedBytes: all.length,
    wrongBytes: differences(all, recorder.bytes()),
    events: told,
    wrongEvents: outOfPlace(received, told),
    messages: asked,
    wrongMessages: outOfPlace(handled, asked),
  }
  await client.close()
  await voice.close()
  await proxy.close()
  server.close()
  return result
}

/** Every way to lose a connection. */
const ways: readonly ((line: { client: VoiceClient; proxy: ChaosProxy; clock: Clock }) => unknown)[] = [
  ({ proxy }) => proxy.reset(),
  ({ proxy }) => proxy.end(),
  ({ proxy }) => proxy.halfClose('up'),
  ({ proxy }) => proxy.halfClose('down'),
  ({ proxy }) => proxy.stall(),
  // The network changes under the client, and the first connection goes on until the second one serves ...
  ({ client }) => client.reconnect(),
  // ... or swallows everything ...
  ({ client, proxy }) => {
    proxy.blackHole()
    client.reconnect()
  },
  // ... or delivers it late, after the takeover.
  async ({ client, proxy }) => {
    proxy.hold()
    client.reconnect()
    await client.once('resumed')
    proxy.flow()
  },
  // Nobody listens for a while.
  async ({ proxy, clock }) => {
    proxy.reset()
    await proxy.refuse()
    await sleep(clock, 1500)
    await proxy.listen()
  },
]

/** Loses the connection in one of the ways, and waits until the call goes on. */
async function cutOnce(client: VoiceClient, proxy: ChaosProxy, clock: Clock, random: () => number): Promise<boolean> {
  const resumed = client.once('resumed')
  const way = ways[Math.floor(random() * ways.length)]!
  return Promise.all([resumed, way({ client, proxy, clock })]).then(
    () => true,
    () => false,
  )
}

type Clock = ReturnType<typeof scaledClock>

function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise(resolve => {
    clock.after(ms, resolve)
  })
}

/** Waits for what a correct run reaches; a wrong one is judged after 10 s. */
async function until(clock: Clock, done: () => boolean): Promise<void> {
  for (let waitedMs = 0; !done() && waitedMs < 10_000; waitedMs += 20) await sleep(clock, 20)
}

function differences(expected: Buffer, actual: Buffer): number {
  let count = Math.abs(expected.length - actual.length)
  for (let at = 0; at < Math.min(expected.length, actual.length); at++) if (expected[at] !== actual[at]) count++
  return count
}

function outOfPlace(numbers: readonly number[], count: number): number {
  let wrong = Math.abs(count - numbers.length)
  numbers.forEach((number, index) => {
    if (number !== index) wrong++
  })
  return wrong
}
