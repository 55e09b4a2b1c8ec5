import { describe, expect, it } from 'vitest'
import type { SessionReport } from '../../../src/index.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { silence } from '../../../src/testing/spoken-words.js'
import {
  comeBack,
  heardText,
  linear16,
  resumeMessage,
  sayInto,
  sayWords,
  scriptedCall,
} from '../../fixtures/scripted-call.js'

const config = { audio_out: { sample_rates: [16_000] } }

async function begin(options: Parameters<typeof scriptedCall>[0] = {}) {
  const scripted = await scriptedCall(options, { config })
  const ready = await scripted.call.expect('ready')
  return { ...scripted, ready, session: [...scripted.voice.sessions.values()][0]! }
}

describe('saved', () => {
  it('holds 4096 characters of JSON and says so beyond', async () => {
    const { session, voice } = await begin()
    session.saved = 'x'.repeat(4094)
    expect(() => {
      session.saved = 'x'.repeat(4095)
    }).toThrow(/^saved: 4097 characters of JSON, at most 4096/)
    expect(session.saved).toBe('x'.repeat(4094))
    session.saved = undefined
    expect(session.saved).toBeUndefined()
    await voice.close()
  })
})

describe('update', () => {
  it('changes agent, recogniser and synthesiser from the next turn on', async () => {
    const second = new ScriptedStt({ name: 'second' })
    const first = new ScriptedStt({ name: 'first' })
    const { session, call, voice } = await begin({ stt: [first, second], agent: () => 'Old.' })
    session.update({ agent: () => 'New.', stt: ['second'], turns: { endpointMs: 300 } })
    await sayInto(call, silence(2000, linear16))
    await sayWords(call, 'hello')
    await call.advance(2000)
    expect(heardText(call)).toBe('New.')
    expect(second.connections.length).toBeGreaterThan(0)
    await voice.close()
  })

  it('refuses what is not there, and then changes nothing', async () => {
    const { session, voice } = await begin({ agent: () => 'Old.' })
    expect(() => session.update({ stt: ['nobody'] })).toThrow(TypeError)
    expect(() => session.update({ tts: ['nobody'], agent: () => 'New.' })).toThrow(TypeError)
    expect(() => session.update({ stt: [] })).toThrow(/^stt: an empty list/)
    await voice.close()
  })

  it('judges only what is changed, not what the client once wished for', async () => {
    const { voice, call } = await scriptedCall(
      { configure: () => ({ tts: ['scripted-tts'], stt: ['scripted'] }) },
      { config: { ...config, tts_config: { provider: 'elsewhere' }, stt_config: { provider: 'elsewhere' } } },
    )
    await call.expect('ready')
    const session = [...voice.sessions.values()][0]!
    session.update({ stt: ['scripted'] })
    session.update({ tts: ['scripted-tts'] })
    await voice.close()
  })
})

describe('the report of a session', () => {
  it('adds up what happened in it', async () => {
    const scripted = await begin({ agent: ({ text }) => `You said ${text} and I heard it.` })
    const { call, session, ready, voice } = scripted
    const report = new Promise<SessionReport>(resolve => session.on('closed', closed => resolve(closed.report)))
    await sayWords(call, 'one two')
    await call.advance(200)
    session.interrupt()
    call.send({ type: 'hum' })
    await call.advance(1000)
    const acceptedMs = 2 * Math.round(Number(call.of('ack').at(-1)?.audio_in) / 64)
    call.peer.drop()
    await call.advance(1500)
    const accepted = 32 * acceptedMs
    const back = await comeBack(scripted, resumeMessage(ready, { start: 0, end: accepted + 320_000 }))
    const { audio_in } = (await back.expect('resumed')) as unknown as { audio_in: { from: number } }
    back.send({ type: 'gap', from: audio_in.from, to: audio_in.from + 64_000, reason: 'ring' })
    await back.advance(100)
    await voice.close()
    const { droppedMsByCause, ...numbers } = await report
    expect(droppedMsByCause).toHaveProperty('clear')
    expect(numbers).toMatchObject({
      turns: 1,
      interruptions: 1,
      resumes: 1,
      unknownMessages: 1,
      lostUplinkMs: 2000,
      heardMs: audio_in.from / 32 + 2000,
      sttFailovers: 0,
      ttsFailovers: 0,
    })
    expect(Object.values(numbers).every(value => typeof value === 'number' && value >= 0)).toBe(true)
  })
})

describe('two tabs with one token', () => {
  it('end with one of them on the session, and the other told 4409, to stay away', async () => {
    const scripted = await begin()
    const message = resumeMessage(scripted.ready, { start: 0, end: 0 })
    const [one, two] = await Promise.all([comeBack(scripted, message), comeBack(scripted, message)])
    await Promise.all([one.expect('resumed'), two.expect('resumed')])
    await one.advance(500)
    const tabs = [scripted.call, one, two]
    expect(tabs.filter(({ peer }) => peer.closed === undefined)).toHaveLength(1)
    const losers = tabs.flatMap(({ peer }) => peer.closed ?? [])
    expect(losers.map(({ code }) => code)).toEqual([4409, 4409])
    // From the moment of the takeover nothing goes to the old socket but its end.
    expect(scripted.call.messages.at(-1)).toMatchObject({ type: 'state', state: 'active' })
    expect(scripted.voice.sessions.size).toBe(1)
    expect(scripted.session.state).toBe('active')
    await scripted.voice.close()
  })

  it('give the session to the one that was served, once it has spoken', async () => {
    const scripted = await begin()
    const message = resumeMessage(scripted.ready, { start: 0, end: 0 })
    const one = await comeBack(scripted, message)
    await one.expect('resumed')
    one.send({ type: 'ping', t: 1 })
    const two = await comeBack(scripted, message)
    const other = await two.expect('ready')
    expect(other.session_id).not.toBe(scripted.ready.session_id)
    expect([one.peer.closed, scripted.voice.sessions.size]).toEqual([undefined, 2])
    await scripted.voice.close()
  })
})

describe('a client that comes back at an awkward moment', () => {
  it('before its session was ever ready, with a made-up token: gets another one', async () => {
    const scripted = await scriptedCall({ stt: [new ScriptedStt({ faults: [{ opens: 'never' }] })] }, { config })
    await scripted.call.advance(50)
    const session = [...scripted.voice.sessions.values()][0]!
    expect(session.state).toBe('configuring')
    const back = await comeBack(
      scripted,
      resumeMessage({ session_id: session.id, resume_token: 'x' }, { start: 0, end: 0 }),
    )
    expect((await back.expect('ready')).session_id).not.toBe(session.id)
    expect(scripted.voice.stats().resumesRefused).toBe(1)
    scripted.call.peer.drop()
    await back.advance(20)
    expect(session.state).toBe('closed')
    await scripted.voice.close()
  })

  it('while its recogniser is down: is resumed as degraded and hears when it is live again', async () => {
    const stt = new ScriptedStt({ faults: index => (index > 0 && index < 6 ? { refuse: 'connection' } : {}) })
    const scripted = await begin({ stt: [stt], agent: ({ text }) => `You said ${text}.` })
    stt.last.fail('connection')
    await scripted.call.advance(20)
    expect(scripted.session.state).toBe('degraded')
    const back = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 0 }))
    expect(await back.expect('resumed')).toMatchObject({ state: 'degraded' })
    await sayWords(back, 'one two')
    await back.advance(8000)
    expect(back.of('state').map(({ state }) => state)).toContain('active')
    expect(scripted.session.history[0]?.text).toBe('one two')
    await scripted.voice.close()
  })

  it('with less audio than the server has: cannot be the one it was, and the session waits on', async () => {
    const scripted = await begin()
    await sayInto(scripted.call, silence(1000, linear16))
    const liar = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 100 }))
    expect((await liar.expect('ready')).session_id).not.toBe(scripted.ready.session_id)
    expect(scripted.call.peer.closed).toBeUndefined()
    await scripted.voice.close()
  })

  it('after so many messages that some are forgotten: gets where things stand', async () => {
    const scripted = await begin({ agent: () => undefined })
    scripted.session.userTurn('remember this')
    scripted.call.peer.drop()
    await scripted.call.advance(100)
    const sent = 300
    const back = await (async () => {
      const warm = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 0 }))
      const { resume_token } = await warm.expect('resumed')
      for (let i = 0; i < sent; i++) scripted.session.send('n', i)
      warm.peer.drop()
      return comeBack(scripted, resumeMessage({ ...scripted.ready, resume_token }, { start: 0, end: 0 }))
    })()
    expect(await back.expect('resumed')).toMatchObject({ events_lost: true })
    const snapshot = await back.expect('snapshot')
    expect(snapshot.turns).toMatchObject([{ role: 'user', text: 'remember this' }])
    await back.advance(100)
    expect(back.of('event').at(-1)?.data).toBe(sent - 1)
    await scripted.voice.close()
  })
})
