import type { VoiceEvent } from './events.js'

/** Events for one reader that takes them one by one. What a slow one misses first is what soon gets replaced anyway. */
export interface EventQueue extends AsyncIterableIterator<VoiceEvent, undefined> {
  push(event: VoiceEvent): void
  /** No more events will come; those that wait can still be read. */
  end(): void
}

/** How many events wait for a slow reader. */
const maxEvents = 1024

/** @param left is told that nobody reads any more. */
export function createEventQueue(types: readonly string[] | undefined, left: () => void): EventQueue {
  let events: VoiceEvent[] = []
  let wake: (() => void) | undefined
  let over = false
  const queue: EventQueue = {
    push(event) {
      if (types && !types.includes(event.type)) return
      events.push(event)
      if (events.length > maxEvents) {
        const interim = events.findIndex(held => held.type === 'transcript' && !held.isFinal)
        events.splice(Math.max(0, interim), 1)
      }
      wake?.()
    },
    end() {
      over = true
      wake?.()
    },
    async next() {
      while (!events[0] && !over)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      const value = events.shift()
      return value ? { done: false, value } : { done: true, value }
    },
    async return() {
      events = []
      queue.end()
      left()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => queue,
  }
  return queue
}
