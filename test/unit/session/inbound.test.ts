import { describe, expect, it } from 'vitest'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { silence } from '../../../src/testing/spoken-words.js'
import type { TestCall, TestCallOptions } from '../../../src/testing/test-call.js'
import { comeBack, linear16, resumeMessage, sayInto, scriptedCall } from '../../fixtures/scripted-call.js'

const config = { audio_out: { sample_rates: [16_000] } }

async function begin(options: Parameters<typeof scriptedCall>[0] = {}, callOptions: TestCallOptions = {}) {
  const scripted = await scriptedCall(options, { config, ...callOptions })
  const ready = await scripted.call.expect('ready')
  const session = [...scripted.voice.sessions.values()][0]!
  const closed: { code: number; reason: string; lostMs: number; heardMs: number }[] = []
  session.on('closed', ({ code, reason, report }) =>
    closed.push({ code, reason, lostMs: report.lostUplinkMs, heardMs: report.heardMs }),
  )
  return { ...scripted, ready, session, closed }
}

const errorsOf = (call: TestCall) => call.of('error').map(({ code }) => code)

describe('what a client may', () => {
  it.each([
    ['speak', { type: 'speak', text: 'x' }, { speak: false }, undefined],
    ['speak beside an agent', { type: 'speak', text: 'x' }, {}, () => undefined],
    ['user_text', { type: 'user_text', text: 'x' }, { userText: false }, undefined],
    ['event', { type: 'event', name: 'x' }, { event: false }, undefined],
  ])('not: %s is one error not_allowed, and the call goes on', async (_, message, clientMay, agent) => {
    const { call, session, voice } = await begin({ clientMay, agent })
    const events: unknown[] = []
    session.on('event', event => events.push(event))
    call.send(message)
    await call.advance(500)
    expect(errorsOf(call)).toEqual(['not_allowed'])
    expect([events, session.history, call.of('tts_start')]).toEqual([[], [], []])
    expect(session.state).toBe('active')
    await voice.close()
  })

  it.each([
    ['without an agent', {}, undefined],
    ['when it always may', { speak: true }, () => undefined],
  ] as const)('speak %s', async (_, clientMay, agent) => {
    const { call, voice } = await begin({ clientMay, agent })
    call.send({ type: 'speak', text: 'Good day.', utterance_id: 'mine' })
    expect(await call.expect('tts_start')).toMatchObject({ utterance_id: 'mine' })
    await call.expect('tts_playback_complete')
    call.send({ type: 'clear', utterance_id: 'mine' })
    await call.advance(100)
    expect([call.of('clear'), errorsOf(call)]).toEqual([[], []])
    await voice.close()
  })
})

describe('what a client gets wrong', () => {
  it('is answered nineteen times and ends the session with 4400 at the twentieth, over all its sockets', async () => {
    const scripted = await begin()
    for (let i = 0; i < 10; i++) scripted.call.send({ type: 'speak' })
    await scripted.call.advance(100)
    expect(errorsOf(scripted.call)).toEqual(Array(10).fill('bad_message'))
    scripted.call.peer.drop()
    const back = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 0 }, { last_seq: 99 }))
    await back.expect('resumed')
    for (let i = 0; i < 9; i++) back.send({ type: 'gap', from: 5 })
    await back.advance(100)
    expect(scripted.session.state).toBe('active')
    back.send({ type: 'user_text' })
    expect(await back.closed()).toEqual({ code: 4400, reason: 'bad_message' })
    expect(errorsOf(back)).toEqual(Array(10).fill('bad_message'))
    expect(scripted.closed).toMatchObject([{ code: 4400, reason: 'bad_message' }])
    expect(scripted.session.state).toBe('failed')
  })

  it('in a second config ends the call, where a right one is only refused', async () => {
    const { call, closed } = await begin()
    call.send({ type: 'config' })
    call.send({ type: 'resume', ...resumeMessage({ session_id: 'x', resume_token: 'y' }, { start: 0, end: 0 }) })
    await call.advance(20)
    expect(errorsOf(call)).toEqual(['already_configured', 'already_configured'])
    call.send({ type: 'config', stt_config: { sample_rate: 5 } })
    expect((await call.closed()).code).toBe(4400)
    expect(closed).toMatchObject([{ code: 4400, reason: 'bad_config' }])
  })

  it('in plain clients that configure again and again: at most one a second, because each connects providers', async () => {
    const { call, stt, clock } = await begin({}, { protocol: '' })
    const again = { type: 'config', tts_config: { sample_rate: 16_000 } }
    for (let i = 0; i < 5; i++) {
      call.send(again)
      await call.advance(100)
    }
    expect(call.of('ready')).toHaveLength(6)
    await call.advance(2000)
    call.send(again)
    await call.advance(100)
    expect([call.of('ready').length, call.peer.closed]).toEqual([7, undefined])
    call.send(again)
    call.send(again)
    expect(await call.closed()).toEqual({ code: 4429, reason: 'rate_limited' })
    expect(errorsOf(call)).toEqual(['rate_limited'])
    await call.advance(2500)
    expect([stt.openStreams, clock.pending]).toEqual([0, 0])
  })

  it('by a newer version of the protocol is counted and ignored', async () => {
    const { call, session, voice } = await begin()
    const counts: number[] = []
    session.on('closed', ({ report }) => counts.push(report.unknownMessages))
    for (let i = 0; i < 30; i++) call.send({ type: 'hum' })
    await call.advance(100)
    expect([session.state, errorsOf(call)]).toEqual(['active', []])
    await voice.close()
    expect(counts).toEqual([30])
  })
})

describe('audio', () => {
  it('before ready is refused once a socket, and not counted', async () => {
    const { call, voice } = await scriptedCall(
      { configure: () => new Promise<undefined>(resolve => setTimeout(() => resolve(undefined), 20)) },
      { config },
    )
    for (let i = 0; i < 5; i++) call.sendAudio(new Uint8Array(640))
    await call.expect('ready')
    call.send({ type: 'stats', seq: 0, t: 1, playback: null, buffered_bytes: 0, rtt_ms: 0 })
    expect(await call.expect('ack')).toMatchObject({ audio_in: 0, t: 1 })
    expect(errorsOf(call)).toEqual(['audio_not_ready'])
    await voice.close()
  })

  it('of a session without recognition is refused once a socket', async () => {
    const { call, voice } = await begin({ stt: [] })
    for (let i = 0; i < 5; i++) call.sendAudio(new Uint8Array(640))
    await call.advance(20)
    expect(errorsOf(call)).toEqual(['audio_not_ready'])
    await voice.close()
  })

  it('is acknowledged every half second of it, and at each report', async () => {
    const { call, voice } = await begin({}, { player: false })
    await sayInto(call, silence(1200, linear16))
    expect(call.of('ack').map(({ audio_in }) => audio_in)).toEqual([16_000, 32_000])
    call.send({ type: 'stats', seq: 0, t: 7, playback: null, buffered_bytes: 0, rtt_ms: 0 })
    await call.advance(20)
    expect(call.of('ack').at(-1)).toMatchObject({ audio_in: 38_400, t: 7 })
    await voice.close()
  })

  it('that comes too fast is dropped, counts as accepted, and is cut off with 4429 after 5 s of it', async () => {
    // A transport that can stop reading would stretch it.
    const { call, session, closed } = await begin({}, { capabilities: { pauseReads: false } })
    const gaps: { reason: string; ms: number }[] = []
    session.on('gap', ({ reason, ms }) => gaps.push({ reason, ms }))
    let sent = 0
    // Ten seconds may come at once: what a client keeps, and two more.
    for (; sent < 320_000; sent += 32_000) call.sendAudio(new Uint8Array(32_000))
    await call.advance(20)
    expect(gaps).toEqual([])
    let seconds = 0
    for (; call.peer.closed === undefined && seconds < 20; seconds += 0.1, sent += 32_000) {
      call.sendAudio(new Uint8Array(32_000))
      await call.advance(100)
    }
    expect(call.peer.closed).toEqual({ code: 4429, reason: 'rate_limited' })
    expect(seconds).toBeGreaterThan(4.9)
    expect(seconds).toBeLessThan(6)
    expect(gaps.some(({ reason, ms }) => reason === 'overflow' && ms > 0)).toBe(true)
    const acknowledged = Number(call.of('ack').at(-1)?.audio_in)
    expect(acknowledged).toBeGreaterThan(sent - 100_000)
    expect(acknowledged).toBeLessThanOrEqual(sent)
    expect(closed[0]?.code).toBe(4429)
    expect(closed[0]?.lostMs).toBeGreaterThan(30_000)
  })

  it('at twice the speed for a while is borne, because a replay looks like that', async () => {
    const { call, session, voice } = await begin()
    const gaps: unknown[] = []
    session.on('gap', gap => gaps.push(gap))
    for (let at = 0; at < 16_000; at += 20) {
      call.sendAudio(new Uint8Array(1280))
      await call.advance(20)
    }
    expect([gaps, call.peer.closed]).toEqual([[], undefined])
    await voice.close()
  })

  it('that the client skips moves its offset, and is told as a gap', async () => {
    const { call, session, voice } = await begin()
    const gaps: unknown[] = []
    session.on('gap', ({ reason, ms }) => gaps.push([reason, ms]))
    await sayInto(call, silence(200, linear16))
    call.send({ type: 'gap', from: 6400, to: 70_400, reason: 'muted' })
    call.send({ type: 'stats', seq: 0, t: 1, playback: null, buffered_bytes: 0, rtt_ms: 0 })
    await call.advance(20)
    expect(call.of('ack').at(-1)?.audio_in).toBe(70_400)
    expect(gaps).toEqual([['muted', 2000]])
    await voice.close()
  })
})

describe('a ping of the client', () => {
  it('is answered at every step of the call', async () => {
    let configured = () => {}
    const { call, voice } = await scriptedCall(
      {
        configure: () =>
          new Promise<undefined>(resolve => {
            configured = () => resolve(undefined)
          }),
        stt: [new ScriptedStt({ faults: [{ opens: 'never' }] })],
      },
      { config: false },
    )
    const pongs = () => call.of('pong').map(({ t }) => t)
    call.send({ type: 'ping', t: 1 })
    expect(pongs()).toEqual([1])
    call.send({ type: 'config', ...config })
    call.send({ type: 'ping', t: 2 })
    expect(pongs()).toEqual([1, 2])
    await call.advance(20)
    configured()
    await call.advance(20)
    expect([...voice.sessions.values()][0]?.state).toBe('configuring')
    call.send({ type: 'ping', t: 3 })
    expect(pongs()).toEqual([1, 2, 3])
    await voice.close()
  })
})

describe('limits of time', () => {
  it('end a session with a notice a minute ahead', async () => {
    const { call, closed } = await begin({ limits: { sessionMs: 120_000, idleMs: false } }, { player: false })
    await call.advance(75_000)
    expect(errorsOf(call)).toEqual(['session_ending'])
    expect(call.of('error')[0]).toMatchObject({ retryable: false })
    expect(await call.closed(60_000)).toEqual({ code: 1000, reason: 'session_limit' })
    expect(closed).toMatchObject([{ code: 1000, reason: 'session_limit' }])
  })

  it('say how long is left when that is less than a minute', async () => {
    const { call, voice } = await begin({ limits: { sessionMs: 8000 } })
    await call.advance(1500)
    expect(call.of('error')[0]?.message).toBe('the session ends in 7 s')
    await voice.close()
  })

  it('are not moved by reports alone, but by audio and messages', async () => {
    const { call, session } = await begin({ limits: { idleMs: 20_000 } }, { player: false })
    for (let i = 0; i < 30; i++) {
      call.send({ type: 'event', name: 'still here' })
      await call.advance(1000)
    }
    expect(session.state).toBe('active')
    for (let i = 0; i < 30 && call.peer.closed === undefined; i++) {
      call.send({ type: 'stats', seq: 0, t: i, playback: null, buffered_bytes: 0, rtt_ms: 0 })
      call.send({ type: 'ping', t: i })
      await call.advance(1000)
    }
    expect(call.peer.closed).toEqual({ code: 1000, reason: 'idle' })
  })
})
