import { describe, expect, it } from 'vitest'
import type { VoiceHandlerOptions } from '../../../src/index.js'
import type { SttCapabilities, SttProvider, SttRequest, SttSink, SttStream } from '../../../src/providers/contracts.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import type { TestCall } from '../../../src/testing/test-call.js'
import { comeBack, linear16, resumeMessage, sayInto, sayWords, scriptedCall } from '../../fixtures/scripted-call.js'

// Nobody says anything for an hour, and nothing is wrong.

const hourMs = 3_600_000
const bytesPerMs = 32
/** 15 s that are not final yet, and 15 s that wait for a stream that hears them again, in whole slabs of 32 KiB. */
const mostHeldBytes = 30 * 32_768
const everyMs = 500

/** A recogniser as vendors' are: it finds no words in music. */
class Musical implements SttProvider {
  readonly inner = new ScriptedStt()
  readonly name: string = this.inner.name
  readonly capabilities: SttCapabilities = this.inner.capabilities
  plays = false

  connect(request: SttRequest, sink: SttSink): SttStream {
    const stream = this.inner.connect(request, sink)
    return {
      bufferedBytes: 0,
      push: pcm => stream.push(this.plays ? new Uint8Array(pcm.length) : pcm),
      finalize: () => stream.finalize?.(),
      close: () => stream.close(),
      abort: () => stream.abort(),
    }
  }
}

async function begin(options: VoiceHandlerOptions<never, never> = {}) {
  const logged: unknown[] = []
  const log = (...line: unknown[]) => void logged.push(line)
  const scripted = await scriptedCall(
    {
      limits: { idleMs: false, sessionMs: 10 * hourMs },
      logger: { debug() {}, info() {}, warn: log, error: log },
      ...options,
    },
    { config: { audio_out: { sample_rates: [16_000] } } },
  )
  const ready = await scripted.call.expect('ready')
  // The one about the missing authentication.
  logged.length = 0
  const session = [...scripted.voice.sessions.values()][0]!
  const states: string[] = []
  const turns: string[] = []
  session.on('state', ({ state }) => states.push(state))
  session.on('turn', ({ text }) => turns.push(text))
  return { ...scripted, ready, session, states, turns, logged }
}

type Begun = Awaited<ReturnType<typeof begin>>

/** Sends the same sound for an hour, and looks at what the session holds. */
async function hear({ call, voice, clock }: Begun, sound: Uint8Array): Promise<number> {
  let mostHeld = 0
  for (let ms = 0; ms < hourMs; ms += everyMs) {
    call.sendAudio(sound)
    await clock.advanceAsync(everyMs, everyMs / 5)
    mostHeld = Math.max(mostHeld, voice.stats().audioLogBytes)
  }
  return mostHeld
}

/** Tones of 260 ms with pauses between them, as loud as speech to any detector. */
function music(ms: number): Uint8Array {
  const pcm = Int16Array.from({ length: ms * 16 }, (_, i) => ((i / 16) % 400 < 260 ? 8000 * Math.sin(i / 7) : i % 3))
  return new Uint8Array(pcm.buffer)
}

/** Finals that were asked for. */
function finalizesOf(stt: ScriptedStt): number {
  return stt.connections.reduce((sum, { finalizes }) => sum + finalizes, 0)
}

/** Nothing was told or written meanwhile, and what the user says afterwards is heard at once. */
async function proveUnharmed(begun: Begun, words = 'hello'): Promise<void> {
  const { call, states, turns, logged, voice, clock } = begun
  expect([states, turns, call.of('error'), logged]).toEqual([[], [], [], []])
  await sayWords(call, words)
  expect([turns, states, call.of('error'), logged]).toEqual([[words], [], [], []])
  await leaveNothing(call, voice, clock)
}

async function leaveNothing(call: TestCall, voice: Begun['voice'], clock: Begun['clock']): Promise<void> {
  expect(voice.stats().audioLogBytes).toBeLessThanOrEqual(mostHeldBytes)
  await voice.close()
  await call.advance(2500)
  expect(clock.pending).toBe(0)
}

describe('an hour', () => {
  it('of silence', async () => {
    const begun = await begin()
    expect(await hear(begun, silence(everyMs, linear16))).toBeLessThanOrEqual(3 * 32_768)
    expect([begun.stt.connections.length, finalizesOf(begun.stt)]).toEqual([1, 0])
    await proveUnharmed(begun)
  }, 60_000)

  it('of music', async () => {
    const musical = new Musical()
    const { inner: stt } = musical
    const begun = { ...(await begin({ stt: [musical] })), stt }
    let speech = 0
    begun.session.on('speech', () => speech++)
    musical.plays = true
    expect(await hear(begun, music(everyMs))).toBeLessThanOrEqual(mostHeldBytes)
    musical.plays = false
    // It is taken for a voice without words. Ever less often another stream is asked, at most once a minute.
    expect(speech).toBeGreaterThan(0)
    expect(stt.connections.length).toBeLessThanOrEqual(10 + hourMs / 60_000)
    expect([stt.openStreams, finalizesOf(stt)]).toEqual([1, 0])
    // One line, for the first time that another stream was asked.
    expect(begun.logged).toHaveLength(1)
    begun.logged.length = 0
    await sayInto(begun.call, silence(2000, linear16))
    await proveUnharmed(begun)
  }, 60_000)

  it('of a client that is muted, and says so when it is back', async () => {
    const begun = await begin()
    const { call, voice, clock, stt } = begun
    await sayInto(call, silence(1000, linear16))
    for (let ms = 0; ms < hourMs; ms += 5000) await clock.advanceAsync(5000, 5000)
    expect(voice.stats().audioLogBytes).toBe(0)
    expect([stt.connections.length, finalizesOf(stt)]).toEqual([1, 0])
    const from = 1000 * bytesPerMs
    call.send({ type: 'gap', from, to: from + hourMs * bytesPerMs, reason: 'muted' })
    await proveUnharmed(begun)
  })

  it('without its client, in a window that is as long', async () => {
    const begun = await begin({ resume: { windowMs: hourMs } })
    const { call, voice, clock, stt, ready, states, logged, turns } = begun
    await sayInto(call, silence(1000, linear16))
    call.peer.drop()
    await clock.advanceAsync(10_000, 500)
    expect([stt.openStreams, voice.stats().audioLogBytes]).toEqual([0, 0])
    for (let ms = 0; ms < hourMs - 30_000; ms += 5000) await clock.advanceAsync(5000, 5000)
    expect([states, turns, logged]).toEqual([['reconnecting'], [], []])
    const bytes = 1000 * bytesPerMs
    const back = await comeBack(begun, resumeMessage(ready, { start: 0, end: bytes }))
    expect(await back.expect('resumed')).toMatchObject({ audio_in: { from: bytes }, lost: null })
    await sayInto(back, speak('hello', linear16))
    await sayInto(back, silence(1200, linear16))
    expect([turns, states, logged]).toEqual([['hello'], ['reconnecting', 'configuring', 'active'], []])
    expect(finalizesOf(stt)).toBeLessThanOrEqual(1)
    await leaveNothing(back, voice, clock)
  })
})
