import { describe, expect, it } from 'vitest'
import { createVoiceHandler } from '../../../src/index.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { memorySocketPair } from '../../../src/testing/memory-socket.js'
import { startTestCall } from '../../../src/testing/test-call.js'
import { silentLogger } from '../../../src/util/logger.js'
import { resumeMessage, scriptedCall } from '../../fixtures/scripted-call.js'

const config = { audio_out: { sample_rates: [16_000] } }
/** About 20 s of speech. */
const long = 'This sentence is repeated until nobody can listen to it any more. '.repeat(6)

async function begin(options: Parameters<typeof scriptedCall>[0] = {}) {
  const scripted = await scriptedCall(options, { config })
  await scripted.call.expect('ready')
  return { ...scripted, session: [...scripted.voice.sessions.values()][0]! }
}

async function textCall(options: Parameters<typeof createVoiceHandler>[0] = {}, callConfig: object | false = {}) {
  const clock = new ManualClock()
  const voice = createVoiceHandler({ clock, logger: silentLogger, ...options })
  const call = await startTestCall(voice, { clock, config: callConfig && { audio: false, ...callConfig } })
  return { clock, voice, call }
}

describe('drain', () => {
  it('says that it goes away and for how long to spread, then sends everybody away with that hint', async () => {
    const { voice, call, clock, stt, tts } = await begin({ limits: { acceptsPerSecond: 1 } })
    const drained = voice.drain()
    expect(voice.health().status).toBe('draining')
    expect(await call.closed()).toEqual({ code: 1012, reason: '{"r":1250}' })
    expect(call.of('goaway')).toEqual([{ type: 'goaway', time_left_ms: 25_000, window_ms: 1250 }])
    await call.advance(2500)
    expect(await drained).toEqual({ ended: 0, moved: 1, terminated: 0 })
    expect([stt.openStreams, tts.openStreams, clock.pending, voice.stats().ended]).toEqual([0, 0, 0, 1])
  })

  it('keeps the window within the time that is left', async () => {
    const { voice, call } = await begin({ limits: { acceptsPerSecond: 0.01 } })
    void voice.drain({ deadlineMs: 4000 })
    await call.closed()
    expect(call.of('goaway')[0]).toMatchObject({ time_left_ms: 4000, window_ms: 2000 })
  })

  it('serves whom it told to go until the window is over and the last have had 2 s to move', async () => {
    const { voice, call, session } = await begin({ limits: { acceptsPerSecond: 1 } })
    const drained = voice.drain()
    await call.advance(1250 + 1900)
    expect(call.peer.closed).toBeUndefined()
    expect(session.state).toBe('active')
    await call.advance(200)
    expect(call.peer.closed?.code).toBe(1012)
    await call.advance(100)
    expect(await drained).toEqual({ ended: 0, moved: 1, terminated: 0 })
  })

  it('waits for the answer to its goodbye, which names the window', async () => {
    const { voice, call } = await begin()
    call.peer.stall()
    const drained = voice.drain()
    let isOver = false
    void drained.then(() => {
      isOver = true
    })
    await call.advance(2200)
    expect(call.peer.closed ?? null).toBeNull()
    expect(isOver).toBe(false)
    await call.advance(2400)
    expect(isOver).toBe(true)
  })

  it('is over as soon as everybody has moved', async () => {
    const { voice, call, clock } = await begin({ limits: { acceptsPerSecond: 1 } })
    const drained = voice.drain()
    await call.advance(500)
    call.peer.drop()
    await call.advance(100)
    expect(await drained).toEqual({ ended: 0, moved: 1, terminated: 0 })
    expect(clock.pending).toBe(0)
  })

  it('gives no time to clients that know nothing of moving', async () => {
    const { voice, clock } = await begin()
    const plain = await startTestCall(voice, { clock, protocol: '' })
    await plain.expect('ready')
    void voice.drain()
    await plain.advance(0)
    expect(plain.peer.closed).toEqual({ code: 1012, reason: '{"r":5}' })
    expect(plain.of('goaway')).toEqual([])
    await plain.advance(2200)
    expect(clock.pending).toBe(0)
  })

  it('lets what is being said come to its end', async () => {
    const { voice, call, session } = await begin()
    const { done } = session.say('This is said to its end.')
    await call.advance(100)
    const drained = voice.drain()
    await call.advance(1000)
    // Whoever is told moves at once, and would lose the rest.
    expect(call.of('goaway')).toEqual([])
    expect(call.peer.closed).toBeUndefined()
    expect((await call.closed()).code).toBe(1012)
    expect(call.of('goaway')).toHaveLength(1)
    expect(await done).toMatchObject({ outcome: 'completed' })
    await call.advance(100)
    expect(await drained).toEqual({ ended: 0, moved: 1, terminated: 0 })
  })

  it('waits no longer than 10 s for it', async () => {
    const { voice, call, session } = await begin()
    session.say(long)
    await call.advance(100)
    const drained = voice.drain()
    await call.advance(9800)
    expect(call.of('goaway')).toEqual([])
    await call.advance(400)
    expect(call.of('goaway')).toEqual([{ type: 'goaway', time_left_ms: 15_000, window_ms: 3 }])
    await call.advance(2000)
    expect(call.peer.closed?.code).toBe(1012)
    expect(await drained).toEqual({ ended: 0, moved: 1, terminated: 0 })
  })

  it('cuts what is left at the deadline, and counts who left by himself', async () => {
    const { voice, call, clock, session } = await begin()
    session.say(long)
    const other = await startTestCall(voice, { clock, config })
    await other.expect('ready')
    const leaver = [...voice.sessions.values()][1]!
    leaver.say(long)
    await call.advance(100)
    const drained = voice.drain({ deadlineMs: 3000 })
    await call.advance(1000)
    leaver.close()
    await call.advance(2200)
    expect(call.peer.closed?.code).toBe(1012)
    expect(await drained).toEqual({ ended: 1, moved: 0, terminated: 1 })
  })

  it('runs once, however often it is asked for, and close() ends it early', async () => {
    const { voice, call, session } = await begin()
    session.say(long)
    await call.advance(100)
    const drained = voice.drain()
    expect(voice.drain({ deadlineMs: 1 })).toBe(drained)
    await call.advance(500)
    await voice.close()
    expect((await call.closed()).code).toBe(1001)
    await call.advance(200)
    expect(await drained).toEqual({ ended: 1, moved: 0, terminated: 0 })
    expect(await voice.drain()).toEqual({ ended: 1, moved: 0, terminated: 0 })
  })

  it('awaits onSessionEnd, but not beyond the deadline', async () => {
    let finish = () => {}
    const onSessionEnd = () =>
      new Promise<void>(resolve => {
        finish = resolve
      })
    const first = await textCall({ onSessionEnd })
    await first.call.expect('ready')
    let isDrained = false
    const drained = first.voice.drain().then(() => {
      isDrained = true
    })
    await first.call.advance(5000)
    expect(isDrained).toBe(false)
    finish()
    await drained
    const second = await textCall({ onSessionEnd })
    await second.call.expect('ready')
    const abandoned = second.voice.drain({ deadlineMs: 4000 })
    await second.call.advance(4100)
    expect(await abandoned).toEqual({ ended: 0, moved: 1, terminated: 0 })
    expect(second.clock.pending).toBe(0)
  })

  it('reports an onSessionEnd that fails, and is not held up by it', async () => {
    const errors: unknown[] = []
    const { voice, call } = await textCall({ onSessionEnd: () => Promise.reject(new Error('db')) })
    voice.on('error', ({ error, sessionId }) => errors.push([error.message, sessionId]))
    const { session_id } = await call.expect('ready')
    const drained = voice.drain()
    await call.advance(2200)
    await drained
    expect(errors).toEqual([['onSessionEnd failed: db', session_id]])
  })

  it('refuses new connections with 503 and new sessions with 1013, but not a client that resumes', async () => {
    const scripted = await begin()
    const { voice, clock, call, session } = scripted
    const ready = await call.expect('ready')
    const [fresh, back] = [
      await startTestCall(voice, { clock, config: false }),
      await startTestCall(voice, { clock, config: false }),
    ]
    session.say(long)
    await call.advance(100)
    const drained = voice.drain()
    await expect(startTestCall(voice, { clock })).rejects.toThrow('refused: 503')
    fresh.send({ type: 'config' })
    expect((await fresh.closed()).code).toBe(1013)
    call.peer.drop()
    back.send(resumeMessage(ready, { start: 0, end: 0 }))
    await back.expect('resumed')
    expect((await back.closed(15_000)).code).toBe(1012)
    await back.advance(100)
    expect(await drained).toEqual({ ended: 0, moved: 1, terminated: 0 })
  })

  it('sends away who waits for his client, or is still being set up', async () => {
    let configured = () => {}
    const configure = () =>
      new Promise<undefined>(resolve => {
        configured = () => resolve(undefined)
      })
    const { voice, call, clock } = await textCall({ configure })
    await call.advance(20)
    configured()
    await call.expect('ready')
    call.peer.drop()
    const working = await startTestCall(voice, { clock, config: { audio: false } })
    const waiting = await startTestCall(voice, { clock, config: false })
    await waiting.advance(20)
    expect(voice.stats().sessions).toEqual({ reconnecting: 1 })
    const drained = voice.drain()
    expect(await drained).toEqual({ ended: 0, moved: 1, terminated: 0 })
    expect([(await working.closed()).code, (await waiting.closed()).code]).toEqual([1012, 1012])
    configured()
    await waiting.advance(2500)
    expect([voice.sessions.size, clock.pending]).toEqual([0, 0])
  })
})

describe('close', () => {
  it('ends sessions, setups at every step, and opens nothing any more', async () => {
    const asked: unknown[] = []
    const { voice, call, clock } = await textCall({
      configure: ({ metadata }) => (metadata.hang ? new Promise(() => {}) : undefined),
      onSession: session => asked.push(session.id),
    })
    await call.expect('ready')
    const waiting = await startTestCall(voice, { clock, config: false })
    const working = await startTestCall(voice, { clock, config: { audio: false, metadata: { hang: true } } })
    await working.advance(100)
    const request = {
      url: '/',
      method: 'GET',
      headers: new Map(),
      protocols: [],
      signal: new AbortController().signal,
      context: undefined,
      raw: undefined,
    }
    const accept = await voice.admit(request)
    if (!accept.ok) throw new Error('refused')
    await voice.close()
    for (const one of [call, waiting, working]) expect((await one.closed()).code).toBe(1001)
    const { socket, peer } = memorySocketPair()
    const sink = voice.open(socket, accept)
    peer.attach(sink)
    peer.send('{"type":"config"}')
    peer.drop()
    expect(peer.closed).toMatchObject({ code: 1011 })
    await call.advance(2500)
    expect([clock.pending, asked.length, voice.sessions.size]).toEqual([0, 1, 0])
    expect(voice.health().status).toBe('draining')
    await voice[Symbol.asyncDispose]()
  })

  it('during drain or by disposal resolves once the application has dealt with the ends', async () => {
    let ended = false
    const { voice, call } = await textCall({
      onSessionEnd: async () => {
        await Promise.resolve()
        ended = true
      },
    })
    await call.expect('ready')
    await voice[Symbol.asyncDispose]()
    expect(ended).toBe(true)
    expect(voice.stats()).toEqual({ sessions: {}, accepted: 1, ended: 1, resumesRefused: 0, audioLogBytes: 0 })
  })
})

describe('health', () => {
  it('tells how it goes: ok, overloaded by the probe, and what each provider does', async () => {
    const load = { delayP99Ms: 1, utilisation: 0.1 }
    const { voice, call, clock } = await begin()
    voice.watchLoad?.(() => load)
    expect(voice.health()).toMatchObject({ status: 'ok', sessions: 1 })
    expect(voice.stats().sessions).toEqual({ active: 1 })
    load.utilisation = 0.95
    await call.advance(1100)
    expect(voice.health().status).toBe('overloaded')
    const second = await startTestCall(voice, { clock })
    expect((await second.closed()).code).toBe(1013)
    await expect(startTestCall(voice, { clock, protocol: '' })).rejects.toThrow('refused: 503')
    const changes: unknown[] = []
    const off = voice.on('provider', status => changes.push(status))
    off()
    await voice.close()
    expect(changes).toEqual([])
  })
})
