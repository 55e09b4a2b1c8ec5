import { Link } from '../src/session/link.js'
import { cutSentences } from './outage/cut-sentences.js'
import { longOutages } from './outage/long-outages.js'
import type { BenchOptions, Row } from './report.js'
import { type CutResult, cutRun } from './resume/cuts.js'
import { transports } from './resume/servers.js'

const seeds = [1, 2, 3] as const

/**
 * What a client loses when its connection breaks. Cut again and again, on every transport: nothing, byte by byte. Gone
 * for seconds in the middle of a sentence: no word. Gone for longer: what its ring could not hold, or only the session.
 */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const rows = await manyCuts(quick ? seeds.slice(0, 1) : seeds, quick ? 40 : 300)
  const sentences = quick ? await cutSentences(2, [2000]) : await cutSentences(10, [1000, 2000, 4000])
  return [...rows, await withoutFence(), ...sentences, ...(await longOutages(quick ? 1 : 5))]
}

/**
 * Compares what the microphone gave with what the recogniser got, and every numbered message of both sides. The
 * transports share the time: a call spends most of it waiting.
 */
async function manyCuts(seeds: readonly number[], cuts: number): Promise<Row[]> {
  const rows: Row[] = []
  for (const seed of seeds) {
    const runs = Object.keys(transports).map(async transport =>
      rowsOf(`${transport}, seed ${seed}`, await cutRun(transport, seed, cuts), cuts),
    )
    rows.push(...(await Promise.all(runs)).flat())
  }
  return rows
}

function rowsOf(name: string, result: CutResult, cuts: number): Row[] {
  return [
    { name: `${name}: cuts survived`, value: result.cuts, unit: 'cuts', target: `>= ${cuts}` },
    {
      name: `${name}: audio bytes lost, doubled or changed`,
      value: result.wrongBytes,
      unit: `of ${result.capturedBytes}`,
      target: '<= 0',
    },
    {
      name: `${name}: server events lost or doubled`,
      value: result.wrongEvents,
      unit: `of ${result.events}`,
      target: '<= 0',
    },
    {
      name: `${name}: client messages lost or doubled`,
      value: result.wrongMessages,
      unit: `of ${result.messages}`,
      target: '<= 0',
    },
  ]
}

/** The same on sessions that go on listening to their old sockets, to show that the comparison can fail. */
async function withoutFence(): Promise<Row> {
  const { fence } = Link.prototype
  Link.prototype.fence = () => {}
  try {
    const { wrongBytes, wrongEvents, wrongMessages, capturedBytes } = await cutRun('ws', 1, 30)
    return {
      name: 'ws, fence taken away: things wrong',
      value: wrongBytes + wrongEvents + wrongMessages,
      unit: `of ${capturedBytes}`,
      target: '>= 1',
    }
  } finally {
    Link.prototype.fence = fence
  }
}
