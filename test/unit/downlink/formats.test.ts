import { afterEach, describe, expect, it } from 'vitest'
import { finish, type Rig, type RigOptions, rig, speak, tone } from './rig.js'

let current: Rig | undefined

/** Keeps what the client gets, as samples with their rate and their place on the timeline. */
function start(options: RigOptions): { r: Rig; pieces: { samples: Int16Array; rate: number; fromMs: number }[] } {
  const r = rig(options)
  current = r
  const pieces: { samples: Int16Array; rate: number; fromMs: number }[] = []
  const sendAudio = r.client.sendAudio.bind(r.client)
  const sendMessage = r.client.sendMessage.bind(r.client)
  let rate = 0
  let atMs = 0
  r.client.sendMessage = (message, seq) => {
    if (message.type === 'tts_start' || message.type === 'tts_format') rate = message.sample_rate
    if (message.type === 'tts_start') atMs = message.from_ms
    if (message.type === 'tts_skip') atMs += message.ms
    return sendMessage(message, seq)
  }
  r.client.sendAudio = (audio, id) => {
    const samples = new Int16Array(audio.slice().buffer)
    pieces.push({ samples, rate, fromMs: atMs })
    atMs += (samples.length / rate) * 1000
    return sendAudio(audio, id)
  }
  return { r, pieces }
}

afterEach(() => {
  if (current) finish(current)
  current = undefined
})

describe('the wire', () => {
  it('carries a tone on through every change of rate, without a click', () => {
    const { r, pieces } = start({ bytesPerSecond: 48_000, sampleRates: [48_000, 24_000, 16_000] })
    r.downlink.begin('u1', 48_000)
    // Messages begin and end anywhere in a period of it.
    for (let at = 0; at < 30_000; at += 1000) r.downlink.audio('u1', tone(1000, 48_000, at, 437))
    r.clock.advance(29_000)
    expect(new Set(pieces.map(({ rate }) => rate))).toEqual(new Set([48_000, 16_000, 24_000]))
    let worst = 0
    for (const { samples, rate, fromMs } of pieces.slice(1)) {
      for (const [i, sample] of samples.entries()) {
        const ideal = 8000 * Math.sin(2 * Math.PI * 437 * (fromMs / 1000 + i / rate))
        worst = Math.max(worst, Math.abs(sample - ideal))
      }
    }
    // 40 of 32,768 is -58 dB: a place that is a sample off at 16 kHz would be 1,400.
    expect(worst).toBeLessThan(40)
  })

  it('carries the last samples of speech whose end comes late', () => {
    const { r, pieces } = start({ sampleRates: [16_000] })
    r.downlink.begin('u1', 48_000)
    r.downlink.audio('u1', tone(200, 48_000))
    r.clock.advance(500)
    const before = pieces.reduce((sum, { samples }) => sum + samples.length, 0)
    expect(before).toBeLessThan(3200)
    r.downlink.end('u1')
    r.clock.advance(100)
    expect(pieces.reduce((sum, { samples }) => sum + samples.length, 0)).toBe(3200)
    const end = r.client.messages.map(({ message }) => message).find(({ type }) => type === 'tts_end')
    expect(end).toMatchObject({ bytes: 6400, ms: 200 })
  })

  it('carries speech of less than a sample of the client as an utterance without sound', () => {
    const { r, pieces } = start({ sampleRates: [8000] })
    r.downlink.begin('u1', 48_000)
    r.downlink.audio('u1', tone(1, 48_000).slice(0, 4))
    r.downlink.end('u1')
    r.clock.advance(3000)
    expect(pieces.reduce((sum, { samples }) => sum + samples.length, 0)).toBeLessThanOrEqual(1)
    expect(r.log.filter(({ kind }) => kind === 'played')).toHaveLength(1)
  })

  it('goes down to the rate the way delivers, and takes a rate that was tried back before it is critical', () => {
    const { r } = start({ bytesPerSecond: 48_000, sampleRates: [48_000, 24_000, 16_000] })
    speak(r, 'u1', 60_000, 48_000)
    r.clock.advance(60_000)
    const rates = r.log.filter(({ kind }) => kind === 'rate')
    const tried = rates.findIndex(({ value }) => value === 48_000)
    expect(tried).toBeGreaterThan(0)
    const [raised, lowered] = rates.slice(tried)
    expect(lowered!.atMs - raised!.atMs).toBeLessThan(1100)
    const critical = r.log.find(
      ({ kind, value, atMs }) =>
        kind === 'level' && (value as { level: string }).level === 'critical' && atMs > raised!.atMs,
    )
    expect(critical === undefined || critical.atMs >= lowered!.atMs).toBe(true)
  })

  it('counts no time for clean in which reports are missing', () => {
    const [often, seldom] = [200, 1000].map(reportMs => {
      const { r } = start({ bytesPerSecond: 30_000, sampleRates: [24_000, 16_000, 8000] })
      speak(r, 'u1', 60_000, 24_000)
      r.clock.advance(6000)
      const lowered = r.log.filter(({ kind }) => kind === 'rate').at(-1)!
      r.client.bytesPerSecond = Number.POSITIVE_INFINITY
      r.client.reportMs = reportMs
      r.clock.advance(40_000)
      const raised = r.log.find(({ kind, atMs }) => kind === 'rate' && atMs > lowered.atMs)!
      finish(r)
      return raised.atMs
    })
    // Four of every ten beats have no report to go by.
    expect(seldom! - often!).toBeGreaterThan(2000)
  })
})
