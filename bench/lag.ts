import { pause } from './children.js'
import { BenchListeners, BenchServer } from './downlink/children.js'
import { clearTrials } from './downlink/clear-trials.js'
import type { ListenerReport, ListenerTask } from './downlink/listener.js'
import type { ServerPorts, ServerReport } from './downlink/server.js'
import { missingFinals, missingNotes } from './downlink/speaking-handler.js'
import type { BenchOptions, Row } from './report.js'
import { maximum, median } from './statistics.js'

type Transport = Exclude<keyof ServerPorts, 'naive'>
type Scenario = Omit<ListenerTask, 'id' | 'port' | 'path'> & { readonly query: string }

/** 48 kHz of 16 bits is 96,000 bytes a second. */
const halfRate = 48_000
/** 192 kbit/s, for 256 kbit/s of 16 kHz audio. */
const narrow = 24_000
const free = 1e9
const ladder = [48_000, 24_000, 16_000] as const

const names: readonly Transport[] = ['ws', 'uws', 'hono']

const scenarios: Readonly<Record<string, Scenario>> = {
  ladder: { query: 'tts=48000', speaks: 'voice.v1', bytesPerSecond: halfRate, sampleRates: ladder },
  dropping: { query: 'tts=48000', speaks: 'voice.v1', bytesPerSecond: halfRate, sampleRates: [48_000] },
  plain: { query: 'tts=16000', speaks: '', bytesPerSecond: narrow, sampleRates: [16_000] },
  returning: {
    query: 'tts=24000',
    speaks: 'voice.v1',
    bytesPerSecond: free,
    sampleRates: [24_000],
    changes: [
      { atMs: 8000, bytesPerSecond: 0 },
      { atMs: 11_000, bytesPerSecond: free },
    ],
  },
}
const healthy: Scenario = { query: 'tts=48000', speaks: 'voice.v1', bytesPerSecond: free, sampleRates: ladder }
const naive = { naive48: { rate: 48_000, bytesPerSecond: halfRate }, naive16: { rate: 16_000, bytesPerSecond: narrow } }

interface Round {
  readonly heard: ReadonlyMap<string, ListenerReport>
  readonly served: ReadonlyMap<string, ServerReport>
  /** How long a process of the benchmark was kept from running at worst: then its figures are the machine's. */
  readonly stallMs: number
}

/** Of one client. */
interface Outcome {
  readonly heard: ListenerReport
  readonly served: ServerReport
}

/**
 * How far behind live speech arrives at clients that are too slow for it, over real sockets and through the whole
 * handler on every transport. Lag is the time at which 20 ms of speech arrive less the time at which they would if they
 * had followed the first byte in real time; no lead is credited. Beside it, in the same minute, what a pass-through
 * server with a 64 KB `bufferedAmount` rule does. Meanwhile clients whose links are good listen on servers of their own.
 */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const healthyMs = quick ? 30_000 : 600_000
  const listening = round(healthyMs, healthyTasks)
  const rounds: Round[] = []
  for (let i = 0; i < (quick ? 1 : 3); i++) rounds.push(await round(quick ? 30_000 : 60_000, slowTasks))
  const trials = quick ? 300 : 1000
  const cleared = await Promise.all(names.map((name, i) => clearTrials(name, Math.ceil(trials / names.length), i + 1)))
  return [
    ...names.flatMap(name => lagRows(name, rounds)),
    count('half rate with a ladder: audio dropped', 'ms', rounds, ['ladder'], ({ heard }) => heard.skippedMs),
    count(
      'slow clients: messages missing or out of order',
      'messages',
      rounds,
      ['ladder', 'dropping'],
      missingUnderPressure,
    ),
    count('a client that stops for 3 s: the same', 'messages', rounds, ['returning'], missingUnderPressure),
    ...healthyRows(await listening, healthyMs),
    sum(
      'audio after the clear of its utterance',
      'messages',
      cleared.map(({ afterClear }) => afterClear),
      '<= 0',
    ),
    sum(
      'the clears',
      'of utterances being heard',
      cleared.map(({ clears }) => clears),
      `>= ${trials}`,
    ),
    lagRow('control, naive 64 KB rule, half rate of 48 kHz', undefined, lags(rounds, 'naive48')),
    lagRow('control, naive 64 KB rule, 192 for 256 kbit/s', undefined, lags(rounds, 'naive16')),
    row('longest stall of a process of this benchmark, of each round the longest', 'ms', undefined, stalls(rounds)),
  ]
}

function lagRows(name: Transport, rounds: readonly Round[]): Row[] {
  const lag = (scenario: string) => lags(rounds, `${name}-${scenario}`)
  return [
    lagRow(`${name}: client at half rate, ladder 48/24/16 kHz`, '<= 1500', lag('ladder')),
    lagRow(`${name}: client at half rate, 48 kHz only`, '<= 1000', lag('dropping')),
    lagRow(`${name}: plain client on 192 kbit/s, 256 kbit/s of audio`, '<= 2000', lag('plain')),
  ]
}

function healthyRows({ heard, served, stallMs }: Round, ms: number): Row[] {
  const told = `${ms < 60_000 ? `${ms / 1000} s` : `${ms / 60_000} min`} of speech to healthy clients`
  const levels = names.map(name => served.get(`${name}-healthy`)!.levels.length)
  const underruns = names.map(name => heard.get(`${name}-healthy`)!.underruns)
  const heardMs = names.map(name => heard.get(`${name}-healthy`)!.heardMs)
  return [
    sum(`${told}: changes of level`, 'changes', levels, '<= 0'),
    sum(`${told}: underruns`, 'underruns', underruns, '<= 0'),
    row(`${told}: heard, the least`, 's', `>= ${ms / 1000 - 2}`, [Math.min(...heardMs) / 1000]),
    row(`${told}: longest stall of their process or their server's`, 'ms', undefined, [stallMs]),
  ]
}

/** The worst client of the worst round. */
function count(
  name: string,
  unit: string,
  rounds: readonly Round[],
  of: readonly string[],
  faults: (outcome: Outcome) => number,
): Row {
  const measured = rounds.map(({ heard, served }) =>
    maximum(
      names.flatMap(transport =>
        of.map(scenario => {
          const id = `${transport}-${scenario}`
          return faults({ heard: heard.get(id)!, served: served.get(id)! })
        }),
      ),
    ),
  )
  return row(`${names.join(', ')}: ${name}`, unit, '<= 0', measured)
}

/** Without pressure nothing is proven: then everything counts as missing. */
function missingUnderPressure({ heard, served }: Outcome): number {
  if (!served.levels.includes('critical')) return heard.notes.length + heard.finals.length
  return missingNotes(heard, served) + missingFinals(heard, served)
}

function slowTasks(ports: ServerPorts): ListenerTask[] {
  return [
    ...names.flatMap(name => Object.entries(scenarios).map(([id, scenario]) => task(id, name, scenario, ports))),
    ...Object.entries(naive).map(([id, { rate, bytesPerSecond }]) => ({
      id,
      port: ports.naive,
      path: `/naive?rate=${rate}`,
      speaks: 'none' as const,
      bytesPerSecond,
      sampleRates: [rate],
    })),
  ]
}

function healthyTasks(ports: ServerPorts): ListenerTask[] {
  return names.map(name => task('healthy', name, healthy, ports))
}

function task(scenario: string, name: Transport, { query, ...rest }: Scenario, ports: ServerPorts): ListenerTask {
  const id = `${name}-${scenario}`
  return { ...rest, id, port: ports[name], path: `/voice?${query}&id=${id}` }
}

async function round(ms: number, tasks: (ports: ServerPorts) => ListenerTask[]): Promise<Round> {
  const server = await BenchServer.start()
  const listeners = await BenchListeners.start()
  listeners.listen(tasks(server.ports))
  await pause(ms)
  const { heard, stallMs } = await listeners.stop()
  await server.stop()
  const served = new Map(server.reports.map(report => [report.id, report]))
  return { heard, served, stallMs: Math.max(stallMs, server.stallMs) }
}

function lags(rounds: readonly Round[], id: string): number[] {
  return rounds.map(({ heard }) => percentile(heard.get(id)?.lagsMs ?? [], 0.95))
}

function sum(name: string, unit: string, values: readonly number[], target: string): Row {
  return { name: `${names.join(', ')}: ${name}`, unit, target, value: values.reduce((all, one) => all + one, 0) }
}

/** Of the rounds the middle one: what else runs on a machine may spoil one of them. The spread stands beside it. */
function lagRow(name: string, target: string | undefined, measured: readonly number[]): Row {
  return { ...row(`${name}: lag p95`, 'ms', target, measured), value: median(measured) }
}

function stalls(rounds: readonly Round[]): number[] {
  return rounds.map(({ stallMs }) => stallMs)
}

/** The worst of the rounds counts. */
function row(name: string, unit: string, target: string | undefined, measured: readonly number[]): Row {
  const value = Math.max(...measured)
  const least = Math.min(...measured)
  const aa = measured.length > 1 && least > 0 ? value / least : undefined
  return { name, value, unit, target, aa, rounds: measured.length }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
}
