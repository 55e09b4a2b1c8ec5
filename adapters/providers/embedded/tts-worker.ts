import { parentPort } from 'node:worker_threads'
import { messageOf } from '../../../src/util/errors.js'
import type { WorkerStartup } from './messages.js'
import { Speaker } from './speaker.js'
import { SynthesisQueue } from './synthesis-queue.js'

function run(): void {
  const port = parentPort!
  const startup = (message: WorkerStartup) => port.postMessage(message)
  try {
    const speaker = new Speaker()
    // The first call compiles the program: 190 ms instead of 60.
    speaker.speak('hello', 'slt', 1)?.words()
    const queue = new SynthesisQueue(
      speaker,
      (message, transfer) => port.postMessage(message, transfer),
      fn => setImmediate(fn),
    )
    port.on('message', queue.onMessage)
    startup({ type: 'ready' })
  } catch (error) {
    startup({ type: 'failed', reason: messageOf(error) })
  }
}

run()
