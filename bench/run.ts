import { type Bench, type BenchOptions, jsonOf, passes, type Row, tableOf } from './report.js'
import { writeResults } from './results.js'

/** Every benchmark, loaded only when it is asked for. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  uplink: () => import('./uplink.js'),
  downlink: () => import('./downlink.js'),
  duplex: () => import('./duplex.js'),
  relay: () => import('./relay.js'),
  idle: () => import('./idle.js'),
  accept: () => import('./accept.js'),
  bargein: () => import('./bargein.js'),
  failover: () => import('./failover.js'),
  lag: () => import('./lag.js'),
  micro: () => import('./micro.js'),
  resume: () => import('./resume.js'),
  herd: () => import('./herd.js'),
  stalled: () => import('./stalled.js'),
}

const usage = `usage: npm run bench -- [${Object.keys(benches).join('|')}] [--json] [--quick] [--ci]
  --json   one line of JSON for each target
  --quick  each within a minute
  --ci     the looser targets of CI
Without names all run, and without --quick what they measured is written to bench/RESULTS.md.`

const args = process.argv.slice(2)
const flags = new Set(args.filter(arg => arg.startsWith('--')))
const names = args.filter(arg => !arg.startsWith('--'))
const unknown = [
  ...names.filter(name => !benches[name]),
  ...[...flags].filter(flag => !['--json', '--quick', '--ci'].includes(flag)),
]
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}\n${usage}`)
  process.exit(2)
}

const options: BenchOptions = {
  quick: flags.has('--quick'),
  gate: (target, ci) => (flags.has('--ci') ? ci : target),
}
const rows: Row[] = []
for (const name of names.length > 0 ? names : Object.keys(benches)) {
  if (!flags.has('--json')) console.error(`${name} ...`)
  const bench = await benches[name]!()
  const measured = await bench.run(options)
  rows.push(...measured)
  if (flags.has('--json')) for (const row of measured.filter(({ target }) => target)) console.log(jsonOf(row))
}
if (!flags.has('--json')) console.log(tableOf(rows))
if (names.length === 0 && !options.quick) writeResults(rows)
process.exitCode = rows.every(passes) ? 0 : 1
