import { afterEach, describe, expect, it } from 'vitest'
import type { ServerMessage } from '../../../src/protocol/messages.js'
import { finish, type Rig, type RigOptions, rig, speak, tone } from './rig.js'
import { plainFeatures } from './simulated-client.js'

let current: Rig | undefined

function start(options?: RigOptions): Rig {
  current = rig(options)
  return current
}

/** Audio on the wire by now, in milliseconds of its utterance. */
function sentMs(r: Rig, id = 'u1'): number {
  return r.downlink.position(id).sentMs
}

function types(r: Rig): string[] {
  return r.client.messages.map(({ message }) => message.type)
}

function ofType<T extends ServerMessage['type']>(r: Rig, type: T): Extract<ServerMessage, { type: T }>[] {
  return r.client.messages.map(({ message }) => message).filter(m => m.type === type) as never
}

afterEach(() => {
  if (current) finish(current)
  current = undefined
})

describe('pacing', () => {
  it('sends the first 450 ms at once and then keeps 400 ms ahead of playback', () => {
    const r = start()
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(3000, 24_000))
    expect(sentMs(r)).toBe(460)
    for (const atMs of [1400, 1700, 2000]) {
      r.clock.advance(atMs - r.clock.now())
      const aheadMs = sentMs(r) - r.client.player.playedMs
      expect(aheadMs).toBeGreaterThanOrEqual(400)
      expect(aheadMs).toBeLessThanOrEqual(520)
    }
  })

  it('sends frames of 20 ms until the lead is built, then of 100 ms', () => {
    const r = start()
    speak(r, 'u1', 5000, 24_000)
    r.clock.advance(6000)
    const ms = r.client.arrivals.map(arrival => Math.round(arrival.ms))
    expect(new Set(ms.slice(0, 20))).toEqual(new Set([20]))
    expect(new Set(ms.slice(30, -1))).toEqual(new Set([100]))
    expect(r.client.underruns).toBe(0)
  })

  it('sends audio of a synthesiser in real time as it comes, without waiting for longer frames', () => {
    const r = start()
    r.downlink.begin('u1', 24_000)
    for (let at = 0; at < 2000; at += 20) {
      r.downlink.audio('u1', tone(20, 24_000))
      r.clock.advance(20)
      expect(r.downlink.queuedMs).toBeLessThanOrEqual(20)
    }
    expect(r.client.underruns).toBe(0)
  })

  it('keeps 250 ms ahead for a client that reports nothing', () => {
    const r = start({ features: plainFeatures })
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(3000, 24_000))
    expect(sentMs(r)).toBe(260)
    r.clock.advance(2000)
    expect(sentMs(r) - r.client.player.playedMs).toBeLessThanOrEqual(400)
    expect(r.client.underruns).toBe(0)
  })

  it.each([200, 400, 1000])('never sends further ahead than max_lead_ms %d', maxLeadMs => {
    const r = start({ maxLeadMs, delayMs: 5 })
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(4000, 24_000))
    for (let at = 0; at < 3000; at += 20) {
      r.clock.advance(20)
      // A client cannot have played what has not reached it.
      expect(sentMs(r) - r.client.player.playedMs).toBeLessThanOrEqual(maxLeadMs + 30)
    }
    expect(r.client.player.playedMs).toBeGreaterThan(2000)
  })

  it('lets a client that does not play set the pace, and calls nothing late for it', () => {
    const r = start()
    r.client.suspended = true
    speak(r, 'u1', 8000, 24_000)
    r.clock.advance(5000)
    expect(sentMs(r)).toBeLessThanOrEqual(1100)
    r.client.suspended = false
    r.clock.advance(10_000)
    expect(r.downlink.stats().droppedMs).toEqual({})
    expect(r.levels()).toEqual([])
    expect(r.log.filter(({ kind }) => kind === 'played')).toHaveLength(1)
  })

  it('begins anew when audio comes after the client has run dry', () => {
    const r = start()
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(500, 24_000))
    r.clock.advance(3000)
    r.downlink.audio('u1', tone(3000, 24_000))
    expect(sentMs(r)).toBe(500 + 460)
    r.clock.advance(500)
    expect(sentMs(r)).toBeLessThanOrEqual(500 + 900)
    r.clock.advance(3000)
    expect(r.levels()).toEqual([])
    expect(r.downlink.stats().droppedMs).toEqual({})
  })

  it('plays utterances in the order they began, one right after the other', () => {
    const r = start()
    for (const id of ['u1', 'u2', 'u3']) r.downlink.begin(id, 24_000)
    for (const id of ['u3', 'u1', 'u2']) r.downlink.audio(id, tone(700, 24_000))
    for (const id of ['u2', 'u3', 'u1']) r.downlink.end(id)
    r.clock.advance(4000)
    expect(
      r.log.filter(({ kind }) => kind === 'started' || kind === 'played').map(({ kind, value }) => `${kind} ${value}`),
    ).toEqual(['started u1', 'started u2', 'played u1', 'started u3', 'played u2', 'played u3'])
    expect(r.client.underruns).toBe(0)
    expect(ofType(r, 'tts_end').map(({ ms }) => ms)).toEqual([700, 700, 700])
    // 2.1 s of speech, 150 ms to begin, and less than a frame between them.
    expect(r.log.at(-1)!.atMs).toBeLessThan(2600)
  })

  it('holds audio back and goes on where it stopped', () => {
    const r = start()
    speak(r, 'u1', 3000, 24_000)
    r.clock.advance(500)
    r.downlink.hold(true)
    const before = sentMs(r)
    r.clock.advance(4000)
    expect(sentMs(r)).toBe(before)
    r.downlink.send({ type: 'event', name: 'while held', data: null })
    r.clock.advance(100)
    expect(types(r)).toContain('event')
    r.downlink.hold(false)
    r.clock.advance(4000)
    expect(r.downlink.stats().droppedMs).toEqual({})
    expect(r.levels()).toEqual([])
    expect(r.log.some(({ kind }) => kind === 'played')).toBe(true)
  })
})

describe('an utterance', () => {
  it('is bracketed by markers that agree with its audio', () => {
    const r = start()
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(333, 24_000))
    r.downlink.end('u1')
    r.clock.advance(1000)
    expect(r.client.wire.filter(entry => entry !== 'tts_playback_complete')).toEqual([
      'tts_start',
      ...Array(17).fill('a:u1'),
      'tts_end',
    ])
    expect(ofType(r, 'tts_start')).toEqual([
      { type: 'tts_start', utterance_id: 'u1', encoding: 'linear16', sample_rate: 24_000, from_bytes: 0, from_ms: 0 },
    ])
    const bytes = r.client.arrivals.reduce((sum, arrival) => sum + arrival.bytes, 0)
    expect(ofType(r, 'tts_end')).toEqual([{ type: 'tts_end', utterance_id: 'u1', bytes, ms: 333 }])
  })

  it('without audio is over at once and has no markers', () => {
    const r = start()
    r.downlink.begin('u1', 24_000)
    r.downlink.end('u1')
    r.clock.advance(100)
    expect(r.log).toMatchObject([{ kind: 'numbered' }, { kind: 'played', value: 'u1' }])
    expect(types(r)).toEqual(['tts_playback_complete'])
  })

  it('without audio waits for the one before it', () => {
    const r = start()
    for (const id of ['u1', 'u2']) r.downlink.begin(id, 24_000)
    r.downlink.end('u2')
    r.downlink.audio('u1', tone(300, 24_000))
    r.clock.advance(100)
    expect(r.log.some(({ kind }) => kind === 'played')).toBe(false)
    r.downlink.end('u1')
    r.clock.advance(2000)
    expect(r.log.filter(({ kind }) => kind === 'played').map(({ value }) => value)).toEqual(['u1', 'u2'])
  })

  it('is complete when the report says so, and its audio is forgotten', () => {
    const r = start()
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(600, 24_000))
    r.downlink.end('u1')
    r.clock.advance(600)
    expect(types(r)).not.toContain('tts_playback_complete')
    r.clock.advance(400)
    expect(ofType(r, 'tts_playback_complete')).toMatchObject([{ utterance_id: 'u1' }])
    expect(r.downlink.position('u1')).toEqual({ receivedMs: 600, sentMs: 600, playedMs: 600, basis: 'ack' })
    expect(r.ticker.size).toBe(0)
    const speech = Reflect.get(r.downlink, 'speech') as { sent: { last(): unknown } }
    expect(speech.sent.last()).toBeUndefined()
  })

  it('is complete at the due time of its last byte for a client that reports nothing', () => {
    const r = start({ features: plainFeatures })
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(600, 24_000))
    r.downlink.end('u1')
    const complete = () => r.log.find(({ kind }) => kind === 'played')?.atMs
    r.clock.advance(1000)
    expect(complete()).toBe(760)
    expect(r.downlink.position('u1').basis).toBe('clock')
  })

  it('is complete 3 s after its end when a client that should report has fallen silent', () => {
    const r = start()
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(600, 24_000))
    r.downlink.end('u1')
    r.clock.advance(400)
    r.client.reporting = false
    r.clock.advance(3300)
    expect(r.log.some(({ kind }) => kind === 'played')).toBe(false)
    r.clock.advance(200)
    expect(r.log.some(({ kind }) => kind === 'played')).toBe(true)
  })

  it('announces the words whose audio comes next', () => {
    const r = start()
    r.downlink.begin('u1', 24_000)
    r.downlink.caption('u1', 'first')
    r.downlink.audio('u1', tone(200, 24_000))
    r.downlink.caption('u1', 'second')
    r.downlink.audio('u1', tone(200, 24_000))
    r.downlink.caption('u1', 'last')
    r.downlink.end('u1')
    r.clock.advance(1000)
    const wire = r.client.wire.filter((entry, i, all) => entry !== all[i - 1])
    expect(wire.slice(0, 7)).toEqual(['tts_start', 'tts_text', 'a:u1', 'tts_text', 'a:u1', 'tts_text', 'tts_end'])
    expect(ofType(r, 'tts_text').map(({ text }) => text)).toEqual(['first', 'second', 'last'])
  })

  it('of odd chunks keeps its samples whole', () => {
    const r = start()
    const whole = tone(400, 24_000)
    const heard: number[] = []
    const sendAudio = r.client.sendAudio.bind(r.client)
    r.client.sendAudio = (audio, id) => {
      heard.push(...audio)
      return sendAudio(audio, id)
    }
    r.downlink.begin('u1', 24_000)
    for (let at = 0; at < whole.length; at += 777) r.downlink.audio('u1', whole.slice(at, at + 777))
    r.downlink.audio('u1', Uint8Array.of(1))
    r.downlink.end('u1')
    r.clock.advance(1000)
    expect(Buffer.from(heard).equals(whole)).toBe(true)
  })

  it('in one piece of a minute still leaves in messages of at most 100 ms', () => {
    const r = start({ features: plainFeatures, sampleRates: [48_000] })
    r.downlink.begin('u1', 48_000)
    r.downlink.audio('u1', new Uint8Array(60 * 96_000))
    r.downlink.end('u1')
    r.clock.advance(62_000)
    expect(Math.max(...r.client.arrivals.map(({ bytes }) => bytes))).toBeLessThanOrEqual(9600)
    expect(r.client.arrivals.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(60 * 96_000)
  })

  it('is encoded and resampled for the client on the way out', () => {
    const r = start({ encoding: 'mulaw', sampleRates: [8000] })
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(1000, 24_000))
    r.downlink.end('u1')
    r.clock.advance(2500)
    expect(ofType(r, 'tts_start')).toMatchObject([{ encoding: 'mulaw', sample_rate: 8000 }])
    expect(ofType(r, 'tts_end')).toMatchObject([{ bytes: 8000, ms: 1000 }])
  })

  it('tells the session when it holds too much and when there is room again', () => {
    const r = start()
    r.downlink.begin('u1', 24_000)
    for (let at = 0; at < 11_000; at += 1000) r.downlink.audio('u1', tone(1000, 24_000))
    expect(r.downlink.congested).toBe(true)
    expect(r.log.map(({ kind, value }) => [kind, value]).filter(([kind]) => kind === 'congested')).toEqual([
      ['congested', true],
    ])
    r.clock.advance(7000)
    expect(r.downlink.congested).toBe(false)
    expect(
      r.log.filter(({ kind }) => kind === 'congested' || kind === 'room').map(({ kind, value }) => [kind, value]),
    ).toEqual([
      ['congested', true],
      ['congested', false],
      ['room', undefined],
    ])
  })
})

function marksOf(wire: readonly string[]): number[] {
  return wire.filter(one => one.startsWith('m:')).map(one => Number(one.split(':')[2]))
}

describe('a carrier that returns marks', () => {
  const features = { ...plainFeatures, clear: true, markers: true, playback: 'mark' } as const

  it('tells by them what was heard', () => {
    const r = start({ features })
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(1000, 24_000))
    r.downlink.end('u1')
    r.clock.advance(500)
    r.downlink.onMark('u1', 300)
    expect(r.downlink.position('u1')).toMatchObject({ playedMs: 300, basis: 'mark' })
    r.clock.advance(1500)
    expect(r.log.some(({ kind }) => kind === 'played')).toBe(false)
    r.downlink.onMark('u1', 1000)
    expect(r.log.some(({ kind }) => kind === 'played')).toBe(true)
    expect(r.downlink.position('u1')).toMatchObject({ playedMs: 1000, basis: 'mark' })
  })

  it('does not count those that come back because of a clear', () => {
    const r = start({ features })
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(3000, 24_000))
    r.downlink.end('u1')
    r.clock.advance(1000)
    r.downlink.onMark('u1', 800)
    const heard: object[] = []
    r.downlink.purge('u1', 'barge_in', at => heard.push(at))
    // Nobody will say more about it: there is nothing to wait for.
    expect(heard).toEqual([{ playedMs: 800, basis: 'mark' }])
    for (const mark of marksOf(r.client.wire)) r.downlink.onMark('u1', mark)
    r.clock.advance(400)
    expect(r.downlink.position('u1')).toMatchObject({ playedMs: 800, basis: 'mark' })
    expect(r.log.some(({ kind }) => kind === 'played')).toBe(false)
  })

  it('is asked every 200 ms of sound and at the end, after the sound it is asked about', () => {
    const r = start({ features })
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(1050, 24_000))
    r.downlink.end('u1')
    r.clock.advance(2000)
    const marks = marksOf(r.client.wire)
    expect(marks.length).toBeGreaterThanOrEqual(4)
    for (const [at, mark] of marks.entries()) expect(mark - (marks[at - 1] ?? 0)).toBeLessThanOrEqual(300)
    expect(marks.at(-1)).toBe(1050)
    expect(r.client.wire.lastIndexOf('a:u1')).toBe(r.client.wire.indexOf('m:u1:1050') - 1)
  })

  it('is asked nothing where clients report, and where only the clock tells', () => {
    for (const playback of ['report', 'clock'] as const) {
      const r = start({ features: { ...features, playback } })
      r.downlink.begin('u1', 24_000)
      r.downlink.audio('u1', tone(1000, 24_000))
      r.downlink.end('u1')
      r.clock.advance(2000)
      expect(marksOf(r.client.wire)).toEqual([])
    }
  })
})
