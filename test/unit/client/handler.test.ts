import { expect, it } from 'vitest'
import { createVoiceClient } from '../../../src/client/index.js'
import { createVoiceHandler } from '../../../src/index.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { ScriptedTts } from '../../../src/testing/scripted-tts.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { silentLogger } from '../../../src/util/logger.js'
import { realMoment, serve } from './handler-server.js'
import { type Cut, SimNetwork } from './sim-network.js'

const format = { encoding: 'linear16', sampleRate: 16_000, channels: 1 } as const
const sentence = 'nothing of what is said here may be lost or said twice'

it.each<readonly Cut[]>([
  ['reset', 'reset', 'reset', 'reset', 'reset'],
  ['late', 'reset', 'late', 'late', 'reset'],
  ['hole', 'late', 'hole'],
])('a call with the handler loses and doubles nothing: %s, %s, %s ...', async (...cuts) => {
  const clock = new ManualClock()
  const heard: Uint8Array[] = []
  const received: string[] = []
  const turns: string[] = []
  const voice = createVoiceHandler({
    clock,
    logger: silentLogger,
    stt: [new ScriptedStt({ clock })],
    tts: [new ScriptedTts({ clock })],
    onSession(session) {
      session.tap('in', ({ audio }) => heard.push(audio.slice()))
      session.on('event', ({ name }) => received.push(name))
      session.on('turn', ({ text }) => turns.push(text))
    },
  })
  const network = new SimNetwork(clock, serve(voice))
  const client = createVoiceClient({
    url: 'wss://voice.example',
    WebSocket: network.WebSocket,
    clock,
    random: () => 0.5,
    platform: {},
    logger: silentLogger,
  })
  const gaps: unknown[] = []
  client.on('gap', gap => gaps.push(gap))

  const captured: Uint8Array[] = []
  const capture = async (audio: Uint8Array) => {
    for (let at = 0; at < audio.length; at += 640) {
      const frame = audio.subarray(at, at + 640)
      captured.push(frame)
      client.sendAudio(frame)
      await clock.advanceAsync(20)
      if (client.state === 'configuring') await realMoment(2)
    }
  }

  client.connect()
  await capture(silence(400, format))
  const expected: string[] = []
  for (const cut of cuts) {
    const words = speak(sentence, format)
    const middle = (words.length >> 3) * 4
    await capture(words.subarray(0, middle))
    client.send(`said ${expected.length}`)
    expected.push(`said ${expected.length}`)
    network.cut(cut)
    await capture(words.subarray(middle))
    await capture(silence(6500, format))
    expect(client.state).toBe('active')
  }
  expect(gaps).toEqual([])
  expect(Buffer.concat(heard).equals(Buffer.concat(captured))).toBe(true)
  expect(received).toEqual(expected)
  expect(turns).toEqual(cuts.map(() => sentence))

  client.close()
  await clock.advanceAsync(3000)
  await realMoment(10)
  await clock.advanceAsync(35_000, 250)
  expect([client.state, voice.sessions.size, network.live.length, clock.pending]).toEqual(['closed', 0, 0, 0])
})
