import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { attachVoice } from '../../adapters/ws.js'
import { twilioMediaStreams } from '../../examples/twilio/dialect.js'
import { AudioConverter } from '../../src/audio/convert.js'
import { createVoiceHandler, type SessionEvents, type VoiceSession } from '../../src/index.js'
import { ScriptedStt, ScriptedTts, speak, systemClock } from '../../src/testing/index.js'
import { silentLogger } from '../../src/util/logger.js'
import { FakeTwilio } from '../fixtures/fake-twilio.js'

// The example's dialect on real sockets, with the other end of a Media Stream.

const linear16 = { encoding: 'linear16', sampleRate: 8000, channels: 1 } as const
const mulaw = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const
const story = Array.from({ length: 40 }, (_, n) => `word${n}`).join(' ')
const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function startCall() {
  const clock = systemClock
  const stt = new ScriptedStt({ clock })
  const tts = new ScriptedTts({ clock })
  const interruptions: SessionEvents['interrupted'][] = []
  let session: VoiceSession | undefined
  const voice = createVoiceHandler({
    // A busy machine is no reason to refuse a test.
    limits: { maxLoopDelayMs: 60_000, maxUtilisation: 2 },
    logger: silentLogger,
    configure: () => ({ greeting: story }),
    stt: [stt],
    tts: [tts],
    onSession(begun) {
      session = begun
      begun.on('interrupted', event => interruptions.push(event))
    },
  })
  const server = createServer()
  const attachment = attachVoice(server, voice, { path: '/twilio', dialect: twilioMediaStreams })
  cleanups.push(async () => {
    await voice.close()
    attachment.detach()
    for (const client of attachment.wss.clients) client.terminate()
    await new Promise(resolve => server.close(resolve))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const twilio = await FakeTwilio.call(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/twilio`)
  await twilio.until(() => twilio.heldMs > 0)
  return { stt, tts, twilio, interruptions, voice, session: session! }
}

/** As loud as words, which G.711 makes too coarse for a scripted recogniser. */
function voiceOf(words: string): Uint8Array {
  return new AudioConverter(linear16, mulaw).convert(speak(words, linear16))
}

const assistantOf = ({ history }: VoiceSession) => history.filter(({ role }) => role === 'assistant')

it('stops when the caller speaks, and counts no mark as played that came back because of that', async () => {
  const { twilio, session, interruptions, voice, stt, tts } = await startCall()
  await twilio.until(() => twilio.heldMs >= 1500)
  twilio.play(650)
  const playedAtMs = performance.now()
  twilio.say(voiceOf('please stop'))
  await twilio.until(() => twilio.events.includes('clear'))
  const latestMs = 650 + performance.now() - playedAtMs
  expect(twilio.heldMs).toBe(0)
  const dropped = twilio.returnedByClear.map(name => Number.parseInt(name, 10))
  expect(Math.max(...dropped)).toBeGreaterThan(1100)

  const next = session.say('All right.')
  await twilio.until(() => twilio.heldMs > 0)
  expect(interruptions).toMatchObject([{ basis: 'mark' }])
  const [{ playedMs, text }] = interruptions as [SessionEvents['interrupted']]
  // Marks are at most 300 ms apart. After the last one the clock tells what was heard.
  expect(playedMs).toBeGreaterThanOrEqual(350)
  expect(playedMs).toBeLessThanOrEqual(latestMs)
  expect(story.startsWith(text)).toBe(true)
  expect(assistantOf(session)).toMatchObject([{ interrupted: true, text }])

  let outcome: string | undefined
  void next.done.then(result => {
    outcome = result.outcome
    expect(result.playedMs).toBeGreaterThan(400)
  })
  // The last mark is what ends it: until then nothing is over, whatever was sent.
  await twilio.until(() => twilio.heldMs >= 'All right.'.length * 50)
  expect([outcome, assistantOf(session).length]).toEqual([undefined, 1])
  twilio.play(twilio.heldMs)
  expect(await next.done).toMatchObject({ outcome: 'completed', text: 'All right.' })
  // The marks that `clear` brought back came before this one.
  expect(assistantOf(session)).toMatchObject([{ interrupted: true, text }, { text: 'All right.' }])
  expect(interruptions).toHaveLength(1)
  await twilio.hangUp()
  expect([voice.sessions.size, stt.openStreams, tts.openStreams]).toEqual([0, 0, 0])
})
