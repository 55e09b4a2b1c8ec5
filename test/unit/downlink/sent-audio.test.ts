import { describe, expect, it } from 'vitest'
import { SentAudio } from '../../../src/downlink/sent-audio.js'
import { Utterance } from '../../../src/downlink/utterance.js'

/** 24 kHz: 48 bytes a millisecond. */
const bytesPerMs = 48

function utterance(order: number): Utterance {
  const u = new Utterance(`u${order}`, 24_000, order)
  u.push(new Uint8Array(60_000 * bytesPerMs))
  return u
}

/** Sends `ms` of it as one message that is as long on the wire. */
function send(sent: SentAudio, u: Utterance, ms: number, nowMs: number): void {
  const bytes = ms * bytesPerMs
  u.pcm.read(new Uint8Array(bytes))
  u.wireBytes += bytes
  sent.add(u, bytes, bytes, nowMs)
}

describe('SentAudio', () => {
  it('knows how old the oldest is that was not acknowledged', () => {
    const sent = new SentAudio()
    const u = utterance(0)
    for (let i = 0; i < 40; i++) send(sent, u, 20, i * 20)
    expect(sent.unackedAgeMs(1000)).toBe(1000)
    expect(sent.unackedMs).toBe(800)
    expect(sent.acknowledge(u, 300 * bytesPerMs, 0, 1000)).toBe(true)
    expect(sent.unackedMs).toBe(500)
    expect(sent.unackedAgeMs(1000)).toBe(700)
    expect(sent.acknowledge(u, 300 * bytesPerMs, 0, 1100)).toBe(false)
    sent.acknowledge(u, 800 * bytesPerMs, 0, 1200)
    expect([sent.unackedMs, sent.unackedAgeMs(5000)]).toEqual([0, 0])
  })

  it('takes what a client holds beyond the utterance it reports as acknowledged', () => {
    const sent = new SentAudio()
    const [a, b] = [utterance(0), utterance(1)]
    send(sent, a, 100, 0)
    for (let i = 0; i < 10; i++) send(sent, b, 20, 20 + i * 20)
    sent.acknowledge(a, 100 * bytesPerMs, 0, 300)
    expect(sent.unackedMs).toBe(200)
    sent.acknowledge(a, 100 * bytesPerMs, 90, 400)
    expect(sent.unackedMs).toBe(120)
    // The same report again says nothing new.
    sent.acknowledge(a, 100 * bytesPerMs, 90, 500)
    expect(sent.unackedMs).toBe(120)
    sent.acknowledge(b, 200 * bytesPerMs, 0, 600)
    expect(sent.unackedMs).toBe(0)
  })

  it('learns the path from the fastest acknowledgement, and anew when a lone message takes longer', () => {
    const sent = new SentAudio()
    const u = utterance(0)
    send(sent, u, 20, 0)
    sent.acknowledge(u, 20 * bytesPerMs, 0, 80)
    expect(sent.pathMs).toBe(80)
    // Not alone: it may have waited for the one before it.
    send(sent, u, 20, 1000)
    send(sent, u, 20, 1010)
    sent.acknowledge(u, 60 * bytesPerMs, 0, 1090)
    expect(sent.pathMs).toBe(80)
    send(sent, u, 20, 2000)
    sent.acknowledge(u, 80 * bytesPerMs, 0, 2700)
    expect(sent.pathMs).toBe(700)
    send(sent, u, 20, 3000)
    sent.acknowledge(u, 100 * bytesPerMs, 0, 9000)
    expect(sent.pathMs).toBe(1000)
  })

  it('tells how long what is on the way will take, and not less when acknowledgements stop', () => {
    const sent = new SentAudio()
    const u = utterance(0)
    for (let i = 0; i < 100; i++) send(sent, u, 20, 0)
    expect(sent.drainMs(100)).toBeNaN()
    // Half of real time: 100 ms of audio in every 200.
    for (let i = 1; i <= 5; i++) sent.acknowledge(u, i * 100 * bytesPerMs, 0, i * 200)
    expect(sent.drainMs(1000)).toBe(3000)
    expect(sent.bytesPerSecond(1000)).toBe(24_000)
    // Since then it has gone on draining, until that is too good to be true.
    expect(sent.drainMs(1200)).toBe(2800)
    expect(sent.drainMs(2000)).toBeGreaterThan(4000)
  })

  it('takes what was sent before an answered ping for arrived, not for acknowledged', () => {
    const sent = new SentAudio()
    const u = utterance(0)
    for (let i = 0; i < 10; i++) send(sent, u, 20, i * 20)
    sent.markArrived(100)
    expect(sent.unarrivedAgeMs(1000)).toBe(900)
    expect(sent.unackedAgeMs(1000)).toBe(1000)
    expect(sent.unackedMs).toBe(200)
  })

  it('keeps a second behind what was heard, across utterances, until it is dropped', () => {
    const sent = new SentAudio()
    const [a, b] = [utterance(0), utterance(1)]
    for (let i = 0; i < 50; i++) send(sent, a, 20, i)
    for (let i = 0; i < 100; i++) send(sent, b, 20, 100 + i)
    sent.acknowledge(b, 2000 * bytesPerMs, 0, 300)
    sent.forgetPlayed(b, 500, 1000)
    expect(a.pcm.keptFrom).toBe(0)
    sent.forgetPlayed(b, 1500, 1000)
    // The last message that is not needed stays, as run-up for a resampler.
    expect(b.pcm.keptFrom).toBe(480 * bytesPerMs)
    sent.forgetBeyond(200)
    expect(b.pcm.keptFrom).toBe(1780 * bytesPerMs)
    sent.drop(b)
    expect(sent.last()).toBeUndefined()
    expect(sent.unackedMs).toBe(0)
  })
})
