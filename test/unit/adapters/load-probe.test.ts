import { expect, it } from 'vitest'
import { watchLoad } from '../../../adapters/internal/load-probe.js'
import { RecordingMount } from '../../../adapters/testing/node.js'
import type { LoadProbe } from '../../../src/load.js'
import type { VoiceMount } from '../../../src/upgrade.js'

it('tells a busy event loop from an idle one, and is given once', async () => {
  const probes: LoadProbe[] = []
  const mount: VoiceMount = Object.assign(new RecordingMount(), { watchLoad: (probe: LoadProbe) => probes.push(probe) })
  watchLoad(mount)
  watchLoad(mount)
  expect(probes.length).toBe(1)
  const probe = probes[0]!
  expect(probe()).toEqual({ delayP99Ms: 0, utilisation: 0 })

  for (let round = 0; round < 5; round++) {
    const untilMs = performance.now() + 80
    while (performance.now() < untilMs);
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  const busy = probe()
  expect(busy.delayP99Ms).toBeGreaterThan(50)
  expect(busy.utilisation).toBeGreaterThan(0.8)

  await new Promise(resolve => setTimeout(resolve, 200))
  expect(probe().utilisation).toBeLessThan(0.5)
})

it('leaves a mount alone that does not ask', () => {
  watchLoad(new RecordingMount())
})
