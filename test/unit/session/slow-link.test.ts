import { describe, expect, it } from 'vitest'
import { type Accept, createVoiceHandler, type SessionReport, type VoiceSocket } from '../../../src/index.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { ScriptedTts, type ScriptedTtsOptions } from '../../../src/testing/scripted-tts.js'
import { startTestCall, type TestCall } from '../../../src/testing/test-call.js'
import { silentLogger } from '../../../src/util/logger.js'
import { scriptedCall } from '../../fixtures/scripted-call.js'

// What a whole session does for a client on a bad link, from the synthesiser to the socket.

const linear16 = (sampleRate: number) => ({ encoding: 'linear16', sampleRate, channels: 1 }) as const

async function begin(tts: Omit<ScriptedTtsOptions, 'clock'>, sampleRates: readonly number[], options: object = {}) {
  const clock = new ManualClock()
  const synthesiser = new ScriptedTts({ clock, ...tts })
  const config = { audio_out: { sample_rates: sampleRates } }
  // A kernel swallows a lot before the server notices anything.
  const callOptions = { clock, config, hiddenBytes: 4_000_000 }
  const scripted = await scriptedCall({ clock, tts: [synthesiser], limits: { idleMs: false }, ...options }, callOptions)
  await scripted.call.expect('ready')
  return { ...scripted, clock, tts: synthesiser, session: [...scripted.voice.sessions.values()][0]! }
}

/** The client takes only so many bytes a second. */
async function advanceAt(call: TestCall, bytesPerSecond: number, seconds: number): Promise<void> {
  call.peer.stall()
  for (let passedMs = 0; passedMs < seconds * 1000; passedMs += 240) {
    await call.advance(240)
    call.peer.read(bytesPerSecond * 0.24)
  }
}

function frames(call: TestCall): number[] {
  return call.peer.received.filter(data => typeof data !== 'string').map(data => data.length)
}

const long = 'This is a sentence that takes a while to be spoken to its end. '

describe('the synthesiser', () => {
  it('is asked for a lower rate from the utterance on that follows a drop in quality', async () => {
    const formats = [linear16(24_000), linear16(8000)]
    const { call, session, tts, voice, clock } = await begin({ formats }, [24_000, 8000])
    const first = session.say(long.repeat(2))
    session.say('This comes as it should be.')
    await advanceAt(call, 24_000, 8)
    expect(call.of('tts_format').map(({ sample_rate }) => sample_rate)).toContain(8000)
    call.peer.flow()
    await call.advance(6000)
    expect((await first.done).outcome).toBe('completed')
    expect(tts.connections.map(({ request }) => request.format.sampleRate)).toEqual([24_000, 8000])
    expect(tts.connections[1]!.texts).toEqual(['This comes as it should be.'])
    expect(call.of('tts_start').map(({ sample_rate }) => sample_rate)).toEqual([24_000, 8000])
    expect(tts.openStreams).toBe(1)
    await voice.close()
    expect(clock.pending).toBe(0)
  })

  it('is asked for no more than the client can play from the start', async () => {
    const formats = [linear16(24_000), linear16(16_000), linear16(8000)]
    const { session, call, tts, voice } = await begin({ formats }, [16_000])
    session.say('Hello.')
    await call.expect('tts_end')
    expect(tts.connections.map(({ request }) => request.format.sampleRate)).toEqual([16_000])
    await voice.close()
  })

  it.each([true, false])(
    'makes no more than the session holds while the client takes nothing (pausable: %s)',
    async pausable => {
      const { call, session, tts, voice, clock } = await begin({ speed: 50, pausable }, [16_000])
      const all = session.say(long.repeat(20))
      await call.advance(1500)
      if (pausable) expect(tts.connections[0]!.paused).toBe(true)
      call.peer.stall()
      await call.advance(5000)
      const madeMs = tts.texts.join(' ').length * 50
      // 10 s may be held, and what was begun is made to its end; the whole text would be a minute.
      expect(madeMs).toBeLessThan(22_000)
      call.peer.flow()
      await call.advance(62_000)
      expect((await all.done).outcome).toBe('completed')
      expect(tts.connections[0]!.paused).toBe(false)
      await voice.close()
      expect(clock.pending).toBe(0)
    },
  )
})

describe('the report of a session', () => {
  it('says how much speech was left out, and why', async () => {
    let report: SessionReport | undefined
    const onSessionEnd = (_: unknown, ended: SessionReport) => {
      report = ended
    }
    const { call, session, voice } = await begin({}, [16_000], { onSessionEnd })
    session.say(long.repeat(3))
    await advanceAt(call, 12_000, 8)
    session.interrupt()
    await voice.close()
    const { droppedMs, droppedMsByCause } = report!
    expect(droppedMsByCause.lag).toBeGreaterThan(1000)
    expect(droppedMsByCause.clear).toBeGreaterThan(1000)
    expect(droppedMs).toBeCloseTo(droppedMsByCause.lag! + droppedMsByCause.clear!)
  })
})

describe('audio', () => {
  it('leaves in frames of 20 ms until the lead is there, and of up to 100 ms from then on', async () => {
    const { call, session, voice } = await begin({}, [16_000])
    session.say(long)
    await call.expect('tts_end')
    const sizes = frames(call)
    // The first 600 ms are due at once.
    expect(sizes.slice(0, 20)).toEqual(Array(20).fill(640))
    expect(Math.max(...sizes)).toBe(3200)
    expect(sizes.filter(size => size > 640).length).toBeGreaterThan(sizes.slice(30).length / 2)
    await voice.close()
  })

  it('that is due at once leaves in one write, with its marker and its words', async () => {
    const clock = new ManualClock()
    const voice = createVoiceHandler({ clock, logger: silentLogger, tts: [new ScriptedTts({ clock, speed: 100 })] })
    const writes: string[][] = []
    const open = (socket: VoiceSocket, accept: Accept) => voice.open(watched(socket, writes), accept)
    const call = await startTestCall(
      { limits: voice.limits, logger: voice.logger, admit: request => voice.admit(request), open },
      { clock },
    )
    await call.expect('ready')
    ;[...voice.sessions.values()][0]!.say(long)
    await call.expect('tts_end')
    const burst = writes.find(write => write.includes('tts_start'))!
    expect(burst.slice(0, 4)).toEqual(['tts_start', 'tts_text', 'audio', 'audio'])
    expect(writes.flat().filter(what => what === 'audio')).toHaveLength(frames(call).length)
    await voice.close()
  })
})

/** Notes what is sent together. */
function watched(socket: VoiceSocket, writes: string[][]): VoiceSocket {
  let write: string[] | undefined
  return Object.assign(Object.create(socket) as VoiceSocket, {
    cork(fn: () => void) {
      write = []
      socket.cork!(fn)
      writes.push(write)
      write = undefined
    },
    send(data: string | Uint8Array) {
      write?.push(typeof data === 'string' ? JSON.parse(data).type : 'audio')
      return socket.send(data)
    },
    close: (code: number, reason: string) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    ping: (payload?: Uint8Array) => socket.ping!(payload),
  })
}
