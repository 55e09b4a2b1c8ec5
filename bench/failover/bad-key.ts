import type { SttProvider } from '../../src/index.js'
import { ManualClock, ScriptedStt } from '../../src/testing/index.js'
import type { Row } from '../report.js'
import { ScriptedServer } from './scripted-call.js'

/** What a vendor takes to open a connection, and to refuse one: a TLS handshake and a round trip. */
const roundTripMs = 80

/** A key that the first provider refuses: what it costs the first session, and that the next one is not asked to pay. */
export async function badKey(): Promise<Row[]> {
  const clock = new ManualClock()
  let refused = 0
  const good = new ScriptedStt({ name: 'good', clock, faults: () => ({ opens: roundTripMs }) })
  const server = new ScriptedServer(clock, { stt: [refusing(clock, () => refused++), good] })
  const healthy = new ScriptedServer(clock, { stt: [good] })
  const withoutMs = await readyAfter(healthy)
  const firstMs = await readyAfter(server)
  const refusedOnce = refused
  const nextMs = await readyAfter(server)
  const again = refused - refusedOnce
  await server.voice.close()
  await healthy.voice.close()
  return [
    { name: 'bad key: delay of the first session', value: firstMs - withoutMs, unit: 'ms', target: '<= 200' },
    { name: 'bad key: delay of the next session', value: nextMs - withoutMs, unit: 'ms', target: '<= 0' },
    { name: 'bad key: attempts with it by the next session', value: again, unit: 'attempts', target: '<= 0' },
  ]
}

async function readyAfter(server: ScriptedServer): Promise<number> {
  const { clock } = server
  const call = await server.call()
  const beganMs = clock.now()
  while (call.of('ready').length === 0 && clock.now() - beganMs < 10_000) await clock.advanceAsync(10, 10)
  return clock.now() - beganMs
}

/** Answers 401 after a round trip. */
function refusing(clock: ManualClock, onRefusal: () => void): SttProvider {
  const provider = new ScriptedStt({ name: 'bad-key', clock, faults: () => ({ opens: 'never' }) })
  return {
    name: provider.name,
    capabilities: provider.capabilities,
    connect(request, sink) {
      const stream = provider.connect(request, sink)
      const { last } = provider
      clock.after(roundTripMs, () => {
        onRefusal()
        last.fail({ class: 'auth', reason: 'wrong key', httpStatus: 401 })
      })
      return stream
    },
  }
}
