import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { ScriptedStt } from '../../src/testing/scripted-stt.js'
import { ScriptedTts } from '../../src/testing/scripted-tts.js'
import { speak } from '../../src/testing/spoken-words.js'
import { systemClock } from '../../src/util/clock.js'
import { Client, startCallServer } from '../fixtures/call-server.js'

setFlagsFromString('--expose_gc')
const gc = runInNewContext('gc') as () => void

const linear16 = { encoding: 'linear16', sampleRate: 16_000, channels: 1 } as const
const timersOf = () =>
  process.getActiveResourcesInfo().filter(name => name === 'Timeout' || name === 'Immediate').length

async function heapMb(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    gc()
    await new Promise(resolve => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed / 1024 / 1024
}

it('opens and closes a hundred sessions, in every way a client can leave, and keeps nothing of them', async () => {
  const stt = new ScriptedStt({ clock: systemClock })
  const tts = new ScriptedTts({ clock: systemClock })
  const server = await startCallServer({
    authenticate: () => 'guest',
    stt: [stt],
    tts: [tts],
    agent: ({ text }) => `You said ${text}.`,
    resume: false,
  })
  const words = speak('hello', linear16)
  const visit = async (index: number) => {
    const client = await Client.connect(server.url, index % 2 === 0 ? 'voice.v1' : '')
    client.send({ type: 'config' })
    await client.expect('ready')
    for (let at = 0; at < words.length; at += 640) client.send(words.subarray(at, at + 640))
    if (index % 3 === 0) client.cut()
    else if (index % 3 === 1) client.close(1000)
    else client.close(4000)
    await client.closed
  }
  const hundred = async () => {
    for (let index = 0; index < 100; index += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, i) => visit(index + i)))
    }
    await expect.poll(() => server.voice.sessions.size).toBe(0)
    stt.connections.length = 0
    tts.connections.length = 0
  }
  // What the first sessions compile and cache is not what they leak.
  await hundred()
  await expect.poll(timersOf, { timeout: 5000 }).toBeLessThanOrEqual(1)
  const before = await heapMb()
  await hundred()
  expect([stt.openStreams, tts.openStreams, server.voice.stats().audioLogBytes]).toEqual([0, 0, 0])
  await expect.poll(timersOf, { timeout: 5000 }).toBeLessThanOrEqual(1)
  expect((await heapMb()) - before).toBeLessThan(1)
  const { clients } = server
  expect(clients()).toBe(0)
  await server.close()
  expect(server.server.listening).toBe(false)
}, 30_000)
