import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { chaosProxy } from '../../adapters/testing/node.js'
import { ScriptedStt } from '../../src/testing/scripted-stt.js'
import { silence, speak } from '../../src/testing/spoken-words.js'
import { startCallServer } from '../fixtures/call-server.js'
import { linear16 } from '../fixtures/scripted-call.js'

const file = new URL('../../examples/reconnecting-client.mjs', import.meta.url)
const { talk } = (await import(file.href)) as {
  talk(
    url: string,
    handlers: { onMessage(message: { type: string; name?: string }): void; onEnd(code: number): void },
  ): { capture(pcm: Uint8Array): void; close(): void }
}

it('the client without the SDK is heard to the last byte by a real server, however its connection breaks', async ({
  onTestFinished,
}) => {
  const heard: Uint8Array[] = []
  const turns: string[] = []
  const told: (string | undefined)[] = []
  let tell: (name: string) => void = () => {}
  const server = await startCallServer({
    authenticate: () => 'guest',
    stt: [new ScriptedStt()],
    onSession: session => {
      session.tap('in', ({ audio }) => void heard.push(audio.slice()))
      session.on('turn', ({ text }) => void turns.push(text))
      tell = name => session.send(name)
    },
  })
  onTestFinished(() => server.close())
  const proxy = await chaosProxy({ port: Number(new URL(server.url).port) })
  onTestFinished(() => proxy.close())
  const types: string[] = []
  let code: number | undefined
  const client = talk(`ws://127.0.0.1:${proxy.port}/voice`, {
    onMessage({ type, name }) {
      types.push(type)
      if (type === 'event') told.push(name)
    },
    onEnd: given => {
      code = given
    },
  })
  const captured: Uint8Array[] = []
  const say = async (audio: Uint8Array) => {
    for (let at = 0; at < audio.length; at += 640) {
      captured.push(audio.subarray(at, at + 640))
      client.capture(captured.at(-1)!)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
  const until = async (condition: () => boolean) => {
    while (!condition()) await say(silence(20, linear16))
  }
  const words = 'one two three four five six'
  await until(() => types.includes('ready'))
  for (const cut of [() => proxy.reset(), () => proxy.end(), () => proxy.blackHole()]) {
    const audio = speak(words, linear16)
    const before = types.filter(type => type === 'resumed').length
    await say(audio.subarray(0, 640 * 40))
    cut()
    tell(`cut ${before}`)
    await say(audio.subarray(640 * 40))
    await until(() => types.filter(type => type === 'resumed').length > before && turns.length > before)
  }
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(Buffer.concat(heard).equals(Buffer.concat(captured))).toBe(true)
  expect(turns).toEqual([words, words, words])
  expect(told).toEqual(['cut 0', 'cut 1', 'cut 2'])
  client.close()
  await until(() => code !== undefined)
  expect(code).toBe(1000)
}, 40_000)

it('it has at most 70 lines of code', () => {
  const code = readFileSync(file, 'utf8')
    .replaceAll(/\/\*\*.*?\*\//gs, '')
    .split('\n')
    .filter(line => !/^\s*(\/\/.*)?$/.test(line))
  expect(code.length).toBeLessThanOrEqual(70)
})
