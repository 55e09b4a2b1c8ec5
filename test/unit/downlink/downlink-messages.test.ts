import { afterEach, describe, expect, it } from 'vitest'
import type { ServerMessage } from '../../../src/protocol/messages.js'
import { event, result, state, vad } from './messages.js'
import { finish, type Rig, type RigOptions, rig, speak, tone } from './rig.js'
import { plainFeatures } from './simulated-client.js'

let current: Rig | undefined

function start(options?: RigOptions): Rig {
  current = rig(options)
  return current
}

afterEach(() => {
  if (current) finish(current)
  current = undefined
})

function received(r: Rig): ServerMessage[] {
  return r.client.messages.map(({ message }) => message)
}

function level(r: Rig): string {
  return r.downlink.stats().level
}

/** A client that reads so slowly that audio is due all the time. */
function underPressure(): Rig {
  const r = start({ bytesPerSecond: 20_000 })
  speak(r, 'u1', 60_000, 24_000)
  while (level(r) !== 'critical') r.clock.advance(20)
  return r
}

describe('messages', () => {
  it('leave at once on a good link, and cost an idle session no beat', () => {
    const r = start()
    for (const message of [state('active'), event('a'), result(1, 'hel'), result(1, 'hello', true), vad()])
      r.downlink.send(message)
    expect(r.client.wire).toEqual(['state', 'event', 'stt_result', 'stt_result', 'vad_event'])
    expect(r.ticker.size).toBe(0)
    expect(r.downlink.stats()).toMatchObject({ sentMessages: 5, queuedMessages: 0, level: 'normal' })
  })

  it('are numbered when they leave, except those that concern the socket', () => {
    const r = start()
    const error: ServerMessage = { type: 'error', message: 'm', code: 'c', class: 'DATA', retryable: false }
    for (const message of [event('a'), { type: 'ack', audio_in: 1, t: 2, cseq: 3 } as const, error, event('b')])
      r.downlink.send(message)
    r.clock.advance(100)
    expect(r.client.messages.map(({ seq }) => seq)).toEqual([1, undefined, 2, 3])
    expect(r.log.map(({ value }) => (value as { seq: number }).seq)).toEqual([1, 2, 3])
  })

  it('are not numbered for a client that does not count them', () => {
    const r = start({ features: plainFeatures })
    r.downlink.send(result(1, 'x', true))
    r.clock.advance(100)
    expect(r.client.messages[0]!.seq).toBeUndefined()
    expect(r.log).toEqual([])
  })

  it('wait behind due audio on a slow link, while urgent ones do not', () => {
    const r = underPressure()
    r.downlink.send(event('waits'))
    r.downlink.send({ type: 'error', message: 'm', code: 'c', class: 'DATA', retryable: false })
    expect(r.client.wire.slice(-1)).toEqual(['error'])
    expect(r.downlink.stats().queuedMessages).toBeGreaterThan(0)
  })

  it('of a user who goes on speaking are not shown late: interims are dropped at critical', () => {
    const r = underPressure()
    r.downlink.send(result(1, 'hel'))
    r.downlink.send(result(1, 'hello'))
    r.downlink.send(result(1, 'hello you', true))
    expect(r.downlink.stats().droppedMessages).toMatchObject({ lag: 2 })
    r.clock.advance(6000)
    expect(received(r).filter(({ type }) => type === 'stt_result')).toEqual([result(1, 'hello you', true)])
  })

  it('of interims that wait are dropped when it becomes critical', () => {
    const r = start({ backpressure: { criticalLagMs: 900 } })
    speak(r, 'u1', 60_000, 24_000)
    r.clock.advance(1000)
    r.client.stalled = true
    while (level(r) !== 'elevated') r.clock.advance(20)
    r.clock.advance(200)
    r.downlink.send(result(1, 'hel'))
    expect(r.downlink.stats().droppedMessages).toEqual({})
    while (level(r) !== 'critical') r.clock.advance(20)
    expect(r.downlink.stats().droppedMessages).toMatchObject({ lag: 1 })
  })

  it('that must arrive leave after 5 s although audio is still due; the others are dropped then', () => {
    const r = underPressure()
    r.client.stalled = true
    r.clock.advance(500)
    r.downlink.send(vad())
    r.downlink.send(event('important'))
    r.clock.advance(4900)
    expect(r.client.wire).not.toContain('event')
    r.clock.advance(200)
    expect(r.client.wire).toContain('event')
    expect(r.client.wire).not.toContain('vad_event')
    expect(r.downlink.stats().droppedMessages.timeout).toBe(1)
  })

  it('sent during critical all arrive, in their order, once the link has recovered', () => {
    const r = underPressure()
    const finals: ServerMessage[] = []
    const events: ServerMessage[] = []
    for (let i = 0; i < 60; i++) {
      finals.push(result(i, `sentence ${i}`, true))
      events.push(event(`event ${i}`))
      r.downlink.send(finals.at(-1)!)
      r.downlink.send(result(i + 1, `interim ${i}`))
      r.downlink.send(events.at(-1)!)
      r.clock.advance(200)
    }
    expect(level(r)).toBe('critical')
    r.client.bytesPerSecond = Number.POSITIVE_INFINITY
    r.clock.advance(8000)
    expect(level(r)).toBe('normal')
    expect(received(r).filter(message => message.type === 'stt_result' && message.is_final)).toEqual(finals)
    expect(received(r).filter(({ type }) => type === 'event')).toEqual(events)
  })

  it('tell the client about every change of level, the latest if it could not be told before', () => {
    const r = underPressure()
    r.client.bytesPerSecond = Number.POSITIVE_INFINITY
    r.clock.advance(10_000)
    const told = received(r).filter(message => message.type === 'quality')
    expect(told.at(-1)).toMatchObject({ level: 'normal', sample_rate: 24_000 })
    expect(told.length).toBeLessThanOrEqual(r.levels().length)
    expect(r.levels().at(-1)).toBe('normal')
  })
})

describe('a slow consumer', () => {
  it('is given up when more than 256 messages wait', () => {
    const r = underPressure()
    for (let i = 0; i < 257; i++) r.downlink.send(event(`e${i}`))
    expect(r.log.find(({ kind }) => kind === 'slow')?.value).toBe('256 messages were waiting')
    expect(r.downlink.queuedMs).toBe(0)
    // They are not lost: the session may come back on another socket.
    expect(r.downlink.stats().queuedMessages).toBeGreaterThanOrEqual(257)
    const sent = r.client.wire.length
    r.downlink.send({ type: 'error', message: 'm', code: 'slow_consumer', class: 'CONNECTION', retryable: true })
    r.downlink.send(event('more'))
    r.clock.advance(1000)
    expect(r.client.wire.slice(sent)).toEqual(['error'])
    r.client.bytesPerSecond = Number.POSITIVE_INFINITY
    r.downlink.resumeAudio(null)
    r.downlink.attach(r.client)
    r.clock.advance(1000)
    expect(received(r).filter(({ type }) => type === 'event')).toHaveLength(258)
  })

  it('is given up when a megabyte waits in the socket and here', () => {
    const r = start({ kernelBytes: 0 })
    r.client.stalled = true
    const data = 'x'.repeat(50_000)
    for (let i = 0; i < 40; i++) r.downlink.send({ type: 'event', name: 'big', data })
    expect(r.log.find(({ kind }) => kind === 'slow')?.value).toBe('1048576 bytes were waiting')
    expect(r.client.bufferedBytes).toBeLessThan(1.2 * 1024 * 1024)
  })

  it('never makes the session hold more than a megabyte of messages while it is gone', () => {
    const r = start()
    r.downlink.detach()
    const data = 'x'.repeat(50_000)
    for (let i = 0; i < 40; i++) r.downlink.send({ type: 'event', name: `big ${i}`, data })
    expect(r.downlink.stats().queuedMessages).toBe(10)
    expect(r.downlink.stats().droppedMessages).toEqual({ slow_consumer: 30 })
    r.downlink.attach(r.client)
    r.clock.advance(100)
    expect(received(r).at(-1)).toMatchObject({ name: 'big 39' })
  })
})

describe('a socket that refuses', () => {
  it('audio has it counted as dropped, and the client told of the hole', () => {
    const r = start()
    const sendAudio = r.client.sendAudio.bind(r.client)
    let refusing = false
    r.client.sendAudio = (audio, id) => (refusing ? 'dropped' : sendAudio(audio, id))
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(3000, 24_000))
    r.clock.advance(1000)
    refusing = true
    r.clock.advance(300)
    refusing = false
    r.downlink.end('u1')
    r.clock.advance(4000)
    const { droppedMs, sentAudioMs } = r.downlink.stats()
    expect(droppedMs.buffered! + sentAudioMs).toBeCloseTo(3000)
    expect(droppedMs.buffered).toBeGreaterThan(200)
    const skips = received(r).filter(message => message.type === 'tts_skip')
    expect(skips.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(droppedMs.buffered!)
    expect(r.client.timelineMs('u1')).toBeCloseTo(3000)
    expect(r.log.some(({ kind }) => kind === 'played')).toBe(true)
  })

  it('a message has it counted', () => {
    const r = start()
    r.client.sendMessage = () => 'dropped'
    r.downlink.send(event('e'))
    expect(r.downlink.stats()).toMatchObject({ sentMessages: 0, droppedMessages: { buffered: 1 } })
  })
})

describe('a session that acts while audio leaves', () => {
  it('may take the utterance back when its first audio leaves', () => {
    const r = start()
    r.hooks.started = id => r.downlink.purge(id, 'app', () => {})
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(1000, 24_000))
    r.clock.advance(1000)
    expect(r.client.wire).toEqual(['tts_start', 'a:u1', 'clear'])
  })

  it('may take it back while it listens in, and hears what is sent', () => {
    const r = start()
    let heard = 0
    let purgeAfter = 48 * 200
    r.hooks.tap = pcm => {
      heard += pcm.length
      if (heard > purgeAfter) r.downlink.purge('u1', 'app', () => {})
    }
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(1000, 24_000))
    r.clock.advance(1000)
    // What it heard last it did not want sent.
    expect(r.client.wire.at(-1)).toBe('clear')
    expect(r.downlink.stats()).toMatchObject({ sentAudioBytes: 48 * 200, droppedBytes: { clear: 48 * 800 } })
    purgeAfter = Number.POSITIVE_INFINITY
    heard = 0
    r.downlink.begin('u2', 24_000)
    r.downlink.audio('u2', tone(300, 24_000))
    r.downlink.end('u2')
    r.clock.advance(1500)
    expect(heard).toBe(48 * 300)
  })

  it('may drop the socket when the first audio leaves, with messages still waiting', () => {
    const r = start()
    r.downlink.detach()
    r.downlink.send(event('waits'))
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(300, 24_000))
    r.hooks.started = () => r.downlink.detach()
    r.downlink.attach(r.client)
    expect(r.client.wire).toEqual(['tts_start', 'a:u1'])
    r.hooks.started = undefined
    r.downlink.attach(r.client)
    expect(r.client.wire).toContain('event')
  })

  it('may drop the socket while it listens in, and loses nothing', () => {
    const r = start()
    r.hooks.tap = () => r.downlink.detach()
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(300, 24_000))
    expect(r.client.wire).toEqual([])
    expect(r.downlink.stats()).toMatchObject({ sentAudioBytes: 0, queuedBytes: 48 * 300, droppedBytes: {} })
    r.hooks.tap = undefined
    r.downlink.end('u1')
    r.downlink.attach(r.client)
    r.clock.advance(1500)
    expect(r.client.arrivals.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(48 * 300)
    expect(r.log.filter(({ kind }) => kind === 'played')).toHaveLength(1)
  })

  it('may speak on when an utterance was heard, and leave when it is given up', () => {
    const r = start()
    r.hooks.played = id => {
      if (id !== 'u1') return
      r.downlink.begin('u2', 24_000)
      r.downlink.audio('u2', tone(200, 24_000))
      r.downlink.end('u2')
    }
    r.hooks.slowConsumer = () => r.downlink.detach()
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(200, 24_000))
    r.downlink.end('u1')
    r.clock.advance(2000)
    expect(r.log.filter(({ kind }) => kind === 'played').map(({ value }) => value)).toEqual(['u1', 'u2'])
    speak(r, 'u3', 60_000, 24_000)
    r.client.stalled = true
    r.clock.advance(20_000)
    expect(r.log.some(({ kind }) => kind === 'slow')).toBe(true)
    expect(r.ticker.size).toBe(0)
  })
})

describe('speech that is dropped to its end', () => {
  it('still has its words sent and its end marked, once', () => {
    const r = underPressure()
    // The rest of u1 is short, and words follow its last sound.
    r.client.stalled = true
    r.downlink.purge('u1', 'app', () => {})
    for (const id of ['a', 'b']) {
      r.downlink.begin(id, 24_000)
      r.downlink.audio(id, tone(600, 24_000))
      r.downlink.caption(id, `words of ${id}`)
      r.downlink.end(id)
    }
    r.clock.advance(4000)
    r.client.stalled = false
    r.client.bytesPerSecond = Number.POSITIVE_INFINITY
    r.clock.advance(6000)
    const ends = received(r).filter(message => message.type === 'tts_end')
    expect(ends.map(({ utterance_id }) => utterance_id).filter(id => id !== 'u1')).toEqual(['a', 'b'])
    expect(r.log.filter(({ kind }) => kind === 'played').map(({ value }) => value)).toEqual(['a', 'b'])
  })

  it('is not while it is held back on purpose', () => {
    for (const features of [undefined, plainFeatures]) {
      const r = rig({ ...(features && { features }) })
      speak(r, 'u1', 4000, 24_000)
      r.clock.advance(1000)
      r.downlink.hold(true)
      r.client.stalled = true
      r.clock.advance(5000)
      expect(r.downlink.stats().droppedMs).toEqual({})
      finish(r)
    }
  })
})
