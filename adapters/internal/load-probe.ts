import { type EventLoopUtilization, type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { VoiceMount } from '../../src/upgrade.js'

/** Every how many ms the delay is sampled. Node counts this interval as part of the delay. */
const resolutionMs = 10

const watched: WeakSet<VoiceMount> = new WeakSet()

/** Lets core see how busy Node's event loop is. Nothing is measured before core asks for the first time. */
export function watchLoad(voice: VoiceMount): void {
  if (watched.has(voice) || !voice.watchLoad) return
  watched.add(voice)
  let delays: IntervalHistogram | undefined
  let before: EventLoopUtilization | undefined
  voice.watchLoad(() => {
    if (!delays) {
      delays = monitorEventLoopDelay({ resolution: resolutionMs })
      delays.enable()
    }
    const delayP99Ms = Math.max(0, delays.percentile(99) / 1e6 - resolutionMs)
    delays.reset()
    const now = performance.eventLoopUtilization()
    const { utilization } = before ? performance.eventLoopUtilization(now, before) : { utilization: 0 }
    before = now
    return { delayP99Ms, utilisation: utilization }
  })
}
