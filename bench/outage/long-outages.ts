import { WebSocket } from 'ws'
import { type ChaosProxy, chaosProxy } from '../../adapters/testing/node.js'
import { createVoiceClient, type VoiceClient } from '../../src/client/index.js'
import { createVoiceHandler, type VoiceHandler, type VoiceSession } from '../../src/index.js'
import { silentLogger } from '../../src/util/logger.js'
import type { Row } from '../report.js'
import { createRecorder } from '../resume/recorder.js'
import { scaledClock, seededRandom } from '../resume/scaled-clock.js'
import { type Listening, transports } from '../resume/servers.js'

/** How much faster than life the outages pass. */
const speed = 5
const frameBytes = 640
const bytesPerMs = 32

/** Outages that the client's ring covers, that it does not cover, and that the session does not survive. */
export async function longOutages(blackHoles: number): Promise<Row[]> {
  return [...(await swallowed(blackHoles)), ...(await longerThanTheRing()), ...(await longerThanTheSession())]
}

/** Everything disappears for 5 s, attempts to reconnect too: no FIN, no RST. */
async function swallowed(rounds: number): Promise<Row[]> {
  const line = await Line.start()
  let outages = 0
  let survived = 0
  line.client.on('reconnecting', () => outages++)
  await line.pass(2000)
  for (let round = 0; round < rounds; round++) {
    const { sessionId } = line.client
    const before = outages
    const stop = line.clock.every(20, () => line.proxy.blackHole())
    line.proxy.blackHole()
    await line.pass(5000)
    stop()
    await line.pass(8000)
    if (outages > before && line.client.state === 'active' && line.client.sessionId === sessionId) survived++
  }
  const { wrongBytes, missingMs, capturedBytes } = await line.end()
  return [
    {
      name: 'black hole of 5 s: noticed, and the same session goes on',
      value: survived,
      unit: `of ${rounds} times`,
      target: `>= ${rounds}`,
    },
    {
      name: 'black hole of 5 s: audio bytes lost, doubled or changed',
      value: wrongBytes + Math.abs(missingMs) * bytesPerMs,
      unit: `of ${capturedBytes}`,
      target: '<= 0',
    },
  ]
}

/** 12 s: what left the ring is lost, and both ends must say exactly so. */
async function longerThanTheRing(): Promise<Row[]> {
  const line = await Line.start()
  let clientMs = 0
  let serverMs = 0
  line.client.on('gap', ({ ms }) => {
    clientMs += ms
  })
  line.sessions[0]!.on('gap', ({ ms }) => {
    serverMs += ms
  })
  await line.pass(2000)
  await line.cut(12_000)
  await line.pass(8000)
  const { wrongBytes, missingMs } = await line.end()
  return [
    { name: 'outage of 12 s: sound that did not arrive', value: missingMs, unit: 'ms' },
    {
      name: 'outage of 12 s: error of the gap that the client reports',
      value: Math.abs(clientMs - missingMs),
      unit: 'ms',
      target: '<= 40',
    },
    {
      name: 'outage of 12 s: error of the gap that the agent is told',
      value: Math.abs(serverMs - missingMs),
      unit: 'ms',
      target: '<= 40',
    },
    { name: 'outage of 12 s: bytes beside the gap that are wrong', value: wrongBytes, unit: 'bytes', target: '<= 0' },
  ]
}

/** 40 s: the session is gone, and what was said in it is not. */
async function longerThanTheSession(): Promise<Row[]> {
  const line = await Line.start()
  line.client.sendText('remember this')
  await line.pass(2000)
  const before = line.sessions[0]!.history.map(({ text }) => text)
  let turns = 0
  line.client.on('ready', ({ history }) => {
    turns = history?.turns ?? 0
  })
  await line.cut(40_000)
  for (let waitedMs = 0; line.sessions.length < 2 && waitedMs < 60_000; waitedMs += 500) await line.pass(500)
  await line.pass(1000)
  const after = line.sessions[1]?.history.map(({ text }) => text) ?? []
  const origin = line.sessions[1]?.origin
  await line.end()
  return [
    {
      name: 'outage of 40 s: a new session continues the old one',
      value: origin === 'continued' ? 1 : 0,
      unit: 'sessions',
      target: '>= 1',
    },
    {
      name: 'outage of 40 s: turns that the new session remembers',
      value: after.filter((text, at) => text === before[at]).length,
      unit: `of ${before.length}`,
      target: `>= ${Math.max(2, before.length)}`,
    },
    { name: 'outage of 40 s: turns that the client is told of', value: turns, unit: 'turns', target: '>= 2' },
  ]
}

/** One call over a bad line, with a microphone that never stops. */
class Line {
  readonly clock: ReturnType<typeof scaledClock> = scaledClock(speed)
  readonly sessions: VoiceSession[] = []
  proxy!: ChaosProxy
  client!: VoiceClient
  private readonly recorder = createRecorder()
  private readonly captured: Buffer[] = []
  private voice!: VoiceHandler<string, undefined>
  private server!: Listening
  private stopFeed!: () => void

  private constructor() {}

  static async start(): Promise<Line> {
    const line = new Line()
    const { clock, sessions, recorder, captured } = line
    const random = seededRandom(1)
    line.voice = createVoiceHandler({
      clock,
      random,
      logger: silentLogger,
      authenticate: () => 'bench',
      stt: [recorder.stt],
      agent: () => 'noted',
      onSession: session => void sessions.push(session as VoiceSession),
    })
    line.server = await transports.ws!(line.voice)
    line.proxy = await chaosProxy({ port: line.server.port })
    line.client = createVoiceClient({
      url: `ws://127.0.0.1:${line.proxy.port}/voice`,
      WebSocket: WebSocket as never,
      clock,
      random,
      logger: silentLogger,
    })
    await line.client.connect()
    let sentMs = 0
    const startedAtMs = clock.now()
    line.stopFeed = clock.every(20, () => {
      for (; sentMs < clock.now() - startedAtMs; sentMs += 20) {
        const frame = Buffer.alloc(frameBytes)
        for (let at = 0; at < frameBytes; at += 4) frame.writeUInt32LE((random() * 2 ** 32) >>> 0, at)
        captured.push(frame)
        line.client.sendAudio(frame)
      }
    })
    return line
  }

  pass(ms: number): Promise<void> {
    return new Promise(resolve => {
      this.clock.after(ms, resolve)
    })
  }

  /** RST, and nobody answers until the time is over. */
  async cut(ms: number): Promise<void> {
    this.proxy.reset()
    await this.proxy.refuse()
    await this.pass(ms)
    await this.proxy.listen()
  }

  /** Ends the call and compares what was captured with what the recogniser got: one hole may be missing. */
  async end() {
    this.stopFeed()
    await this.pass(3000)
    const captured = Buffer.concat(this.captured)
    const received = this.recorder.bytes()
    await this.client.close()
    await this.voice.close()
    await this.proxy.close()
    this.server.close()
    const before = commonStart(captured, received)
    const missing = captured.length - received.length
    const wrongBytes = wrongAround(captured, received, before)
    return { capturedBytes: captured.length, missingMs: missing / bytesPerMs, wrongBytes }
  }
}

function commonStart(a: Uint8Array, b: Uint8Array): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}

/** Bytes that differ when what is missing is taken out of what was captured at `at`. */
function wrongAround(captured: Uint8Array, received: Uint8Array, at: number): number {
  const missing = captured.length - received.length
  let wrong = 0
  for (let i = at; i < received.length; i++) if (received[i] !== captured[i + missing]) wrong++
  return wrong
}
