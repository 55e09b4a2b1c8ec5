import { framesOf } from './audio.js'
import { LoadClient } from './client.js'
import { stamped } from './stamp.js'
import { type Wire, type WireName, wires } from './wires.js'
import { frameMs, type Traffic, type Workload } from './workload.js'

// The load generator, in a process of its own: clients over bare TCP that send frames made beforehand.

export interface ClientTask {
  readonly port: number
  readonly wire: WireName
  readonly workload: Workload
}

/** Handshakes in progress at once. */
const inFlight = 64
const beatMs = 2
const reportEveryMs = 200

/** For the goodbyes to be read. */
const leaveMs = 200

const clients: LoadClient[] = []
const timers: NodeJS.Timeout[] = []
let sentFrames = 0
let lateMs = 0
let begun: Traffic = traffic()

async function connect({ port, wire, workload }: ClientTask): Promise<void> {
  const connectNext = async (): Promise<void> => {
    while (clients.length < workload.sessions) {
      const client = new LoadClient(wires[wire], port)
      clients.push(client)
      await client.ready
    }
  }
  await Promise.all(Array.from({ length: inFlight }, connectNext))
}

/** Spreads the clients' frames evenly over the 20 ms. */
function speak(wire: Wire, kind: 'speech' | 'noise', timed: boolean): void {
  const frames = framesOf(kind).map(frame => wire.audio(frame))
  const startedAt = performance.now()
  const perMs = clients.length / frameMs
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - startedAt) * perMs)
    lateMs = Math.max(lateMs, (due - sentFrames) / perMs)
    for (; sentFrames < due; sentFrames++) {
      const frame = frames[Math.floor(sentFrames / clients.length) % frames.length]!
      clients[sentFrames % clients.length]!.write(timed ? stamped(frame) : frame)
    }
  }, beatMs)
  timers.push(timer)
}

/** The clients' reports, likewise spread. */
function report(beat: NonNullable<Wire['beat']>): void {
  const startedAt = performance.now()
  const perMs = clients.length / reportEveryMs
  let done = 0
  const timer = setInterval(() => {
    const now = performance.now()
    for (const due = Math.floor((now - startedAt) * perMs); done < due; done++) {
      beat(clients[done % clients.length]!, now, Math.floor(done / clients.length))
    }
  }, beatMs)
  timers.push(timer)
}

function traffic(): Traffic {
  let receivedAudioBytes = 0
  let receivedMessages = 0
  for (const client of clients) {
    receivedAudioBytes += client.audioBytes
    receivedMessages += client.messages
  }
  return { sentFrames, receivedAudioBytes, receivedMessages, lateMs }
}

async function start(task: ClientTask): Promise<void> {
  await connect(task)
  const { up, recogniser } = task.workload
  const wire: Wire = wires[task.wire]
  if (up) speak(wire, up, recogniser !== undefined)
  if (wire.beat) report(wire.beat)
  process.send?.({ connected: clients.length })
}

function measured(): Traffic {
  const now = traffic()
  return {
    sentFrames: now.sentFrames - begun.sentFrames,
    receivedAudioBytes: now.receivedAudioBytes - begun.receivedAudioBytes,
    receivedMessages: now.receivedMessages - begun.receivedMessages,
    lateMs: now.lateMs,
  }
}

/** A client that just goes may come back, and a server keeps its session. */
function leave(): void {
  for (const timer of timers) clearInterval(timer)
  for (const client of clients) client.leave()
  setTimeout(() => process.exit(0), leaveMs)
}

process.on('message', (message: ClientTask | 'begin' | 'end' | 'stop') => {
  if (typeof message === 'object') {
    start(message).catch(error => {
      console.error(error)
      process.exit(1)
    })
  } else if (message === 'begin') {
    lateMs = 0
    begun = traffic()
  } else if (message === 'end') process.send?.({ traffic: measured() })
  else leave()
})
// The parent may die without a word.
process.on('disconnect', () => process.exit(0))
