import { type ChildProcess, fork } from 'node:child_process'
import { messageOf, pause, stopped } from './children.js'
import { voiceRelay, ws, wsAgain } from './load/contenders.js'
import { cpuRows } from './load/cpu-rows.js'
import { timing } from './load/measure.js'
import type { Received } from './load/recogniser-server.js'
import { middle } from './load/rounds.js'
import { type Probe, steady } from './load/steady.js'
import { upFrameBytes } from './load/workload.js'
import type { BenchOptions, Row } from './report.js'

/** The adapter's provider takes messages from 20 ms on. */
const addedLatencyTarget = '<= 40'

/** CPU of a server for each frame that it passes to a recogniser behind a WebSocket, and how long that takes. */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const recogniser = fork(new URL('./load/recogniser-server.js', import.meta.url))
  const { port } = await messageOf<{ readonly port: number }>(recogniser, 'port')
  try {
    const rounds = await steady(
      [ws, wsAgain, voiceRelay],
      quick ? 3 : 7,
      { sessions: quick ? 50 : 200, up: 'speech', recogniser: `ws://127.0.0.1:${port}` },
      timing(quick),
      received(recogniser),
    )
    const ageP95Ms = ({ ageP95Ms: ms }: Received) => ms
    return [
      ...cpuRows(rounds, {
        what: 'relay',
        unit: 'µs/frame',
        metric: ({ cpuMs, bytes }) => (cpuMs * 1000 * upFrameBytes) / bytes,
        twins: [wsAgain, ws],
        claims: [{ contender: voiceRelay, control: ws, target: '<= 0.85' }],
      }),
      {
        name: 'relay: latency added, p95',
        value: middle(rounds, ageP95Ms, voiceRelay) - middle(rounds, ageP95Ms, ws),
        unit: 'ms',
        target: addedLatencyTarget,
        aa: middle(rounds, ageP95Ms, wsAgain) / middle(rounds, ageP95Ms, ws),
        rounds: rounds.get(ws)!.length,
      },
    ]
  } finally {
    await stopped(recogniser)
  }
}

/** What the recogniser received while a server was measured. */
function received(recogniser: ChildProcess): Probe<Received> {
  return async measureMs => {
    recogniser.send('begin')
    await pause(measureMs)
    const answer = messageOf<{ readonly received: Received }>(recogniser, 'received')
    recogniser.send('end')
    return (await answer).received
  }
}
