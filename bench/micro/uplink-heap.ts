import { createVoiceHandler, type SttProvider } from '../../src/index.js'
import { memorySocketPair } from '../../src/testing/memory-socket.js'
import { silentLogger } from '../../src/util/logger.js'
import { framesOf } from '../load/audio.js'
import { frameMs } from '../load/workload.js'
import { StepClock } from './step-clock.js'

// One session in a quiet room. Results would allocate what an application sees; sound alone must not.

export interface Allocated {
  readonly bytesPerChunk: number
}

const warmUpFrames = 100_000
const countedFrames = 20_000
const framesPerTurn = 50
let chunks = 0

const stt: SttProvider = {
  name: 'silent',
  capabilities: {
    interims: true,
    words: false,
    speechStarted: false,
    endpointing: true,
    finalize: 'ack',
    keepAliveMs: 0,
    chunkMs: { min: 20, ideal: 100, max: 250 },
    formats: [{ encoding: 'linear16', sampleRate: 16_000, channels: 1 }],
  },
  connect(_request, sink) {
    sink.open()
    return {
      bufferedBytes: 0,
      push() {
        chunks++
        return true
      },
      finalize: () => sink.finalized(),
      close: () => sink.closed({}),
      abort: () => sink.closed({}),
    }
  },
}

const clock = new StepClock()
const voice = createVoiceHandler({ authenticate: () => 'bench', clock, logger: silentLogger, stt: [stt] })
const accept = await voice.admit({
  url: '/voice',
  method: 'GET',
  headers: new Map(),
  protocols: [],
  signal: new AbortController().signal,
  context: undefined,
  raw: undefined,
})
if (!accept.ok) throw new Error(`refused: ${accept.status}`)
const { socket, peer } = memorySocketPair()
const sink = voice.open(socket, accept)
peer.attach(sink)
sink.message('{"type":"config"}')
await new Promise(resolve => setTimeout(resolve, 100))

const frames = framesOf('noise')
async function hear(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    sink.message(frames[i % frames.length]!)
    clock.step(frameMs)
    // Answers to pings come between the frames.
    if (i % framesPerTurn === 0) await null
  }
}

await hear(warmUpFrames)
globalThis.gc!()
const chunksBefore = chunks
const usedBefore = process.memoryUsage().heapUsed
await hear(countedFrames)
const bytes = process.memoryUsage().heapUsed - usedBefore
process.send?.({ bytesPerChunk: bytes / (chunks - chunksBefore) } satisfies Allocated)
process.on('message', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
