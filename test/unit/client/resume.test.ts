import { describe, expect, it } from 'vitest'
import { Bench, ramp, readyMessage, resumedMessage } from './fake-socket.js'

/** 20 ms of 16 kHz linear16. */
const frameBytes = 640

/** Captures `count` frames in real time. */
async function speak(bench: Bench, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    bench.client.sendAudio(ramp(frameBytes))
    await bench.pass(20)
  }
}

describe('before the first ready', () => {
  it('keeps what is said, and sends nothing but config', async () => {
    await using bench = new Bench()
    bench.client.connect()
    bench.client.sendAudio(ramp(frameBytes))
    bench.client.sendText('typed')
    await bench.pass(1)
    bench.socket.open()
    bench.client.sendAudio(ramp(frameBytes))
    await bench.pass(1000)
    expect(bench.socket.sent).toHaveLength(1)
    bench.socket.say(readyMessage)
    expect(bench.socket.audio).toHaveLength(2 * frameBytes)
    expect(bench.socket.last('user_text')).toMatchObject({ cseq: 1, at: frameBytes })
  })

  it('drops what is said without a call, and refuses messages', async () => {
    await using bench = new Bench()
    bench.client.sendAudio(ramp(frameBytes))
    expect(() => bench.client.sendText('hello')).toThrow('user_text: not connected')
    await bench.begin()
    expect(bench.socket.audio).toEqual([])
  })
})

describe('resume', () => {
  it('tells the server what is held, heard and known, and sends nothing more until the answer', async () => {
    await using bench = new Bench()
    await bench.begin()
    await speak(bench, 10)
    bench.socket.say({ type: 'event', name: 'x', data: 1, seq: 41 })
    bench.socket.end(1006)
    const next = await bench.next()
    await speak(bench, 1)
    next.open()
    bench.client.sendAudio(ramp(frameBytes))
    await bench.pass(500)
    expect(next.messages).toEqual([
      {
        type: 'resume',
        session_id: 'session',
        resume_token: 'token-1',
        last_seq: 41,
        audio_in: { start: 0, end: 11 * frameBytes },
        playback: null,
        outage_ms: expect.closeTo(270, -1.5),
        attempt: 0,
        config: { type: 'config', audio_out: { sample_rates: [48_000, 24_000, 16_000] } },
      },
    ])
    expect(next.sent).toHaveLength(1)
  })

  it('replays from where the server wants, then goes on live', async () => {
    await using bench = new Bench()
    await bench.begin()
    await speak(bench, 10)
    bench.socket.end(1006)
    await speak(bench, 5)
    const next = await bench.next()
    next.open().say({ ...resumedMessage, audio_in: { from: 6000 } })
    expect(next.audio).toEqual([
      ...ramp(frameBytes).subarray(6000 % frameBytes),
      ...Array(5)
        .fill([...ramp(frameBytes)])
        .flat(),
    ])
    expect(bench.of('resumed')).toMatchObject([{ replayedMs: 112.5, lostMs: 0, eventsLost: false }])
    expect(bench.of('gap')).toEqual([])
    bench.client.sendAudio(ramp(2))
    expect(next.audio.slice(-2)).toEqual([0, 1])
  })

  it('takes the newest token, whose answer may have been lost', async () => {
    await using bench = new Bench()
    await bench.begin()
    bench.socket.end(1006)
    const lostAnswer = await bench.next()
    lostAnswer.open().end(1006)
    const second = await bench.next()
    expect(second.open().messages[0]).toMatchObject({ resume_token: 'token-1' })
    second.say(resumedMessage)
    second.end(1006)
    expect((await bench.next()).open().messages[0]).toMatchObject({ resume_token: 'token-2' })
  })

  it('is not stopped by its own earlier resume that arrives late, but by another client', async () => {
    await using bench = new Bench()
    await bench.begin()
    bench.socket.end(1006)
    ;(await bench.next()).open()
    const second = await bench.next()
    second.open().say(resumedMessage)
    second.end(4409)
    expect(bench.terminal).toEqual([])
    const third = await bench.next()
    third.open().say(resumedMessage)
    third.end(4409)
    expect(bench.terminal).toMatchObject([{ type: 'closed', code: 4409 }])
  })

  it('ignores the old socket, whatever it still brings', async () => {
    await using bench = new Bench()
    const first = await bench.begin()
    await speak(bench, 1)
    await bench.pass(4000)
    expect(bench.client.state).toBe('reconnecting')
    const next = await bench.next()
    first.say({ type: 'ack', audio_in: frameBytes, t: 0, cseq: 0 })
    first.say({ type: 'event', name: 'late', data: 0, seq: 1 })
    first.end(4401)
    next.open().say(resumedMessage)
    first.say({ type: 'event', name: 'later', data: 0, seq: 2 })
    first.sayAudio([1, 2])
    expect(bench.of('event')).toEqual([])
    expect(next.audio).toHaveLength(frameBytes)
    expect(bench.client.state).toBe('active')
  })

  it('handles replayed messages once', async () => {
    await using bench = new Bench()
    await bench.begin()
    bench.socket.say({ type: 'event', name: 'a', data: 0, seq: 5 })
    bench.socket.end(1006)
    const next = await bench.next()
    next.open().say(resumedMessage)
    for (const [name, seq] of [
      ['a', 5],
      ['b', 6],
      ['b', 6],
      ['c', 9],
    ] as const)
      next.say({ type: 'event', name, data: 0, seq })
    expect(bench.of('event').map(event => event.name)).toEqual(['a', 'b', 'c'])
  })

  it('reports what left the ring, on both ends, in numbers that agree', async () => {
    await using bench = new Bench()
    await bench.begin()
    await speak(bench, 50)
    bench.socket.end(1006)
    const next = await bench.next()
    await speak(bench, 50)
    next.end(1006)
    await speak(bench, 500)
    const last = await bench.next()
    const { start, end } = last.open().messages[0]!.audio_in as { start: number; end: number }
    expect(end - start).toBe(400 * frameBytes)
    last.say({
      ...resumedMessage,
      audio_in: { from: 20_000 },
      lost: { from: 20_000, to: start, ms: (start - 20_000) / 32 },
    })
    expect(last.messages[1]).toEqual({ type: 'gap', from: 20_000, to: start, reason: 'ring' })
    expect(last.audio).toHaveLength(200 * frameBytes)
    const ms = (start - 20_000) / 32
    expect(bench.of('gap')).toEqual([{ type: 'gap', from: 20_000, to: start, ms, reason: 'ring' }])
    expect(bench.of('resumed')).toMatchObject([{ lostMs: ms, replayedMs: 8000 }])
  })

  it('reports what another server does not have, although the ring has moved past it', async () => {
    await using bench = new Bench()
    await bench.begin()
    await speak(bench, 20)
    bench.socket.end(1006)
    const next = await bench.next()
    next.open().say({ ...resumedMessage, audio_in: { from: 6400 }, lost: { from: 640, to: 6400, ms: 180 } })
    expect(bench.of('gap')).toEqual([{ type: 'gap', from: 640, to: 6400, ms: 180, reason: 'ring' }])
    expect(bench.of('resumed')).toMatchObject([{ lostMs: 180 }])
    expect(next.last('gap')).toBeUndefined()
  })

  it('at an offset that never was begins a new session instead of shifting every byte', async () => {
    await using bench = new Bench()
    await bench.begin()
    bench.socket.end(1006)
    ;(await bench.next()).open().say({ ...resumedMessage, audio_in: { from: 1 } })
    expect((await bench.next()).open().messages[0]).toMatchObject({
      type: 'config',
      previous_session: { session_id: 'session', resume_token: 'token-2' },
    })
  })
})

describe('ready in answer to resume', () => {
  it('is a new session with the old history, and begins with what never left', async () => {
    await using bench = new Bench()
    await bench.begin()
    await speak(bench, 2)
    bench.client.send('sent')
    bench.socket.say({ type: 'ack', audio_in: frameBytes, t: 0, cseq: 0 })
    bench.socket.end(1006)
    bench.client.send('queued', { n: 1 })
    await speak(bench, 3)
    const next = await bench.next()
    next
      .open()
      .say({ ...readyMessage, session_id: 'second', resume_token: 'token-9', history: { restored: true, turns: 4 } })
    expect(bench.client.sessionId).toBe('second')
    expect(bench.of('ready').at(-1)).toMatchObject({ sessionId: 'second', history: { restored: true, turns: 4 } })
    expect(bench.of('gap')).toEqual([{ type: 'gap', from: frameBytes, to: 2 * frameBytes, ms: 20, reason: 'ring' }])
    expect(bench.of('error')).toMatchObject([{ error: { code: 'messages_dropped' } }])
    expect(next.last('event')).toEqual({ type: 'event', name: 'queued', data: { n: 1 }, cseq: 1, at: 0 })
    expect(next.audio).toHaveLength(3 * frameBytes)
    // Numbers of the new session start again.
    next.say({ type: 'event', name: 'fresh', data: 0, seq: 1 })
    expect(bench.of('event')).toHaveLength(1)
    next.end(1006)
    expect((await bench.next()).open().messages[0]).toMatchObject({
      session_id: 'second',
      resume_token: 'token-9',
      last_seq: 1,
      audio_in: { start: 0, end: 3 * frameBytes },
    })
  })

  it('is what a server without resume gives to a second config', async () => {
    await using bench = new Bench()
    await bench.begin({ resume_window_ms: 0, replay_window_ms: 0 })
    bench.client.sendAudio(ramp(frameBytes))
    expect(bench.socket.audio).toHaveLength(frameBytes)
    bench.socket.end(1006)
    const next = await bench.next()
    expect(next.open().messages[0]).toMatchObject({ type: 'config', previous_session: { session_id: 'session' } })
  })
})

describe('what goes up', () => {
  it('is a message for each thing the application may ask', async () => {
    await using bench = new Bench()
    await bench.begin()
    const id = bench.client.speak('hello', { allowInterruption: false })
    bench.client.speak('more', { utteranceId: 'mine', flush: false })
    bench.client.sendText('typed')
    bench.client.finalize()
    bench.client.interrupt()
    bench.client.interrupt('mine')
    bench.client.send('ping-me')
    expect(bench.socket.messages.slice(1)).toEqual([
      { type: 'speak', text: 'hello', utterance_id: id, flush: true, allow_interruption: false, cseq: 1, at: 0 },
      { type: 'speak', text: 'more', utterance_id: 'mine', flush: false, allow_interruption: true, cseq: 2, at: 0 },
      { type: 'user_text', text: 'typed', cseq: 3, at: 0 },
      { type: 'finalize', cseq: 4, at: 0 },
      { type: 'clear', cseq: 5, at: 0 },
      { type: 'clear', utterance_id: 'mine', cseq: 6, at: 0 },
      { type: 'event', name: 'ping-me', data: null, cseq: 7, at: 0 },
    ])
    expect(id).toMatch(/^c-./)
  })

  it('is silence while muted, in the encoding of the session', async () => {
    await using bench = new Bench({ config: { stt_config: { encoding: 'alaw', sample_rate: 8000 } } })
    await bench.begin()
    bench.client.setMuted(true)
    bench.client.sendAudio(ramp(3))
    bench.client.setMuted(false)
    bench.client.sendAudio(new Int16Array([1]).buffer)
    expect(bench.socket.audio).toEqual([0xd5, 0xd5, 0xd5, 1, 0])
  })

  it('takes views as they are', async () => {
    await using bench = new Bench()
    await bench.begin()
    bench.client.sendAudio(new Int16Array([1, 2, 3]).subarray(1, 2))
    bench.client.sendAudio(Buffer.from([7, 8]))
    expect(bench.socket.audio).toEqual([2, 0, 7, 8])
  })

  it('drops the oldest message with an error when too many wait', async () => {
    await using bench = new Bench()
    await bench.begin()
    bench.socket.end(1006)
    for (let i = 0; i < 129; i++) bench.client.send(`m${i}`)
    expect(bench.of('error')).toMatchObject([{ error: { code: 'messages_dropped', class: 'CONNECTION' } }])
    const next = await bench.next()
    next.open().say(resumedMessage)
    const events = next.messages.filter(message => message.type === 'event')
    expect(events).toHaveLength(128)
    expect(events[0]).toMatchObject({ name: 'm1', cseq: 1 })
  })
})
