import { describe, expect, it } from 'vitest'
import { defaultKeepAlive, defaultLimits } from '../../../src/options.js'
import type { Dialect } from '../../../src/protocol/dialect.js'
import { createV1Dialect } from '../../../src/protocol/v1.js'
import { Link, type LinkTarget } from '../../../src/session/link.js'
import type { SocketCapabilities } from '../../../src/socket.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { memorySocketPair } from '../../../src/testing/memory-socket.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import type { TestCallOptions } from '../../../src/testing/test-call.js'
import { Deadlines } from '../../../src/util/deadlines.js'
import { comeBack, linear16, resumeMessage, sayInto, scriptedCall } from '../../fixtures/scripted-call.js'

const config = { audio_out: { sample_rates: [16_000] } }

const silent: LinkTarget = { message() {}, audio() {}, invalid() {}, drain() {}, probed() {}, linkClosed() {} }

function bareLink(capabilities: Partial<SocketCapabilities> = {}, dialect: Dialect = createV1Dialect()) {
  const clock = new ManualClock()
  const { socket, peer } = memorySocketPair({ capabilities })
  const link = new Link(socket, dialect, {
    clock,
    deadlines: new Deadlines(clock),
    keepAlive: { ...defaultKeepAlive, random: () => 0.5 },
    limits: defaultLimits,
  })
  return { clock, link, peer }
}

async function begin(options: Parameters<typeof scriptedCall>[0] = {}, callOptions: TestCallOptions = {}) {
  const scripted = await scriptedCall({ resume: { windowMs: 30_000 }, ...options }, { config, ...callOptions })
  const ready = await scripted.call.expect('ready')
  return { ...scripted, ready, session: [...scripted.voice.sessions.values()][0]! }
}

describe('keep-alive', () => {
  it('finds a client that died silently within ping and pong time, and the session waits for it', async () => {
    const { call, session, voice, clock } = await begin({ limits: { idleMs: false } })
    await call.advance(80_000)
    expect(session.state).toBe('active')
    call.peer.answersPings = false
    await call.advance(9500)
    expect(call.peer.closed).toBeUndefined()
    await call.advance(28_500)
    expect([call.peer.closed?.code, session.state]).toEqual([1006, 'reconnecting'])
    await voice.close()
    expect(clock.pending).toBe(0)
  })

  it('goes over messages where the transport has no pings, and finds silence there as well', async () => {
    const { call, session, voice } = await begin({ limits: { idleMs: false } }, { capabilities: { ping: false } })
    let answered = 0
    for (let seconds = 0; seconds < 80; seconds++) {
      await call.advance(1000)
      for (const { t } of call.of('ping').slice(answered)) {
        call.send({ type: 'pong', t })
        answered++
      }
    }
    expect(answered).toBe(3)
    expect(session.state).toBe('active')
    await call.advance(38_000)
    expect([call.peer.closed?.code, session.state]).toEqual([1006, 'reconnecting'])
    await voice.close()
  })

  it('has nothing to go over with a plain client on a transport without pings', async () => {
    const { call, session, voice } = await begin(
      { limits: { idleMs: false } },
      { protocol: '', config: {}, capabilities: { ping: false } },
    )
    await call.advance(120_000)
    expect(session.state).toBe('active')
    await voice.close()
  })

  it('of a socket that was taken over ends with it', async () => {
    const { call, voice, clock, ready } = await begin({ limits: { idleMs: false } })
    const back = await comeBack({ voice, clock }, resumeMessage(ready, { start: 0, end: 0 }))
    await back.expect('resumed')
    await back.advance(3000)
    expect(call.peer.closed?.code).toBe(4409)
    back.peer.answersPings = false
    await back.advance(40_000)
    expect([...voice.sessions.values()][0]?.state).toBe('reconnecting')
    await voice.close()
    expect(clock.pending).toBe(0)
  })
})

describe('a recogniser that takes no more', () => {
  it('stops the reading, for a second at most, and loses nothing by it', async () => {
    const stuck = new ScriptedStt({ faults: () => ({ blockAfterMs: 100 }) })
    const { call, session, voice, clock } = await begin({ stt: [stuck] })
    let heardBytes = 0
    let behindBytes = 0
    session.tap('in', ({ audio }) => {
      heardBytes += audio.length
    })
    const seconds = 14
    for (let sent = 640; sent <= seconds * 32_000; sent += 640) {
      call.sendAudio(new Uint8Array(640))
      behindBytes = Math.max(behindBytes, sent - heardBytes)
      await call.advance(20)
    }
    expect(behindBytes).toBeGreaterThan(0)
    expect(behindBytes).toBeLessThanOrEqual(32_640)
    await call.advance(1100)
    expect(heardBytes).toBe(seconds * 32_000)
    const closed = new Promise<number>(resolve => session.on('closed', ({ report }) => resolve(report.heardMs)))
    await voice.close()
    expect(await closed).toBe(seconds * 1000)
    await call.advance(2500)
    expect(clock.pending).toBe(0)
  })

  it('does not make a client look dead whose pongs are not read', () => {
    const { clock, link, peer } = bareLink()
    peer.answersPings = false
    link.startKeepAlive()
    clock.advance(26_000)
    link.pauseReads()
    clock.advance(60_000)
    expect(peer.closed).toBeUndefined()
    link.resumeReads()
    clock.advance(38_000)
    expect(peer.closed?.code).toBe(1006)
  })

  it('is borne by a transport that cannot stop reading', async () => {
    const { clock, link, peer } = bareLink({ pauseReads: false })
    const got: unknown[] = []
    link.retarget({ ...silent, message: message => got.push(message.type) })
    peer.attach(link)
    link.pauseReads()
    peer.send('{"type":"clear"}')
    link.resumeReads()
    expect(got).toEqual(['clear'])
    link.fence()
    peer.send('{"type":"clear"}')
    expect(got).toEqual(['clear'])
    peer.drop()
    expect(clock.pending).toBe(0)
  })
})

describe('how many messages a link takes', () => {
  it.each([
    [undefined, 100],
    [true, 400],
  ])('with textAudio %s: %i at once, and one more is 4429', async (textAudio, most) => {
    const v1 = createV1Dialect()
    const { link, peer, clock } = bareLink({}, { ...v1, features: { ...v1.features, textAudio } })
    const got: unknown[] = []
    link.retarget({ ...silent, message: message => got.push(message.type) })
    peer.attach(link)
    for (let i = 0; i < most; i++) peer.send('{"type":"finalize"}')
    expect(got).toHaveLength(most)
    expect(link.open).toBe(true)
    peer.send('{"type":"finalize"}')
    expect([got.length, link.open]).toEqual([most, false])
    clock.advance(3000)
    expect(peer.closed?.code).toBe(4429)
    expect(clock.pending).toBe(0)
  })
})

describe('a client that cannot keep up', () => {
  it('is sent away with 1013 and a hint, and comes back to its session', async () => {
    const { call, session, voice, clock, ready } = await begin({ backpressure: { maxQueuedBytes: 20_000 } })
    const cut = session.say('This is never heard because the client does not read what it is sent.')
    call.peer.stall()
    for (let i = 0; i < 50; i++) session.send('filler', 'x'.repeat(1000))
    await call.advance(100)
    expect(session.state).toBe('reconnecting')
    expect((await cut.done).outcome).toBe('interrupted')
    await call.advance(2500)
    const back = await comeBack({ voice, clock }, resumeMessage(ready, { start: 0, end: 0 }))
    expect(await back.expect('resumed')).toMatchObject({ state: 'active' })
    await back.advance(1000)
    expect(back.of('event').length).toBeGreaterThan(10)
    await voice.close()
    await back.advance(2500)
    expect(clock.pending).toBe(0)
  })

  it('hears why, if it reads at last', async () => {
    const { call, session, voice } = await begin({ backpressure: { maxQueuedBytes: 20_000 } })
    call.peer.stall()
    for (let i = 0; i < 50; i++) session.send('filler', 'x'.repeat(1000))
    call.peer.flow()
    expect(await call.closed()).toEqual({ code: 1013, reason: '{"r":1000}' })
    expect(call.of('error').at(-1)).toMatchObject({ code: 'slow_consumer', retry_after_ms: 1000 })
    await voice.close()
  })

  it('ends its session where it cannot come back', async () => {
    const { call, session, voice } = await begin({ backpressure: { maxQueuedBytes: 20_000 }, resume: false })
    const codes: number[] = []
    session.on('closed', ({ code }) => codes.push(code))
    call.peer.stall()
    for (let i = 0; i < 50; i++) session.send('filler', 'x'.repeat(1000))
    expect([session.state, codes]).toEqual(['closed', [1013]])
    await voice.close()
  })
})

describe('a socket that is closed', () => {
  it('is cut when the goodbye is not answered within 2 s', async () => {
    const { call, session, voice, clock } = await begin()
    call.peer.stall()
    session.close()
    await call.advance(1900)
    expect(call.peer.closed).toBeUndefined()
    await call.advance(400)
    expect(call.peer.closed).toBeDefined()
    await voice.close()
    expect(clock.pending).toBe(0)
  })

  it('takes nothing from the client any more, whatever still comes', async () => {
    const { call, session, voice } = await begin()
    call.peer.stall()
    call.send({ type: 'event', name: 'before' })
    const events: string[] = []
    session.on('event', ({ name }) => events.push(name))
    call.sendAudio(new Uint8Array(300_000))
    call.send({ type: 'event', name: 'after' })
    call.sendAudio(new Uint8Array(640))
    expect(events).toEqual([])
    call.peer.flow()
    await call.advance(100)
    expect(call.peer.closed).toEqual({ code: 1009, reason: 'too_large' })
    expect([session.state, voice.sessions.size]).toEqual(['failed', 0])
  })

  it('may end in the middle of speech without a word lost for the one who comes back in time', async () => {
    const scripted = await begin({ agent: ({ text }) => `You said ${text}.` })
    const audio = speak('one two three', linear16)
    await sayInto(scripted.call, audio.subarray(0, 9600))
    scripted.call.peer.close(1001)
    await scripted.call.advance(1000)
    expect(scripted.session.state).toBe('reconnecting')
    const back = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 9600 }))
    await back.expect('resumed')
    await sayInto(back, audio.subarray(9600))
    await sayInto(back, silence(1500, linear16))
    expect(scripted.session.history[0]?.text).toBe('one two three')
    await scripted.voice.close()
  })
})
