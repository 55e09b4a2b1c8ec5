import { beforeAll, describe, expect, it } from 'vitest'
import { type ClearTrials, clearTrials } from '../../bench/downlink/clear-trials.js'
import type { TtsUse } from '../../bench/downlink/coded-providers.js'
import { Listener, type ListenerReport, type ListenerTask } from '../../bench/downlink/listener.js'
import {
  createSpeakingHandler,
  missingFinals,
  missingNotes,
  type SessionLog,
} from '../../bench/downlink/speaking-handler.js'
import { StallMeter } from '../../bench/downlink/stall-meter.js'
import { transports } from '../../bench/resume/servers.js'

const runMs = 12_000
const stalls = { atMs: 2000, bytesPerSecond: 0 }
const returns = { atMs: 5000, bytesPerSecond: 1e9 }
const v1 = { speaks: 'voice.v1', bytesPerSecond: 1e9 } as const
const plain = { speaks: '', bytesPerSecond: 1e9 } as const

type Scenario = Omit<ListenerTask, 'id' | 'port' | 'path'> & { readonly tts: string }

/** Bytes a second of linear16: half of 48 kHz, and 192 kbit/s for 256 kbit/s. */
const scenarios = {
  healthy: { ...v1, tts: '48000', sampleRates: [48_000] },
  'half rate, ladder': { ...v1, tts: '48000', sampleRates: [48_000, 24_000, 16_000], bytesPerSecond: 48_000 },
  'half rate': { ...v1, tts: '48000', sampleRates: [48_000], bytesPerSecond: 48_000 },
  narrow: { ...v1, tts: '16000', sampleRates: [16_000], bytesPerSecond: 24_000 },
  'narrow, plain': { ...plain, tts: '16000', sampleRates: [16_000], bytesPerSecond: 24_000 },
  pausing: { ...v1, tts: '24000', sampleRates: [24_000], changes: [stalls, returns] },
  'pausing, plain': { ...plain, tts: '24000', sampleRates: [24_000], changes: [stalls, returns] },
  deaf: { ...v1, tts: '24000', sampleRates: [24_000], changes: [stalls] },
  'deaf, plain': { ...plain, tts: '24000', sampleRates: [24_000], changes: [stalls] },
} as const satisfies Record<string, Scenario>

type Name = keyof typeof scenarios

interface Run {
  readonly heard: Readonly<Record<Name, ListenerReport>>
  readonly served: Readonly<Record<Name, SessionLog>>
  readonly uses: readonly TtsUse[]
  readonly left: { readonly sessions: number; readonly streams: number }
}

/** Every scenario at once, against one server. */
async function run(transport: string): Promise<Run> {
  const { voice, logs, uses } = createSpeakingHandler({ backpressure: { stuckMs: 4000 } })
  const server = await transports[transport]!(voice)
  const listeners = Object.entries(scenarios).map(([id, { tts, ...task }]) => {
    const path = `/voice?${new URLSearchParams({ id, tts, speed: '20' })}`
    return [id, new Listener({ ...task, id, path, port: server.port })] as const
  })
  await new Promise(resolve => setTimeout(resolve, runMs))
  const heard = Object.fromEntries(listeners.map(([id, listener]) => [id, listener.finish()]))
  await voice.close()
  server.close()
  const left = { sessions: voice.sessions.size, streams: uses.filter(({ ended }) => !ended).length }
  return { heard, served: Object.fromEntries(logs), uses, left } as unknown as Run
}

const runs = new Map<string, Run>()
const cleared = new Map<string, ClearTrials>()

const meter = new StallMeter()
/** What this process itself was kept from running makes everybody late. */
let ownLateMs = 0

beforeAll(async () => {
  const names = Object.keys(transports)
  await Promise.all(names.map(async name => runs.set(name, await run(name))))
  ownLateMs = 3 * meter.longestMs
  await Promise.all(names.map(async name => cleared.set(name, await clearTrials(name, 30, 7))))
}, 150_000)

function percentile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? Number.NaN
}

/** The last half second that was heard. */
function lastLagMs({ lagsMs }: ListenerReport): number {
  return Math.max(...lagsMs.slice(-25))
}

// A server that sends what it gets is 6 s late at half rate after this time, and 3 s on the narrow link.
describe.each(Object.keys(transports))('over %s', transport => {
  const of = (name: Name) => {
    const { heard, served } = runs.get(transport)!
    return { heard: heard[name], served: served[name] }
  }

  it('a listener with a good link hears all of it', () => {
    const { heard, served } = of('healthy')
    expect(heard.skippedMs).toBeLessThanOrEqual(ownLateMs)
    expect(heard.heardMs).toBeGreaterThan(runMs - 1500 - ownLateMs)
    expect([missingNotes(heard, served), missingFinals(heard, served)]).toEqual([0, 0])
  })

  it('a listener at half the rate that can play less hears nearly all of it, at a lower rate, and live', () => {
    const { heard, served } = of('half rate, ladder')
    expect(Math.min(...heard.rates)).toBeLessThan(48_000)
    expect(percentile(heard.lagsMs, 0.95)).toBeLessThan(2000 + ownLateMs)
    expect(heard.heardMs).toBeGreaterThan(0.8 * runMs - ownLateMs)
    expect(served.losses).not.toContain('slow_consumer')
    expect([missingNotes(heard, served), missingFinals(heard, served)]).toEqual([0, 0])
  })

  it('a listener at half the rate that plays one rate has speech left out, is told so, and stays live', () => {
    const { heard, served } = of('half rate')
    expect(percentile(heard.lagsMs, 0.95)).toBeLessThan(1500 + ownLateMs)
    expect(heard.skippedMs).toBeGreaterThan(0.2 * runMs)
    expect(heard.heardMs).toBeGreaterThan(0.3 * runMs)
    expect([missingNotes(heard, served), missingFinals(heard, served)]).toEqual([0, 0])
  })

  it.each(['narrow', 'narrow, plain'] as const)('a listener on 192 kbit/s for 256 kbit/s stays live (%s)', name => {
    const { heard, served } = of(name)
    expect(percentile(heard.lagsMs, 0.95)).toBeLessThan(2000 + ownLateMs)
    expect(lastLagMs(heard)).toBeLessThan(2000 + ownLateMs)
    expect(heard.heardMs).toBeGreaterThan(0.5 * runMs)
    expect(heard.heardMs).toBeLessThan(0.9 * runMs)
    expect(served.losses).not.toContain('slow_consumer')
  })

  it.each(['pausing', 'pausing, plain'] as const)(
    'a listener that stops for 3 s hears live speech again, and was told all the rest (%s)',
    name => {
      const { heard, served } = of(name)
      expect(served.levels).toContain('critical')
      expect(served.losses).not.toContain('slow_consumer')
      expect(lastLagMs(heard)).toBeLessThan(1000 + ownLateMs)
      expect(heard.heardMs).toBeLessThan(runMs - 1500)
      expect(missingFinals(heard, served)).toBe(0)
      // The plain dialect has no events.
      if (name === 'pausing') expect(missingNotes(heard, served)).toBe(0)
    },
  )

  it.each(['deaf', 'deaf, plain'] as const)('a listener that stops for ever is sent away as one (%s)', name => {
    const { served } = of(name)
    expect(served.losses).toEqual(['slow_consumer'])
    // What it would not take was not made, either: the synthesiser was paused.
    const { uses } = runs.get(transport)!
    const givenMs = uses.filter(({ id }) => id === name).reduce((sum, use) => sum + use.givenMs, 0)
    expect(givenMs).toBeLessThan(30_000)
  })

  it('no audio of an utterance comes after its clear, whoever interrupts it and whenever', () => {
    expect(cleared.get(transport)!.afterClear).toBe(0)
    expect(cleared.get(transport)!.clears).toBeGreaterThanOrEqual(30)
  })

  it('nothing is left of any of them', () => {
    expect(runs.get(transport)!.left).toEqual({ sessions: 0, streams: 0 })
  })
})
