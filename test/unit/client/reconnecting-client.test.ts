import { expect, it } from 'vitest'
import { ramp } from './fake-socket.js'
import { RealServer, until } from './real-server.js'

interface Handlers {
  onMessage?(message: { type: string; name?: string; session_id?: string }): void
  onAudio?(pcm: Uint8Array): void
  onEnd?(code: number): void
  playback?(): object | null
}

const path = new URL('../../../examples/reconnecting-client.mjs', import.meta.url).href
const { talk } = (await import(path)) as {
  talk(url: string, handlers: Handlers): { capture(pcm: Uint8Array): void; send(message: object): void; close(): void }
}

it('the protocol can be implemented from its description: nothing is lost or doubled', async () => {
  await using server = await RealServer.start()
  const told: (string | undefined)[] = []
  const heard: number[] = []
  let code: number | undefined
  const client = talk(server.url, {
    playback: () => ({ utterance_id: 'u1', received_bytes: heard.length, played_ms: heard.length / 32 }),
    onMessage({ type, name }) {
      if (type === 'event') told.push(name)
      if (type === 'clear') client.send({ type: 'cleared', utterance_id: 'u1', played_ms: heard.length / 32 })
    },
    onAudio: pcm => heard.push(...pcm),
    onEnd: given => {
      code = given
    },
  })
  const audio = ramp(200_000)
  let at = 0
  const speak = (bytes: number) => {
    for (const end = at + bytes; at < end; at += 640) client.capture(audio.subarray(at, Math.min(at + 640, end)))
  }
  speak(6400)
  await until(() => server.model.sessions[0]?.offset === 6400)
  const [session] = server.model.sessions
  for (let cut = 1; cut <= 3; cut++) {
    speak(12_800)
    if (cut % 2) await until(() => session!.offset > 6400 * cut)
    if (cut === 2) server.model.losesAnswers = 1
    server.cut()
    session!.say({ type: 'event', name: `during ${cut}`, data: null })
    speak(6400)
    await until(() => session!.offset === at)
  }
  expect(session!.heard(new Uint8Array(at)).equals(audio.subarray(0, at))).toBe(true)
  expect(told).toEqual([1, 2, 3].map(cut => `during ${cut}`))
  expect(session!.violations).toEqual([])

  const start = { type: 'tts_start', utterance_id: 'u1', encoding: 'linear16', sample_rate: 16_000 } as const
  session!.say({ ...start, from_bytes: 0, from_ms: 0 })
  session!.link!.send(ramp(3200))
  session!.say({ type: 'clear', through: 'u1', reason: 'barge_in' })
  await until(() => session!.cleared.length > 0)
  expect(session!.cleared).toEqual([{ type: 'cleared', utterance_id: 'u1', played_ms: 100 }])
  expect(heard).toEqual([...ramp(3200)])

  client.close()
  await until(() => code !== undefined)
  expect(code).toBe(1000)
}, 20_000)

it('begins anew when its session is gone, and stops where a retry is pointless', async () => {
  await using server = await RealServer.start()
  const sessions: (string | undefined)[] = []
  let code: number | undefined
  talk(server.url, {
    onMessage: message => message.type === 'ready' && sessions.push(message.session_id),
    onEnd: given => {
      code = given
    },
  }).capture(ramp(640))
  await until(() => server.model.sessions[0]?.offset === 640)
  server.model.sessions[0]!.expired = true
  server.cut()
  await until(() => sessions.length === 2)
  expect(server.model.sessions[1]).toMatchObject({ offset: 0, violations: [] })
  server.model.sessions[1]!.link!.close(4409)
  await until(() => code === 4409)
}, 20_000)
