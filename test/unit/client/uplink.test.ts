import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AudioFormat } from '../../../src/audio/format.js'
import { createAudioRing } from '../../../src/client/audio-ring.js'
import { createOutbox } from '../../../src/client/outbox.js'
import { createUplink } from '../../../src/client/uplink.js'
import { ramp } from './fake-socket.js'

/** 1 byte a millisecond, so that offsets read as time. */
const format: AudioFormat = { encoding: 'mulaw', sampleRate: 1000, channels: 1 }

/** What a server makes of an uplink: its counter, and everything that came, in order. */
class Listener {
  offset = 0
  readonly log: (string | number)[] = []
  readonly heard: number[] = []

  send(data: string | Uint8Array): void {
    if (typeof data !== 'string') {
      for (const byte of data) this.heard[this.offset++] = byte
      this.log.push(data.length)
      return
    }
    const message = JSON.parse(data)
    if (message.type === 'gap') {
      expect(message.from).toBe(this.offset)
      this.offset = message.to
    }
    this.log.push(
      message.type === 'gap' ? `${message.reason} ${message.from}-${message.to}` : `${message.cseq}@${message.at}`,
    )
  }
}

function setUp() {
  const lost: string[] = []
  const uplink = createUplink(format, (from, to, reason) => lost.push(`${reason} ${from}-${to}`))
  return { uplink, lost, capture: (bytes: number) => uplink.push(ramp(bytes, uplink.ring.end()), false) }
}

const event = (name: string) => ({ type: 'event', name, data: null }) as const

describe('the audio ring', () => {
  it('holds the last 8 s at least, and forgets whole messages', () => {
    const ring = createAudioRing(format)
    for (let i = 0; i < 100; i++) ring.push(ramp(100, i * 100))
    expect([ring.start(), ring.end()]).toEqual([2000, 10_000])
    expect(ring.read(1999)).toBeUndefined()
    expect(ring.read(10_000)).toBeUndefined()
  })

  it('reads back what was captured from any offset on', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 60 }),
        fc.nat(),
        (sizes, seed) => {
          const ring = createAudioRing(format)
          for (const size of sizes) ring.push(ramp(size, ring.end()))
          const from = ring.start() + (seed % (ring.end() - ring.start()))
          const read: number[] = []
          for (let part = ring.read(from); part; part = ring.read(from + read.length)) read.push(...part)
          expect(read).toEqual([...ramp(ring.end() - from, from)])
        },
      ),
    )
  })

  it('copies, because capture buffers are used again', () => {
    const ring = createAudioRing(format)
    const buffer = Buffer.from([1, 2, 3])
    ring.push(buffer)
    buffer.fill(9)
    expect([...ring.read(0)!]).toEqual([1, 2, 3])
  })

  it('cuts long stretches into messages of 200 ms, but never an Opus packet', () => {
    const pcm = createAudioRing(format)
    pcm.push(ramp(500))
    expect(pcm.read(0)).toHaveLength(200)
    const opus = createAudioRing({ encoding: 'opus', sampleRate: 48_000, channels: 1 })
    opus.push(ramp(5000))
    expect(opus.read(0)).toHaveLength(5000)
    expect(opus.toMs(8000)).toBe(1000)
  })

  it('keeps as much as the server asks for', () => {
    const ring = createAudioRing(format)
    ring.windowMs = 300
    for (let i = 0; i < 10; i++) ring.push(ramp(100))
    expect(ring.start()).toBe(700)
  })
})

describe('the outbox', () => {
  it('numbers messages as they leave, and repeats what is not confirmed under its number', () => {
    const outbox = createOutbox()
    for (const name of ['a', 'b', 'c']) outbox.push(event(name), 10)
    expect(outbox.take(9)).toBeUndefined()
    expect(JSON.parse(outbox.take(10)!)).toEqual({ type: 'event', name: 'a', data: null, cseq: 1, at: 10 })
    outbox.take(10)
    expect(outbox.confirm(1)).toBe(true)
    expect(outbox.confirm(1)).toBe(false)
    outbox.rewind()
    expect(JSON.parse(outbox.take(10)!)).toMatchObject({ name: 'b', cseq: 2 })
    expect(JSON.parse(outbox.take(10)!)).toMatchObject({ name: 'c', cseq: 3 })
    expect(outbox.take(10)).toBeUndefined()
  })

  it('holds 128 messages and 64 KB, and drops the oldest', () => {
    const many = createOutbox()
    const dropped = Array.from({ length: 130 }, (_, i) => many.push(event(String(i)), 0))
    expect(dropped.slice(-3)).toEqual([0, 1, 1])
    expect(JSON.parse(many.take(0)!)).toMatchObject({ name: '2', cseq: 1 })
    const large = createOutbox()
    for (let i = 0; i < 6; i++) large.push(event('x'.repeat(20_000)), 0)
    expect(large.size()).toBe(3)
  })

  it('drops what no server would take, and refuses what is not JSON', () => {
    const outbox = createOutbox()
    expect(outbox.push(event('x'.repeat(66_000)), 0)).toBe(1)
    const cyclic: { self?: object } = {}
    cyclic.self = cyclic
    expect(() => outbox.push({ type: 'event', name: 'x', data: cyclic }, 0)).toThrow(TypeError)
    expect(outbox.size()).toBe(0)
    expect(outbox.take(0)).toBeUndefined()
  })
})

describe('the uplink', () => {
  it('sends each message at the byte where it was said, also when all of it is sent again', () => {
    const { uplink, capture } = setUp()
    capture(100)
    uplink.send(event('a'))
    capture(100)
    uplink.send(event('b'))
    const first = new Listener()
    uplink.restart(first)
    expect(first.log).toEqual([100, '1@100', 100, '2@200'])
    capture(50)
    uplink.send(event('c'))
    const second = new Listener()
    second.offset = 130
    uplink.resume(second, 130, 1, null)
    expect(second.log).toEqual([70, '2@200', 50, '3@250'])
  })

  it('has at most half of the ring under way, and loses the oldest of what cannot leave', () => {
    const { uplink, lost, capture } = setUp()
    const server = new Listener()
    uplink.restart(server)
    for (let i = 0; i < 90; i++) capture(100)
    expect(server.offset).toBe(4000)
    expect(lost).toEqual([])
    for (let i = 0; i < 40; i++) capture(100)
    uplink.confirm(4000, 0)
    expect(server.log.slice(40, 42)).toEqual(['overflow 4000-5000', 100])
    expect(lost).toEqual(['overflow 4000-5000'])
  })

  it('puts messages of a lost stretch at the first byte after it', () => {
    const { uplink, lost, capture } = setUp()
    const server = new Listener()
    uplink.restart(server)
    capture(100)
    uplink.stop()
    capture(100)
    uplink.send(event('a'))
    for (let i = 0; i < 90; i++) capture(100)
    const next = new Listener()
    next.offset = 50
    uplink.resume(next, 50, 0, null)
    expect(next.log.slice(0, 3)).toEqual(['ring 50-1200', '1@200', 100])
    expect(lost).toEqual(['ring 50-1200'])
  })

  it('tells of a lost stretch once, however often the server has to be told', () => {
    const { uplink, lost, capture } = setUp()
    uplink.restart(new Listener())
    uplink.stop()
    for (let i = 0; i < 100; i++) capture(100)
    uplink.resume(new Listener(), 0, 0, { from: 0, to: 1500, ms: 1500 })
    uplink.stop()
    for (let i = 0; i < 10; i++) capture(100)
    const server = new Listener()
    uplink.resume(server, 0, 0, null)
    expect(server.log[0]).toBe('ring 0-3000')
    expect(lost).toEqual(['ring 0-1500', 'ring 1500-2000', 'ring 2000-3000'])
  })

  it('begins another session with what never left, and gives up what nobody confirmed', () => {
    const { uplink, lost, capture } = setUp()
    uplink.restart(new Listener())
    capture(300)
    uplink.send(event('sent'))
    uplink.confirm(100, 0)
    uplink.stop()
    capture(200)
    uplink.send(event('queued'))
    capture(100)
    const server = new Listener()
    expect(uplink.restart(server)).toBe(1)
    expect(server.log).toEqual([200, '1@200', 100])
    expect(lost).toEqual(['ring 100-300'])
    expect([...server.heard]).toEqual([...ramp(300, 300)])
  })

  it('tells news from repetition', () => {
    const { uplink, capture } = setUp()
    uplink.restart(new Listener())
    capture(100)
    expect(uplink.outstanding()).toBe(true)
    expect([uplink.confirm(60, 0), uplink.confirm(60, 0), uplink.confirm(500, 0)]).toEqual([true, false, true])
    expect(uplink.outstanding()).toBe(false)
    uplink.send(event('a'))
    expect(uplink.outstanding()).toBe(true)
    expect([uplink.confirm(0, 1), uplink.outstanding()]).toEqual([true, false])
  })
})
