import { cutSentences } from './outage/cut-sentences.js'
import { longOutages } from './outage/long-outages.js'
import type { BenchOptions, Row } from './report.js'

/** What a client loses when its link is gone for a while: nothing, what its ring could not hold, or only the session. */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const sentences = quick ? await cutSentences(2, [2000]) : await cutSentences(10, [1000, 2000, 4000])
  return [...sentences, ...(await longOutages(quick ? 1 : 5))]
}
