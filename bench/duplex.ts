import { uws, voicePlain, voiceUws, voiceV1, ws, wsAgain } from './load/contenders.js'
import { cpuRows } from './load/cpu-rows.js'
import { timing } from './load/measure.js'
import { steady } from './load/steady.js'
import { perSecondOfAudio } from './load/workload.js'
import type { BenchOptions, Row } from './report.js'

/**
 * CPU of a server for each second of speech that its clients are sent while their microphones are open in a quiet room.
 * Clients of voice.v1 report what they play, which the relays by hand know nothing of.
 */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const workload = { sessions: quick ? 200 : 500, up: 'noise', speed: 4 } as const
  const rounds = await steady(
    [ws, wsAgain, voicePlain, voiceV1, ...(quick ? [] : [uws, voiceUws])],
    quick ? 3 : 7,
    workload,
    timing(quick),
  )
  return cpuRows(rounds, {
    what: 'duplex',
    unit: 'µs/s of audio',
    metric: perSecondOfAudio,
    twins: [wsAgain, ws],
    claims: [{ contender: voiceV1, control: ws, target: '<= 0.75' }],
  })
}
