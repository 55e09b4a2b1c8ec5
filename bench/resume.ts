import { Link } from '../src/session/link.js'
import type { BenchOptions, Row } from './report.js'
import { type CutResult, cutRun } from './resume/cuts.js'
import { transports } from './resume/servers.js'

const seeds = [1, 2, 3] as const

/**
 * Cuts a call again and again and compares, byte by byte, what the microphone gave with what the recogniser got; also
 * every numbered message of both sides. The last run has the fence taken away, to show that the comparison can fail.
 */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const cuts = quick ? 40 : 300
  const rows: Row[] = []
  for (const transport of Object.keys(transports)) {
    for (const seed of quick ? seeds.slice(0, 1) : seeds) {
      rows.push(...rowsOf(`${transport}, seed ${seed}`, await cutRun(transport, seed, cuts), cuts))
    }
  }
  return [...rows, await withoutFence()]
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

/** The same run on sessions that go on listening to their old sockets. */
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
