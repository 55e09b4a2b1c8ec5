import { fork } from 'node:child_process'
import { messageOf, stopped } from '../children.js'
import type { BenchOptions, Row } from '../report.js'
import { median } from '../statistics.js'
import type { Allocated } from './uplink-heap.js'

/** Heap that a session's uplink allocates over a socket in memory once everything it needs exists. */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const rounds = quick ? 3 : 7
  const measured: number[] = []
  for (let i = 0; i < rounds; i++) measured.push(await allocated())
  return [
    {
      name: 'uplink: heap allocated for each message to the recogniser',
      value: median(measured),
      unit: 'B',
      target: '<= 64',
      aa: Math.max(...measured) / Math.min(...measured),
      rounds,
    },
  ]
}

/** In a process whose garbage collector waits long enough. */
async function allocated(): Promise<number> {
  const child = fork(new URL('./uplink-heap.js', import.meta.url), {
    execArgv: ['--expose-gc', '--max-semi-space-size=64', '--min-semi-space-size=64'],
  })
  const { bytesPerChunk } = await messageOf<Allocated>(child, 'bytesPerChunk')
  await stopped(child)
  return bytesPerChunk
}
