import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { comeBack, linear16, resumeMessage, sayInto, sayWords, scriptedCall } from '../../fixtures/scripted-call.js'

const config = { type: 'config', audio_out: { sample_rates: [16_000] } }
const words = 'one two three four five six'

async function begin(options: Parameters<typeof scriptedCall>[0] = {}) {
  const scripted = await scriptedCall({ agent: ({ text }) => `You said ${text}.`, ...options }, { config })
  const ready = await scripted.call.expect('ready')
  return { ...scripted, ready, session: [...scripted.voice.sessions.values()][0]! }
}

describe('a client that comes back', () => {
  it('goes on exactly where the server stopped hearing, whatever was in flight', async () => {
    const scripted = await begin()
    const audio = speak(words, linear16)
    const cut = 640 * 31
    await sayInto(scripted.call, audio.subarray(0, cut))
    scripted.call.peer.drop()
    await scripted.call.advance(2000)
    expect(scripted.session.state).toBe('reconnecting')
    const back = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: cut + 3200 }))
    const resumed = await back.expect('resumed')
    expect(resumed).toMatchObject({
      audio_in: { from: cut },
      lost: null,
      epoch: 2,
      events_lost: false,
      state: 'active',
    })
    await sayInto(back, audio.subarray(cut))
    await sayInto(back, silence(1200, linear16))
    await back.advance(1000)
    expect(scripted.session.history[0]?.text).toBe(words)
    await scripted.voice.close()
    await back.advance(5000)
    expect(scripted.clock.pending).toBe(0)
  })

  it('cuts off the old socket first: nothing that still arrives there counts, and it is told 4409', async () => {
    const scripted = await begin()
    const audio = speak(words, linear16)
    await sayInto(scripted.call, audio.subarray(0, 6400))
    const back = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: audio.length }))
    await back.expect('resumed')
    scripted.call.sendAudio(audio.subarray(6400, 12_800))
    scripted.call.send({ type: 'user_text', text: 'from the grave' })
    await sayInto(back, audio.subarray(6400))
    await sayInto(back, silence(1200, linear16))
    await back.advance(1000)
    expect(scripted.session.history.map(item => item.text)[0]).toBe(words)
    expect((await scripted.call.closed()).code).toBe(4409)
    await scripted.voice.close()
  })

  it('gets what it missed once, in order, and nothing it had', async () => {
    const scripted = await begin()
    scripted.session.send('a')
    scripted.session.send('b')
    await scripted.call.advance(100)
    const seen = scripted.call.of('event').map(event => Number(event.seq))
    scripted.call.peer.drop()
    await scripted.call.advance(100)
    scripted.session.send('c')
    const back = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 0 }, { last_seq: seen[0] }))
    await back.expect('resumed')
    await back.advance(100)
    expect(back.of('event').map(event => event.name)).toEqual(['b', 'c'])
    expect(back.messages[0]?.type).toBe('resumed')
    const numbers = back.messages.map(message => message.seq).filter(seq => seq !== undefined)
    expect(numbers).toEqual([...numbers].sort((a, b) => Number(a) - Number(b)))
    await scripted.voice.close()
  })

  it('has each numbered message handled once', async () => {
    const turns: string[] = []
    const scripted = await begin({ agent: ({ text }) => void turns.push(text) })
    scripted.call.send({ type: 'user_text', text: 'first', cseq: 1, at: 0 })
    await scripted.call.advance(100)
    scripted.call.peer.drop()
    const back = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 0 }))
    expect(await back.expect('resumed')).toMatchObject({ cseq: 1 })
    back.send({ type: 'user_text', text: 'first', cseq: 1, at: 0 })
    back.send({ type: 'user_text', text: 'second', cseq: 2, at: 0 })
    await back.advance(100)
    expect(turns).toEqual(['first', 'second'])
    await scripted.voice.close()
  })

  it('learns on both ends what is lost when its own memory was too short', async () => {
    const scripted = await begin()
    const gaps: number[] = []
    scripted.session.on('gap', gap => gaps.push(gap.ms))
    await sayInto(scripted.call, silence(1000, linear16))
    scripted.call.peer.drop()
    await scripted.call.advance(12_000)
    const back = await comeBack(
      scripted,
      resumeMessage(scripted.ready, { start: 32_000 + 128_000, end: 32_000 + 384_000 }),
    )
    expect((await back.expect('resumed')).lost).toEqual({ from: 32_000, to: 160_000, ms: 4000 })
    back.send({ type: 'gap', from: 32_000, to: 160_000, reason: 'ring' })
    await back.advance(100)
    expect(gaps).toEqual([4000])
    await scripted.voice.close()
  })

  it('hears the rest of what was being said, without a missing or a doubled millisecond', async () => {
    const scripted = await begin()
    const { call, session } = scripted
    const utterance = session.say(
      'This is a rather long sentence that is interrupted by a tunnel and goes on behind it.',
    )
    await call.advance(1500)
    const received = call.peer.audioBytes
    const stats = {
      utterance_id: call.of('tts_start')[0]!.utterance_id,
      received_bytes: received,
      played_ms: 700,
      buffered_ms: 300,
      underruns: 0,
    }
    call.peer.drop()
    await call.advance(1500)
    const back = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 0 }, { playback: stats }))
    const { tts } = await back.expect('resumed')
    expect(tts).toMatchObject({ utterance_id: utterance.id })
    await back.advance(15_000)
    const start = back.of('tts_start')[0]!
    const end = back.of('tts_end')[0]!
    expect(Number(start.from_bytes)).toBeLessThanOrEqual(received)
    expect(Number(start.from_bytes) + back.peer.audioBytes).toBe(end.bytes)
    expect(await utterance.done).toMatchObject({ outcome: 'completed' })
    await scripted.voice.close()
  })
})

describe('tokens', () => {
  it.each([
    ['wrong', () => 'A'.repeat(43)],
    ['used', (old: string) => old],
  ])('%s: a session of its own without history, counted', async (kind, token) => {
    const scripted = await begin()
    await sayWords(scripted.call, 'secret words')
    await scripted.call.advance(1000)
    if (kind === 'used') {
      const legitimate = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 1_000_000 }))
      await legitimate.expect('resumed')
      legitimate.send({ type: 'ping', t: 1 })
      await legitimate.expect('pong')
    }
    const thief = await comeBack(
      scripted,
      resumeMessage(
        { ...scripted.ready, resume_token: token(String(scripted.ready.resume_token)) },
        { start: 0, end: 1_000_000 },
      ),
    )
    const ready = await thief.expect('ready')
    expect(ready.session_id).not.toBe(scripted.ready.session_id)
    expect(ready.history).toBeUndefined()
    expect(scripted.voice.stats().resumesRefused).toBe(1)
    await scripted.voice.close()
  })

  it('the one it has still opens when `resumed` was lost on the way, also twice', async () => {
    const scripted = await begin()
    const lost = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 0 }))
    await lost.expect('resumed')
    lost.peer.drop()
    await lost.advance(100)
    const again = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 0 }))
    expect(await again.expect('resumed')).toMatchObject({ epoch: 3 })
    again.peer.drop()
    await again.advance(100)
    const third = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 0 }))
    expect(await third.expect('resumed')).toMatchObject({ epoch: 4 })
    await scripted.voice.close()
  })

  it("of somebody else's session open nothing", async () => {
    let who = 'alice'
    const scripted = await begin({ authenticate: () => ({ id: who }) })
    who = 'mallory'
    const thief = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 0 }))
    expect((await thief.expect('ready')).session_id).not.toBe(scripted.ready.session_id)
    await scripted.voice.close()
  })
})

describe('a session without its client', () => {
  it('fails after its window, and its history can be continued with its token, once', async () => {
    const scripted = await begin()
    await sayWords(scripted.call, 'hello world')
    await scripted.call.advance(3000)
    scripted.call.peer.drop()
    await scripted.call.advance(31_000)
    expect([scripted.session.state, scripted.voice.sessions.size]).toEqual(['failed', 0])
    expect(scripted.stt.openStreams + scripted.tts.openStreams).toBe(0)
    const back = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 1_000_000 }))
    expect(await back.expect('ready')).toMatchObject({ history: { restored: true, turns: 2 } })
    const thief = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 1_000_000 }))
    expect((await thief.expect('ready')).history).toBeUndefined()
    await scripted.voice.close()
  })

  it('can be continued until its client gets to talk, however often that is given up before', async () => {
    const clock = new ManualClock()
    const stt = new ScriptedStt({ clock, faults: n => (n === 0 ? {} : { opens: 3000 }) })
    let refuse = false
    const configure = () => {
      if (refuse) throw new Error('down')
    }
    const scripted = await begin({ clock, stt: [stt], configure })
    await sayWords(scripted.call, 'hello world')
    scripted.call.peer.drop()
    await scripted.call.advance(34_000)
    const resume = resumeMessage(scripted.ready, { start: 0, end: 1_000_000 })
    for (let attempt = 0; attempt < 3; attempt++) {
      const hasty = await comeBack(scripted, resume)
      await hasty.advance(2000)
      hasty.peer.drop()
      await hasty.advance(500)
    }
    refuse = true
    const refused = await comeBack(scripted, resume)
    expect((await refused.closed()).code).toBe(1011)
    refuse = false
    const back = await comeBack(scripted, resume)
    await back.advance(3100)
    expect(await back.expect('ready')).toMatchObject({ history: { restored: true, turns: 2 } })
    const thief = await comeBack(scripted, resume)
    await thief.advance(3100)
    expect((await thief.expect('ready')).history).toBeUndefined()
    await scripted.voice.close()
    await back.advance(5000)
    expect(clock.pending).toBe(0)
  })

  it('ends with its socket when resuming is switched off, after a clean 1000, and after bye', async () => {
    const off = await begin({ resume: false })
    off.call.peer.drop()
    await off.call.advance(20)
    const closed = await begin()
    closed.call.peer.close(1000)
    await closed.call.advance(20)
    const bye = await begin()
    bye.call.send({ type: 'bye', reason: 'done' })
    expect([off, closed, bye].map(({ session }) => session.state)).toEqual(['closed', 'closed', 'closed'])
  })

  it('waits when the page was suspended', async () => {
    const scripted = await begin()
    scripted.call.send({ type: 'bye', reason: 'suspend' })
    expect(scripted.session.state).toBe('reconnecting')
    const back = await comeBack(scripted, resumeMessage(scripted.ready, { start: 0, end: 0 }))
    await back.expect('resumed')
    await scripted.voice.close()
  })
})
