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
import { perSecondOfAudio } from './load/workload.js'
import { installPeers } from './peers.js'
import type { BenchOptions, Row } from './report.js'

/**
 * CPU of a server for each second of speech that its clients are sent. The relays by hand pass on each chunk of 20 ms
 * as it comes; the synthesiser is four times faster than real time and says one sentence of 4 s after the other.
 */
export async function run({ quick, gate }: BenchOptions): Promise<Row[]> {
  const workload = { sessions: quick ? 200 : 500, speed: 4 } as const
  if (!quick) installPeers()
  const others = quick ? [] : [uws, voiceUws, hono, voiceHono, crossws, socketIo]
  const rounds = await steady([ws, wsAgain, voicePlain, voiceV1, ...others], quick ? 3 : 7, workload, timing(quick))
  return cpuRows(rounds, {
    what: 'downlink',
    unit: 'µs/s of audio',
    metric: perSecondOfAudio,
    twins: [wsAgain, ws],
    claims: [
      { contender: voicePlain, control: ws, target: gate('<= 0.5', '<= 0.6') },
      { contender: voiceV1, control: ws, target: gate('<= 0.5', '<= 0.6') },
      ...(quick ? [] : [{ contender: voiceUws, control: uws, target: '<= 0.5' }]),
    ],
  })
}
