import { pause } from './children.js'
import { BenchListeners, BenchServer } from './downlink/children.js'
import type { ListenerTask } from './downlink/listener.js'
import type { ServerPorts } from './downlink/server.js'
import type { BenchOptions, Row } from './report.js'

const clients = 40
/** A quarter of them read nothing after their first second. */
const stalledEvery = 4
const stallAfterMs = 1000
/** What a kernel still takes, and what a new process still grows by, has nothing to do with the load. */
const settleMs = 15_000
const megabyte = 1024 * 1024

type Transport = Exclude<keyof ServerPorts, 'naive'>

const names: readonly Transport[] = ['ws', 'uws', 'hono']

interface Outcome {
  readonly growth: number
  readonly peakMb: number
  /** Stalled clients that were sent away for it, and others that were. */
  readonly stalledEnded: number
  readonly othersEnded: number
}

/**
 * Memory of a server a quarter of whose clients stop reading while synthesis runs at twenty times real time, after
 * the first 15 s, on every transport. Beside it a pass-through server that sends whatever it gets, for as long as
 * memory allows. Each has a process of its own, all run at once.
 */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  // Longer than the garbage collector of V8 lets a heap grow: within a minute its beat alone can look like growth.
  const measureMs = quick ? 25_000 : 150_000
  // Its kernels are full after the same audio; a few seconds beyond show where it goes.
  const naive = outcome('naive', 8000, 10_000)
  const ours = await Promise.all(names.map(name => outcome(name, settleMs, measureMs)))
  const { growth, peakMb } = await naive
  return [
    ...names.flatMap((name, i) => rowsOf(name, ours[i]!)),
    { name: 'control, naive ws.send: RSS growth', value: growth, unit: 'MB/s' },
    { name: 'control, naive ws.send: RSS at its highest', value: peakMb, unit: 'MB' },
  ]
}

function rowsOf(transport: Transport, { growth, peakMb, stalledEnded, othersEnded }: Outcome): Row[] {
  const stalled = clients / stalledEvery
  return [
    {
      name: `${transport}: RSS growth, a quarter of the clients stalled, TTS at 20x`,
      value: growth,
      unit: 'MB/s',
      target: '<= 0.5',
    },
    {
      name: `${transport}: stalled clients that ended as slow consumers`,
      value: stalledEnded,
      unit: 'clients',
      target: `>= ${stalled}`,
    },
    { name: `${transport}: other clients that were sent away`, value: othersEnded, unit: 'clients', target: '<= 0' },
    { name: `${transport}: RSS at its highest`, value: peakMb, unit: 'MB' },
  ]
}

async function outcome(name: keyof ServerPorts, waitMs: number, measureMs: number): Promise<Outcome> {
  const server = await BenchServer.start()
  const listeners = await BenchListeners.start()
  listeners.listen(Array.from({ length: clients }, (_, i) => taskOf(i, name, server.ports)))
  await pause(waitMs + measureMs)
  const memory = [...server.memory]
  await listeners.stop()
  await server.stop()
  const ended = server.reports.filter(({ losses }) => losses.includes('slow_consumer'))
  const stalled = ended.filter(({ id }) => Number(id) % stalledEvery === 0)
  const lastMs = memory.at(-1)?.atMs ?? 0
  const measured = memory.filter(({ atMs }) => atMs > lastMs - measureMs)
  return {
    growth: slope(measured.map(({ atMs, rssBytes }) => [atMs / 1000, rssBytes / megabyte])),
    peakMb: Math.max(...memory.map(({ rssBytes }) => rssBytes)) / megabyte,
    stalledEnded: stalled.length,
    othersEnded: ended.length - stalled.length,
  }
}

function taskOf(i: number, name: keyof ServerPorts, ports: ServerPorts): ListenerTask {
  const stalls = i % stalledEvery === 0
  const isNaive = name === 'naive'
  return {
    id: String(i),
    port: ports[name],
    path: isNaive ? '/blind?rate=24000&speed=20' : `/voice?tts=24000&speed=20&id=${i}`,
    speaks: isNaive ? 'none' : 'voice.v1',
    bytesPerSecond: 1e9,
    sampleRates: [24_000],
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
