import {
  crossws,
  hono,
  socketIo,
  uws,
  voiceHono,
  voicePlain,
  voiceUws,
  voiceV1,
  ws,
  wsAgain,
} from './load/contenders.js'
import { type Contender, Trial } from './load/measure.js'
import { interleaved, middle } from './load/rounds.js'
import { installPeers } from './peers.js'
import type { BenchOptions, Row } from './report.js'

interface Weight {
  readonly heapBytes: number
  readonly rssBytes: number
}

/** Memory of a session that is configured and has heard and said nothing, beside that of a socket in a relay by hand. */
export async function run({ quick, gate }: BenchOptions): Promise<Row[]> {
  if (!quick) installPeers()
  const pairs = [
    [voicePlain, ws],
    [voiceV1, ws],
    ...(quick ? [] : [[voiceUws, uws] as const, [voiceHono, hono] as const]),
  ] as const
  const contenders = [...new Set([...pairs.flat(), wsAgain, ...(quick ? [] : [crossws, socketIo])])]
  const rounds = await interleaved(contenders, quick ? 3 : 5, contender => weigh(contender, quick ? 1000 : 5000))
  const heapOf = (contender: Contender) => middle(rounds, ({ heapBytes }) => heapBytes / 1024, contender)
  return [
    ...pairs.map(([contender, control], i) => ({
      name: `idle: heap of a session above a socket, ${contender.name}`,
      value: heapOf(contender) - heapOf(control),
      unit: 'KB',
      target: i < 2 ? gate('<= 1.5', '<= 2') : undefined,
      aa: heapOf(wsAgain) / heapOf(ws),
      rounds: rounds.get(contender)!.length,
    })),
    ...contenders.map(contender => ({
      name: `idle, ${contender.name}: heap`,
      value: heapOf(contender),
      unit: 'KB',
      rounds: rounds.get(contender)!.length,
      note: `RSS ${middle(rounds, ({ rssBytes }) => rssBytes / 1024, contender).toFixed(1)} KB`,
    })),
  ]
}

/** What each of `sessions` weighs, beyond what a first one brought along. */
async function weigh(contender: Contender, sessions: number): Promise<Weight> {
  const trial = await Trial.start(contender, { sessions })
  await trial.connect(100)
  const before = await trial.settled()
  await trial.connect(sessions)
  const after = await trial.settled()
  await trial.stop()
  return {
    heapBytes: (after.heapBytes - before.heapBytes) / sessions,
    rssBytes: (after.rssBytes - before.rssBytes) / sessions,
  }
}
