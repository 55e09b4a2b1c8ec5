import { Listener, type ListenerReport, type ListenerTask } from './listener.js'
import { StallMeter } from './stall-meter.js'

// Listeners in a process of their own. Each answers with what it heard when it was told to stop.

/** What the parent gets in the end. */
export interface Heard {
  readonly heard: readonly ListenerReport[]
  readonly stallMs: number
}

const meter = new StallMeter()
const listeners: Listener[] = []
process.on('message', (message: { readonly tasks?: readonly ListenerTask[] } | 'stop') => {
  if (message !== 'stop') {
    for (const task of message.tasks ?? []) listeners.push(new Listener(task))
    return
  }
  const heard: Heard = { heard: listeners.map(listener => listener.finish()), stallMs: meter.longestMs }
  process.send?.(heard, () => process.disconnect())
})
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })
