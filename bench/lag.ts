import { BenchReaders, BenchServer, pause } from './downlink/children.js'
import type { ReaderReport, ReaderTask } from './downlink/reader.js'
import type { ServerReport } from './downlink/server.js'
import type { BenchOptions, Row } from './report.js'

/** 48 kHz of 16 bits is 96,000 bytes a second. */
const halfRate = 48_000
/** 192 kbit/s, for 256 kbit/s of 16 kHz audio. */
const narrow = 24_000

type Scenario = Omit<ReaderTask, 'port'>

const v1 = { protocol: 'voice.v1', reports: true } as const
const bare = { protocol: '', reports: false } as const

const scenarios: readonly Scenario[] = [
  {
    id: 'ladder',
    path: '/downlink?rates=48000,24000,16000&speed=4&finals=1',
    bytesPerSecond: halfRate,
    sampleRate: 48_000,
    ...v1,
  },
  {
    id: 'dropping',
    path: '/downlink?rates=48000&speed=4&finals=1',
    bytesPerSecond: halfRate,
    sampleRate: 48_000,
    ...v1,
  },
  { id: 'plain', path: '/plain?rates=16000&speed=4', bytesPerSecond: narrow, sampleRate: 16_000, ...bare },
  { id: 'healthy', path: '/downlink?rates=48000,24000,16000&speed=4', bytesPerSecond: 1e9, sampleRate: 48_000, ...v1 },
  { id: 'naive48', path: '/naive?rates=48000', bytesPerSecond: halfRate, sampleRate: 48_000, ...bare },
  { id: 'naive16', path: '/naive?rates=16000', bytesPerSecond: narrow, sampleRate: 16_000, ...bare },
]

interface Round {
  readonly heard: ReadonlyMap<string, ReaderReport>
  readonly served: ReadonlyMap<string, ServerReport>
}

/**
 * How far behind live speech arrives at readers that are too slow for it, over real sockets. Lag is the time at which
 * 20 ms of speech arrive less the time at which they would if they had followed the first byte in real time; no lead
 * is credited. Beside it, in the same minute, what a pass-through server with a 64 KB `bufferedAmount` rule does.
 */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const rounds: Round[] = []
  for (let i = 0; i < (quick ? 1 : 3); i++) rounds.push(await round(quick ? 30_000 : 60_000))
  const lag = (id: string) => rounds.map(({ heard }) => percentile(heard.get(id)?.lagsMs ?? [], 0.95))
  const dropped = (id: string) => rounds.map(({ served }) => served.get(id)?.droppedMs ?? Number.NaN)
  return [
    row('reader at half rate, ladder 48/24/16 kHz: lag p95', 'ms', '<= 1500', lag('ladder')),
    row('the same: audio dropped', 'ms', '<= 0', dropped('ladder')),
    row('reader at half rate, 48 kHz only: lag p95', 'ms', '<= 1000', lag('dropping')),
    row('the same: finals missing or out of order', 'messages', '<= 0', rounds.map(missingFinals)),
    row('plain client on 192 kbit/s, 256 kbit/s of audio: lag p95', 'ms', '<= 2000', lag('plain')),
    row(
      'healthy reader: changes of level',
      'changes',
      '<= 0',
      rounds.map(({ served }) => served.get('healthy')!.levels.length),
    ),
    row(
      'healthy reader: underruns',
      'underruns',
      '<= 0',
      rounds.map(({ heard }) => heard.get('healthy')!.underruns),
    ),
    row('control, naive 64 KB rule, half rate of 48 kHz: lag p95', 'ms', undefined, lag('naive48')),
    row('control, naive 64 KB rule, 192 for 256 kbit/s: lag p95', 'ms', undefined, lag('naive16')),
  ]
}

async function round(ms: number): Promise<Round> {
  const server = await BenchServer.start()
  const readers = await BenchReaders.start()
  readers.read(scenarios.map(({ path, id, ...task }) => ({ ...task, id, path: `${path}&id=${id}`, port: server.port })))
  await pause(ms)
  const heard = await readers.stop()
  // The sessions report when their sockets are gone.
  await pause(500)
  await server.stop()
  return { heard, served: new Map(server.reports.map(report => [report.id, report])) }
}

/** Finals that a reader should have by its last one and has not, or has in the wrong place. */
function missingFinals({ heard }: Round): number {
  return ['ladder', 'dropping'].reduce((sum, id) => {
    const finals = heard.get(id)?.finals ?? []
    const wrong = finals.filter((final, i) => final !== `sentence ${i + 1}`).length
    return sum + wrong + (finals.length === 0 ? 1 : 0)
  }, 0)
}

/** The worst of the rounds counts. */
function row(name: string, unit: string, target: string | undefined, measured: readonly number[]): Row {
  const value = Math.max(...measured)
  const least = Math.min(...measured)
  return {
    name,
    value,
    unit,
    target,
    aa: measured.length > 1 && least > 0 ? value / least : undefined,
    rounds: measured.length,
  }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
}
