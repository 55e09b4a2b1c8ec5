import { restart } from './herd/restart.js'
import { type HerdOutcome, simulateHerd } from './herd/simulation.js'
import type { BenchOptions, Row } from './report.js'
import { seededRandom } from './resume/scaled-clock.js'

const clients = 10_000
const acceptsPerSecond = 500
/** The window a server announces: a quarter more than it takes to accept everybody. */
const announcedMs = (1250 * clients) / acceptsPerSecond

/** What a restart does to a server: 10,000 simulated clients with our backoff, and real ones against a real restart. */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const simulate = (downMs: number, window?: number) =>
    mean(
      [1, 2, 3].map(seed =>
        simulateHerd({ clients, acceptsPerSecond, downMs, announcedMs: window, random: seededRandom(seed) }),
      ),
    )
  const announced = simulate(0, announcedMs)
  const real = quick ? 500 : 3000
  const restarted = await restart(real)
  return [
    ...rowsOf('window announced', announced, { peakPerSecond: '<= 550', t99Ms: '<= 26' }),
    ...rowsOf('mass close, no hint', simulate(0)),
    ...rowsOf('5 s down, no hint', simulate(5000)),
    { name: `${real} real clients back after a restart`, value: restarted.back, unit: 'clients', target: `>= ${real}` },
    { name: 'the last of them', value: restarted.lastBackMs / 1000, unit: 's' },
    { name: 'loop delay p99 of the new server meanwhile', value: restarted.delayP99Ms, unit: 'ms', target: '<= 100' },
  ]
}

function mean(outcomes: readonly HerdOutcome[]): HerdOutcome {
  const of = (key: keyof HerdOutcome) => outcomes.reduce((sum, outcome) => sum + outcome[key], 0) / outcomes.length
  return {
    attemptsPerClient: of('attemptsPerClient'),
    peakPerSecond: of('peakPerSecond'),
    t50Ms: of('t50Ms'),
    t99Ms: of('t99Ms'),
  }
}

function rowsOf(name: string, outcome: HerdOutcome, targets: Partial<Record<keyof HerdOutcome, string>> = {}): Row[] {
  return [
    { name: `${name}: attempts per client`, value: outcome.attemptsPerClient, unit: '' },
    { name: `${name}: peak`, value: outcome.peakPerSecond, unit: 'attempts/s', target: targets.peakPerSecond },
    { name: `${name}: half are back`, value: outcome.t50Ms / 1000, unit: 's' },
    { name: `${name}: 99 % are back`, value: outcome.t99Ms / 1000, unit: 's', target: targets.t99Ms },
  ]
}
