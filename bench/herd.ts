import { restart } from './herd/restart.js'
import { type HerdOutcome, type HerdScenario, simulateHerd } from './herd/simulation.js'
import type { BenchOptions, Row } from './report.js'
import { seededRandom } from './resume/scaled-clock.js'

const clients = 10_000
const acceptsPerSecond = 500
/** The window a server announces: a quarter more than it takes to accept everybody. */
const announcedMs = (1250 * clients) / acceptsPerSecond

/** What a restart does to a server: 10,000 simulated clients with our backoff, and real ones against a real restart. */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const simulate = (scenario: Pick<HerdScenario, 'downMs' | 'announcedMs' | 'refusalCost'>) =>
    mean([1, 2, 3].map(seed => simulateHerd({ clients, acceptsPerSecond, random: seededRandom(seed), ...scenario })))
  const announced = simulate({ downMs: 0, announcedMs })
  const real = quick ? 500 : 3000
  const restarted = await restart(real)
  return [
    ...rowsOf('window announced', announced, { peakPerSecond: '<= 550', t99Ms: '<= 26' }),
    ...rowsOf('window announced, refusals cost 0.2', simulate({ downMs: 0, announcedMs, refusalCost: 0.2 })),
    ...rowsOf('mass close, no hint', simulate({ downMs: 0 })),
    ...rowsOf('5 s down, no hint', simulate({ downMs: 5000 })),
    ...rowsOf('5 s down, no hint, refusals cost 0.2', simulate({ downMs: 5000, refusalCost: 0.2 })),
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
    peakPer100Ms: of('peakPer100Ms'),
    t50Ms: of('t50Ms'),
    t99Ms: of('t99Ms'),
  }
}

function rowsOf(name: string, outcome: HerdOutcome, targets: Partial<Record<keyof HerdOutcome, string>> = {}): Row[] {
  return [
    { name: `${name}: attempts per client`, value: outcome.attemptsPerClient, unit: '' },
    { name: `${name}: peak`, value: outcome.peakPerSecond, unit: 'attempts/s', target: targets.peakPerSecond },
    { name: `${name}: peak within 100 ms`, value: outcome.peakPer100Ms, unit: 'attempts' },
    { name: `${name}: half are back`, value: outcome.t50Ms / 1000, unit: 's' },
    { name: `${name}: 99 % are back`, value: outcome.t99Ms / 1000, unit: 's', target: targets.t99Ms },
  ]
}
