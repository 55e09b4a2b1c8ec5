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
import { timing } from './load/measure.js'
import { steady } from './load/steady.js'
import { perFrame } from './load/workload.js'
import { installPeers } from './peers.js'
import type { BenchOptions, Row } from './report.js'

/** CPU of a server for each frame of 20 ms that its clients say. */
export async function run({ quick, gate }: BenchOptions): Promise<Row[]> {
  const workload = { sessions: quick ? 200 : 500, up: 'speech' } as const
  if (!quick) installPeers()
  const others = quick ? [] : [uws, voiceUws, hono, voiceHono, crossws, socketIo]
  const rounds = await steady([ws, wsAgain, voicePlain, voiceV1, ...others], quick ? 3 : 7, workload, timing(quick))
  return cpuRows(rounds, {
    what: 'uplink',
    unit: 'µs/frame',
    metric: perFrame,
    twins: [wsAgain, ws],
    claims: [
      { contender: voicePlain, control: ws, target: gate('<= 1.05', '<= 1.15') },
      { contender: voiceV1, control: ws, target: gate('<= 1.10', '<= 1.15') },
      ...(quick
        ? []
        : [
            { contender: voiceUws, control: uws, target: '<= 1.10' },
            { contender: voiceHono, control: hono, target: '<= 0.92' },
          ]),
    ],
  })
}
