import type { FromRecogniser, FromSynthesiser, ToRecogniser, ToSynthesiser } from './messages.js'
import { WorkerPool } from './worker-pool.js'

/** One synthesiser speaks about 30 times faster than its listeners hear: it can serve as many at once. */
const SYNTHESIS_STREAMS_PER_WORKER = 32

export const recognisers: WorkerPool<ToRecogniser, FromRecogniser> = new WorkerPool(
  new URL('./stt-worker.js', import.meta.url),
  1,
)

export const synthesisers: WorkerPool<ToSynthesiser, FromSynthesiser> = new WorkerPool(
  new URL('./tts-worker.js', import.meta.url),
  SYNTHESIS_STREAMS_PER_WORKER,
)
