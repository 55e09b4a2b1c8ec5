import { describe, expect, it } from 'vitest'
import type { VoiceHandlerOptions } from '../../../src/index.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { startTestCall } from '../../../src/testing/test-call.js'
import { type ScriptedCall, scriptedCall } from '../../fixtures/scripted-call.js'

const config = { type: 'config', audio_out: { sample_rates: [16_000] } }

/** A session that counts its own ends. */
async function counted<P, D>(options: VoiceHandlerOptions<P, D> = {}) {
  const ends = { closed: [] as number[], onSessionEnd: 0 }
  const scripted = await scriptedCall(
    {
      ...options,
      onSession: session => {
        session.on('closed', ({ code }) => ends.closed.push(code))
        options.onSession?.(session)
      },
      onSessionEnd: () => void ends.onSessionEnd++,
    },
    { config },
  )
  return { ...scripted, ends }
}

async function nothingIsLeft({ voice, clock, stt, tts, call }: ScriptedCall): Promise<void> {
  await call.advance(2500)
  expect([voice.sessions.size, stt.openStreams, tts.openStreams, clock.pending]).toEqual([0, 0, 0, 0])
}

describe('a session that its application ends', () => {
  it('in onSession: never starts, and its client hears the code', async () => {
    const scripted = await counted({ onSession: session => session.close({ code: 4403, reason: 'not today' }) })
    expect(await scripted.call.closed()).toEqual({ code: 4403, reason: 'not today' })
    expect(scripted.stt.connections).toHaveLength(0)
    expect(scripted.ends).toEqual({ closed: [4403], onSessionEnd: 1 })
    await nothingIsLeft(scripted)
  })

  it.each(['configuring', 'active'])('in its listener to the state %s: ends once', async state => {
    const scripted = await counted({
      onSession: session =>
        session.on('state', change => {
          if (change.state === state) session.close({ reason: state })
        }),
    })
    expect(await scripted.call.closed()).toEqual({ code: 1000, reason: state })
    expect(scripted.ends).toEqual({ closed: [1000], onSessionEnd: 1 })
    await nothingIsLeft(scripted)
  })

  it.each(['ready', 'closed'] as const)('in its listener to %s: ends once', async event => {
    const scripted = await counted({ onSession: session => session.on(event, () => session.close({ code: 4001 })) })
    if (event === 'closed') [...scripted.voice.sessions.values()][0]?.close({ code: 4001 })
    expect((await scripted.call.closed()).code).toBe(4001)
    expect(scripted.ends).toEqual({ closed: [4001], onSessionEnd: 1 })
    await nothingIsLeft(scripted)
  })

  it('while it is told that a leg is lost: ends once, in its own way', async () => {
    const stt = new ScriptedStt({ faults: connection => (connection === 0 ? {} : { refuse: 'connection' }) })
    let errors = 0
    const scripted = await counted({
      stt: [stt],
      onSession: session =>
        session.on('error', () => {
          // The first says that the leg is down, the second that it stays so.
          if (++errors === 2) session.close({ code: 4321, reason: 'mine' })
        }),
      recovery: { budgetMs: 1000 },
    })
    await scripted.call.expect('ready')
    stt.last.fail('connection')
    expect(await scripted.call.closed()).toEqual({ code: 4321, reason: 'mine' })
    expect(scripted.ends).toEqual({ closed: [4321], onSessionEnd: 1 })
    await nothingIsLeft(scripted)
  })

  it('while a client resumes it: the old socket and the new one close, and nothing is resumed', async () => {
    const scripted = await counted()
    const { call, voice, clock } = scripted
    const { session_id, resume_token } = await call.expect('ready')
    const session = [...voice.sessions.values()][0]
    session?.on('state', ({ reason }) => reason === 'resume' && session.close({ code: 4999 }))
    const back = await startTestCall(voice, { clock, config: false })
    const audio_in = { start: 0, end: 0 }
    const rest = { last_seq: 0, audio_in, playback: null, outage_ms: 0, attempt: 1, config }
    back.send({ type: 'resume', session_id, resume_token, ...rest })
    expect((await back.closed()).code).toBe(4999)
    expect((await call.closed()).code).toBe(4409)
    expect(back.of('resumed')).toEqual([])
    expect(scripted.ends).toEqual({ closed: [4999], onSessionEnd: 1 })
    await nothingIsLeft(scripted)
  })

  it('refuses a close code that no endpoint may send', async () => {
    const { call, voice } = await counted()
    await call.expect('ready')
    const session = [...voice.sessions.values()][0]!
    for (const code of [999, 1004, 1005, 1006, 1015, 2000, 5000, 1000.5])
      expect(() => session.close({ code })).toThrow(TypeError)
    expect(session.state).toBe('active')
    await voice.close()
  })

  it('settles what is said afterwards, and takes everything else for nothing', async () => {
    const { call, voice } = await counted({ agent: () => 'never' })
    await call.expect('ready')
    const session = [...voice.sessions.values()][0]!
    const cut = session.say('This is cut short by the end.')
    session.close()
    session.close({ code: 4000, afterSpeech: true })
    const late = session.say('too late')
    session.userTurn('hello?')
    session.interrupt()
    session.finalize()
    session.update({ turns: { endpointMs: 100 } })
    session.send('late')
    session.saved = 'late'
    await call.advance(100)
    expect([(await cut.done).outcome, (await late.done).outcome]).not.toContain('completed')
    expect(session.history.filter(({ role }) => role === 'user')).toEqual([])
    expect(session.state).toBe('closed')
    await voice.close()
  })
})

describe('a failing application', () => {
  it('that fails in its listener to errors harms nobody and is reported to the handler once', async () => {
    const scripted = await counted({
      onSession: session => {
        session.on('error', () => {
          throw new Error('in the error listener')
        })
        session.on('event', () => {
          throw new Error('in a listener')
        })
      },
    })
    const heard: string[] = []
    scripted.voice.on('error', ({ error }) => heard.push(error.message))
    await scripted.call.expect('ready')
    scripted.call.send({ type: 'event', name: 'boom', data: null })
    await scripted.call.advance(100)
    expect(heard).toEqual(["a listener of 'error' threw: in the error listener"])
    expect(scripted.call.of('error')).toEqual([])
    expect(scripted.call.peer.closed).toBeUndefined()
    await scripted.voice.close()
  })

  it('that fails in a tap, of either direction, is told and goes on', async () => {
    const { call, voice } = await counted()
    await call.expect('ready')
    const session = [...voice.sessions.values()][0]!
    const errors: string[] = []
    session.on('error', error => errors.push(error.code))
    const untap = session.tap('in', () => {
      throw new Error('tap')
    })
    call.sendAudio(new Uint8Array(640))
    untap()
    call.sendAudio(new Uint8Array(640))
    session.tap('out', () => {
      throw new Error('tap')
    })
    session.play(new Uint8Array(320), { format: { encoding: 'linear16', sampleRate: 16_000, channels: 1 } })
    await call.advance(200)
    expect(errors).toEqual(['app_failed', 'app_failed'])
    expect(session.state).toBe('active')
    await voice.close()
  })
})

describe('a page that is frozen', () => {
  it('has its socket closed for it, so that none is left behind when it never wakes', async () => {
    const scripted = await counted()
    await scripted.call.expect('ready')
    scripted.call.peer.stall()
    scripted.call.send({ type: 'bye', reason: 'suspend' })
    await scripted.call.advance(3000)
    expect(scripted.call.peer.closed).toBeDefined()
    expect([...scripted.voice.sessions.values()][0]?.state).toBe('reconnecting')
    await scripted.voice.close()
    await nothingIsLeft(scripted)
  })
})
