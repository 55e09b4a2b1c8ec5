import * as heap from './micro/heap.js'
import * as resample from './micro/resample.js'
import type { BenchOptions, Row } from './report.js'

/** Figures of single parts, without a network. */
export async function run(options: BenchOptions): Promise<Row[]> {
  return [...(await resample.run(options)), ...(await heap.run(options))]
}
