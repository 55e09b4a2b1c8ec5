import { describe, expect, it } from 'vitest'
import { percentile, type Rig, type RigOptions, rig, speak, tone } from './rig.js'
import { plainFeatures, v1Features } from './simulated-client.js'

/** Speaks for `seconds`, letting `during` change the network every 100 ms. */
function run(options: RigOptions, rate: number, seconds: number, during?: (r: Rig, s: number) => void): Rig {
  const r = rig(options)
  speak(r, 'u1', seconds * 1000, rate)
  for (let ms = 0; ms < seconds * 1000; ms += 100) {
    during?.(r, ms / 1000)
    r.clock.advance(100)
  }
  return r
}

/** For every 20 ms of audio: how late it arrived against live, which is the first arrival and real time from there. */
function lags(r: Rig): number[] {
  const [first] = r.client.arrivals
  return r.client.arrivals.flatMap(({ atMs, fromMs, ms }) =>
    Array<number>(Math.max(1, Math.round(ms / 20))).fill(atMs - first!.atMs - fromMs),
  )
}

function droppedMs(r: Rig): number {
  return Object.values(r.downlink.stats().droppedMs).reduce((sum, ms) => sum + ms, 0)
}

function slow(r: Rig): unknown[] {
  return r.log.filter(({ kind }) => kind === 'slow').map(({ value }) => value)
}

const halfRate = { bytesPerSecond: 48_000 }
const ladder = { sampleRates: [48_000, 24_000, 16_000] }

describe('a healthy client', () => {
  it.each([
    ['near', { delayMs: 5, jitterMs: 5 }],
    ['far and uneven', { delayMs: 150, jitterMs: 100 }],
  ])('%s, never sees a level other than normal in ten minutes, and never runs dry', (_, network) => {
    const r = run({ ...network, bytesPerSecond: 250_000 }, 24_000, 600)
    expect(r.levels()).toEqual([])
    expect(r.client.underruns).toBe(0)
    expect(droppedMs(r)).toBe(0)
    // One ping every 2 s, and none more.
    expect(r.client.probes).toBeLessThanOrEqual(301)
  })

  it('at 600 ms of round trip is not taken for a slow one', () => {
    const r = run({ delayMs: 300, jitterMs: 60 }, 24_000, 60)
    expect([r.levels(), r.client.underruns, droppedMs(r)]).toEqual([[], 0, 0])
  })

  it('whose clock runs fast is given its audio sooner', () => {
    const r = rig()
    speak(r, 'u1', 300_000, 24_000)
    const play = r.client.player.play.bind(r.client.player)
    r.client.player.play = ms => play(ms * 1.002)
    r.clock.advance(290_000)
    expect(r.client.underruns).toBe(0)
  })
})

describe('a reader at half the rate', () => {
  it.each([20, 100])('with a ladder loses nothing and stays within 1.5 s, at %d ms of delay', delayMs => {
    const r = run({ ...halfRate, ...ladder, delayMs }, 48_000, 120)
    expect(droppedMs(r)).toBe(0)
    expect(percentile(lags(r), 0.95)).toBeLessThanOrEqual(1500)
    const formats = r.client.messages.filter(({ message }) => message.type === 'tts_format')
    expect(formats.length).toBeGreaterThan(1)
    // Down to what fits, and carefully up again: 24 kHz is all there is room for, 48 kHz is tried and taken back.
    const rates = r.log.filter(({ kind }) => kind === 'rate').map(({ value }) => value)
    expect(rates.slice(0, 4)).toEqual([16_000, 24_000, 48_000, 16_000])
  })

  it('without a ladder has speech left out and stays within 1 s, with the link in full use', () => {
    const r = run({ ...halfRate, sampleRates: [48_000] }, 48_000, 60)
    expect(percentile(lags(r), 0.95)).toBeLessThanOrEqual(1000)
    expect(r.downlink.stats().sentAudioMs).toBeGreaterThan(29_000)
    expect(droppedMs(r)).toBeGreaterThan(25_000)
    const skips = r.client.messages.filter(({ message }) => message.type === 'tts_skip')
    expect(skips.reduce((sum, { message }) => sum + (message as { ms: number }).ms, 0)).toBeGreaterThan(25_000)
    expect(slow(r)).toEqual([])
  })

  it('gets its place on the timeline right through drops and changes of rate', () => {
    for (const options of [
      { ...halfRate, sampleRates: [48_000] },
      { ...halfRate, ...ladder },
    ]) {
      const r = run(options, 48_000, 30)
      r.client.bytesPerSecond = Number.POSITIVE_INFINITY
      r.clock.advance(8000)
      const end = r.client.messages.map(({ message }) => message).find(({ type }) => type === 'tts_end')
      expect(end).toMatchObject({ ms: 30_000, bytes: r.client.arrivals.reduce((sum, { bytes }) => sum + bytes, 0) })
      // By the markers alone the client ends where the server does.
      expect(Math.abs(r.client.timelineMs('u1') - 30_000)).toBeLessThan(1)
    }
  })
})

describe('a plain client', () => {
  it.each([20, 100])('on 192 kbit/s with 256 kbit/s of audio stays within 2 s, at %d ms of delay', delayMs => {
    const r = run({ features: plainFeatures, bytesPerSecond: 24_000, sampleRates: [16_000], delayMs }, 16_000, 60)
    expect(percentile(lags(r), 0.95)).toBeLessThanOrEqual(2000)
    expect(r.client.wire.every(entry => entry.startsWith('a:') || !entry.startsWith('tts_s'))).toBe(true)
    expect(r.downlink.stats().sentAudioMs).toBeGreaterThan(38_000)
  })

  it('hears on when its path becomes 700 ms longer for good', () => {
    const r = run({ features: plainFeatures, sampleRates: [16_000] }, 16_000, 60, (rig, s) => {
      rig.client.delayMs = s < 10 ? 20 : 370
    })
    expect(droppedMs(r)).toBeLessThan(5000)
  })
})

describe('a reader that stops', () => {
  it('for 3 s hears live speech again right after, and the level goes back to normal', () => {
    const r = run({ sampleRates: [24_000] }, 24_000, 30, (rig, s) => {
      rig.client.stalled = s >= 10 && s < 13
    })
    expect(r.levels()).toEqual(['elevated', 'critical', 'normal'])
    const late = r.client.arrivals.filter(({ atMs }) => atMs > 13_500).map(({ lagMs }) => lagMs)
    expect(Math.max(...late)).toBeLessThan(100)
    expect(droppedMs(r)).toBeLessThan(3000)
    expect(slow(r)).toEqual([])
  })

  it('for ever is given up after 15 s at critical, with everything purged', () => {
    const r = run({ sampleRates: [24_000] }, 24_000, 40, (rig, s) => {
      rig.client.stalled = s >= 10
    })
    expect(slow(r)).toEqual(['nothing arrived any more'])
    const at = r.log.find(({ kind }) => kind === 'slow')!.atMs
    const critical = r.log.find(
      ({ kind, value }) => kind === 'level' && (value as { level: string }).level === 'critical',
    )!
    expect(at - critical.atMs).toBeGreaterThanOrEqual(15_000)
    expect(at - critical.atMs).toBeLessThan(16_100)
    expect(r.downlink.stats().droppedMs.slow_consumer).toBeGreaterThan(0)
    expect(r.ticker.size).toBe(0)
    // What was out of reach in the network is little.
    expect(r.client.inFlightBytes).toBeLessThan(0.8 * 48_000)
  })

  it('is found although its kernel still takes what it is told', () => {
    const r = run({ sampleRates: [24_000] }, 24_000, 30, (rig, s) => {
      rig.client.stalled = s >= 2
      // At some beats the socket has not handed the last message on yet.
      Object.defineProperty(rig.client, 'bufferedBytes', {
        configurable: true,
        value: Math.round(s * 10) % 3 ? 0 : 150,
      })
    })
    expect(slow(r)).toEqual(['nothing arrived any more'])
  })

  it('and then takes bytes of a backlog one by one is not one of them', () => {
    const backlog = { bytes: 60_000 }
    const r = rig({ features: { ...plainFeatures }, sampleRates: [24_000] })
    r.client.ponging = false
    Object.defineProperty(r.client, 'bufferedBytes', { get: () => backlog.bytes })
    speak(r, 'u1', 60_000, 24_000)
    for (let s = 0; s < 40; s++) {
      backlog.bytes -= 1000
      r.clock.advance(1000)
    }
    expect(r.levels()).toContain('critical')
    expect(slow(r)).toEqual([])
  })

  it('and cannot acknowledge any more is never sent more than 2 s beyond its last report', () => {
    const r = rig({ sampleRates: [24_000] })
    speak(r, 'u1', 60_000, 24_000)
    r.clock.advance(5000)
    r.client.reporting = false
    const acknowledged = r.client.arrivals.reduce((sum, { ms }) => sum + ms, 0)
    r.clock.advance(30_000)
    const got = r.client.arrivals.reduce((sum, { ms }) => sum + ms, 0)
    expect(got - acknowledged).toBeLessThanOrEqual(2100)
    expect(got - acknowledged).toBeGreaterThan(1500)
    // It is silent, not dead: pings are answered, and speech is live again once it reports.
    expect(slow(r)).toEqual([])
    r.client.reporting = true
    r.clock.advance(3000)
    expect(r.client.arrivals.at(-1)!.lagMs).toBeLessThan(100)
  })
})

describe('a throttled page', () => {
  it('that reports once a second and answers pings goes on at normal', () => {
    const r = run({ sampleRates: [24_000] }, 24_000, 60, (rig, s) => {
      rig.client.reportMs = s < 10 ? 200 : 1000
    })
    expect([r.levels(), droppedMs(r), r.client.underruns]).toEqual([[], 0, 0])
  })

  it('that reports once a second behind a slow link is still noticed', () => {
    const r = run({ sampleRates: [24_000], reportMs: 1000, bytesPerSecond: 24_000 }, 24_000, 30)
    expect(r.levels()).toContain('critical')
    expect(percentile(lags(r), 0.95)).toBeLessThan(2500)
  })
})

describe('a path that becomes longer', () => {
  it('by 700 ms for good costs a moment, not the speech', () => {
    const r = run({ sampleRates: [24_000] }, 24_000, 60, (rig, s) => {
      rig.client.delayMs = s < 10 ? 20 : 370
    })
    expect(droppedMs(r)).toBeLessThan(1500)
    expect(r.client.underruns).toBeLessThanOrEqual(3)
    expect(r.downlink.stats().level).toBe('normal')
  })
})

describe('a socket that reports its own backlog', () => {
  it('above 64 KB has audio left out at once, even while a lower rate might help', () => {
    // A carrier that acknowledges nothing, on a transport without pings: there is nothing else to go by.
    const features = { ...v1Features, acks: false, playback: 'mark' } as const
    const r = rig({ features, sampleRates: [48_000, 24_000], kernelBytes: 0 })
    r.client.probe = () => false
    speak(r, 'u1', 12_000, 48_000)
    r.clock.advance(2000)
    r.client.stalled = true
    r.clock.advance(8000)
    expect(r.levels()).toContain('critical')
    expect(r.client.bufferedBytes).toBeLessThan(64 * 1024 + 2 * 9600)
    expect(r.downlink.stats().droppedMs.buffered).toBeGreaterThan(0)
  })

  it('is not called slow for what it holds from one beat to the next', () => {
    const r = rig({ sampleRates: [48_000], kernelBytes: 0, bytesPerSecond: 2_000_000 })
    // The beat of another session, so that this one's first comes 1 ms after its burst.
    const other = { tick: () => {} }
    r.ticker.add(other)
    r.clock.advance(19)
    r.downlink.begin('u1', 48_000)
    r.downlink.audio('u1', tone(1000, 48_000))
    r.clock.advance(1)
    expect(r.client.bufferedBytes).toBeGreaterThan(32 * 1024)
    r.clock.advance(1000)
    expect(r.levels()).toEqual([])
    r.ticker.remove(other)
  })
})

describe('the path', () => {
  it('is measured before the first audio fills it', () => {
    const r = rig({ bytesPerSecond: 48_000, delayMs: 30, sampleRates: [48_000] })
    r.downlink.begin('u1', 48_000)
    r.downlink.audio('u1', tone(1000, 48_000))
    r.clock.advance(200)
    expect(r.downlink.stats().rttMs).toBeLessThan(70)
  })
})

describe('a stall of the server itself', () => {
  /** Nothing of the server runs for 900 ms; what the client said meanwhile is read after the beat that was missed. */
  const stall = (r: Rig) => {
    const { onReport, onPong } = r.client
    const unread: (() => void)[] = []
    r.client.onReport = report => unread.push(() => onReport?.(report))
    r.client.onPong = () => unread.push(() => onPong?.())
    r.ticker.remove(r.downlink)
    r.clock.advance(900)
    r.ticker.add(r.downlink)
    r.clock.advance(20)
    for (const read of unread) read()
    Object.assign(r.client, { onReport, onPong })
  }

  it('is not taken for one of the client', () => {
    const r = rig({ sampleRates: [24_000] })
    speak(r, 'u1', 20_000, 24_000)
    for (let i = 0; i < 4; i++) {
      r.clock.advance(3000)
      stall(r)
    }
    r.clock.advance(2000)
    expect([r.levels(), droppedMs(r)]).toEqual([[], 0])
  })

  it('that never ends does not hide a client that takes nothing', () => {
    const r = rig({ sampleRates: [24_000] })
    speak(r, 'u1', 60_000, 24_000)
    r.clock.advance(2000)
    r.client.stalled = true
    r.ticker.remove(r.downlink)
    for (let i = 0; i < 200; i++) {
      r.clock.advance(150)
      r.downlink.tick(r.clock.now())
    }
    expect(slow(r)).toHaveLength(1)
  })
})

describe('a burst', () => {
  it('does not go beyond 2 s of what the client has acknowledged, however long the lead may be', () => {
    const r = rig({ maxLeadMs: 10_000, pacing: { leadMs: 5000, burstMs: 6000 } })
    r.client.reporting = false
    speak(r, 'u1', 9000, 24_000, 1000)
    r.clock.advance(100)
    const { sentAudioMs } = r.downlink.stats()
    expect(sentAudioMs).toBeGreaterThanOrEqual(2000)
    expect(sentAudioMs).toBeLessThanOrEqual(2020)
  })
})
