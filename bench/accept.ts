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
import { cpuRows } from './load/cpu-rows.js'
import { type Contender, Trial } from './load/measure.js'
import { interleaved } from './load/rounds.js'
import type { Usage } from './load/workload.js'
import { installPeers } from './peers.js'
import type { BenchOptions, Row } from './report.js'

/** CPU of a server for each session from its connection to `ready`. */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  if (!quick) installPeers()
  const sessions = quick ? 1000 : 4000
  const rounds = await interleaved(
    [ws, wsAgain, voicePlain, voiceV1, ...(quick ? [] : [uws, voiceUws, hono, voiceHono, crossws, socketIo])],
    quick ? 3 : 7,
    contender => storm(contender, sessions),
  )
  return cpuRows(rounds, {
    what: 'accept',
    unit: 'µs/session',
    metric: ({ cpuMs }) => (cpuMs * 1000) / sessions,
    twins: [wsAgain, ws],
    claims: [
      { contender: voicePlain, control: ws, target: '<= 1.15' },
      { contender: voiceV1, control: ws, target: '<= 1.15' },
    ],
  })
}

/** What so many connections use after as many others have warmed the server up. */
async function storm(contender: Contender, sessions: number): Promise<Usage> {
  const trial = await Trial.start(contender, { sessions })
  await trial.connect(sessions)
  trial.begin()
  await trial.connect(sessions)
  const usage = await trial.usage()
  await trial.stop()
  return usage
}
