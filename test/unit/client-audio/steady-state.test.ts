import { Session } from 'node:inspector/promises'
import { describe, expect, it } from 'vitest'
import { Capture } from '../../../src/client/audio/capture.js'
import { Playout } from '../../../src/client/audio/playout.js'
import { chunkOf, emptyReport, QUANTUM, RATE } from './playout-harness.js'

/** Bytes that `run` allocated in the files of the audio thread. The profiler samples; at every 64 bytes it misses little. */
async function allocatedBytes(run: () => void): Promise<number> {
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 64,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  } as never)
  run()
  const { profile } = await session.post('HeapProfiler.stopSampling')
  session.disconnect()
  type Node = typeof profile.head
  const sum = (node: Node): number => {
    const ours = /client\/audio|\/audio\/(resample|pcm|g711)/.test(node.callFrame.url)
    return (ours ? node.selfSize : 0) + node.children.reduce((total, child) => total + sum(child), 0)
  }
  return sum(profile.head)
}

// An allocation is at least 8 bytes; what is below that is the compiler at work, once and not per quantum.
const QUANTA = 20_000

describe('the audio thread in steady state', () => {
  it('allocates nothing per quantum while it captures', async () => {
    const capture = new Capture(RATE, 16_000, 20)
    const channels = [new Float32Array(QUANTUM).fill(0.1), new Float32Array(QUANTUM).fill(-0.2)]
    let frames = 0
    const run = () => {
      for (let i = 0; i < QUANTA; i++) {
        capture.push(channels, QUANTUM)
        while (capture.next()) frames++
        if (i % 38 === 0) capture.takeLevel()
      }
    }
    run()
    const bytes = await allocatedBytes(run)
    expect(frames).toBeGreaterThan(5000)
    expect(bytes / QUANTA).toBeLessThan(1)
  })

  it('allocates nothing per quantum while it plays', async () => {
    const playout = new Playout(RATE, { targetMs: 120, maxTargetMs: 400 })
    const out = new Float32Array(QUANTUM)
    const report = emptyReport()
    let reports = 0
    const render = () => {
      for (let i = 0; i < QUANTA; i++) playout.render(out)
    }
    const renderAndReport = () => {
      for (let i = 0; i < QUANTA; i++) {
        playout.render(out)
        if (!playout.reportIsDue) continue
        playout.reportInto(report)
        reports++
      }
    }
    for (let second = 0; second < 240; second++) playout.push(chunkOf('u1', second * 1000, 1000))
    renderAndReport()
    expect((await allocatedBytes(render)) / QUANTA).toBeLessThan(1)
    reports = 0
    const bytes = await allocatedBytes(renderAndReport)
    expect(report).toMatchObject({ playing: true, underruns: 0 })
    // Numbers that are no integers, ten times a second.
    expect(reports).toBeGreaterThan(500)
    expect(bytes / reports).toBeLessThan(200)
  })
})
