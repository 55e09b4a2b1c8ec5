import { BenchReaders, BenchServer, pause } from './downlink/children.js'
import type { ReaderTask } from './downlink/reader.js'
import type { BenchOptions, Row } from './report.js'

const clients = 40
/** A quarter of them read nothing after their first second. */
const stalledEvery = 4
const stallAfterMs = 1000
/** What a kernel still takes, and what a new process still grows by, has nothing to do with the load. */
const settleMs = 15_000
const megabyte = 1024 * 1024

interface Outcome {
  readonly growth: number
  readonly peakMb: number
  readonly stalledEnded: number
}

/**
 * Memory of a server a quarter of whose clients stop reading while synthesis runs at twenty times real time, after
 * the first 15 s. Beside it a pass-through server that sends whatever it gets, for as long as memory allows.
 */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const rounds = quick ? 1 : 3
  const measureMs = quick ? 25_000 : 60_000
  const ours: Outcome[] = []
  for (let i = 0; i < rounds; i++)
    ours.push(await outcome('/downlink?rates=24000&speed=20', 'voice.v1', settleMs, measureMs))
  // Its kernels are full after the same audio; a few seconds beyond show where it goes.
  const naive = await outcome('/blind?rates=24000&speed=20', '', 6000, 6000)
  const growth = ours.map(({ growth }) => growth)
  const least = Math.min(...growth)
  return [
    {
      name: 'RSS growth, a quarter of the clients stalled, TTS at 20x',
      value: Math.max(...growth),
      unit: 'MB/s',
      target: '<= 0.5',
      aa: rounds > 1 && least > 0 ? Math.max(...growth) / least : undefined,
      rounds,
    },
    {
      name: 'stalled clients ended as slow consumers',
      value: Math.min(...ours.map(({ stalledEnded }) => stalledEnded)),
      unit: 'clients',
      target: `>= ${clients / stalledEvery}`,
      rounds,
    },
    { name: 'RSS at its highest', value: Math.max(...ours.map(({ peakMb }) => peakMb)), unit: 'MB', rounds },
    { name: 'control, naive ws.send: RSS growth', value: naive.growth, unit: 'MB/s', rounds: 1 },
    { name: 'control, naive ws.send: RSS at its highest', value: naive.peakMb, unit: 'MB', rounds: 1 },
  ]
}

async function outcome(path: string, protocol: string, waitMs: number, measureMs: number): Promise<Outcome> {
  const server = await BenchServer.start()
  const readers = await BenchReaders.start()
  readers.read(Array.from({ length: clients }, (_, i) => taskOf(i, server.port, path, protocol)))
  await pause(waitMs + measureMs)
  const ended = server.reports.filter(({ slowConsumer }) => slowConsumer !== null)
  const { memory } = server
  await readers.stop()
  await server.stop()
  const lastMs = memory.at(-1)?.atMs ?? 0
  const measured = memory.filter(({ atMs }) => atMs > lastMs - measureMs)
  return {
    growth: slope(measured.map(({ atMs, rssBytes }) => [atMs / 1000, rssBytes / megabyte])),
    peakMb: Math.max(...memory.map(({ rssBytes }) => rssBytes)) / megabyte,
    stalledEnded: ended.filter(({ id }) => Number(id) % stalledEvery === 0).length,
  }
}

function taskOf(i: number, port: number, path: string, protocol: string): ReaderTask {
  const stalls = i % stalledEvery === 0
  return {
    id: String(i),
    port,
    path: `${path}&id=${i}`,
    protocol,
    bytesPerSecond: 1e9,
    sampleRate: 24_000,
    reports: protocol !== '',
    changes: stalls ? [{ atMs: stallAfterMs, bytesPerSecond: 0 }] : [],
  }
}

/** The slope of the line that fits the points best. */
function slope(points: readonly (readonly [number, number])[]): number {
  const n = points.length
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  return covariance / variance
}
