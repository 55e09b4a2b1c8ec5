import { describe, expect, it } from 'vitest'
import { encodeMulaw } from '../../../src/audio/g711.js'
import { chunkOf, FADE_STEP, LOUD, Loudspeaker, QUANTUM_MS, RATE } from './playout-harness.js'

const samplesOf = (ms: number) => (ms * RATE) / 1000

describe('the jitter buffer', () => {
  it('plays when 120 ms are there, from the first sample, and stops where the speech ends', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 100))
    expect(speaker.render(50).every(sample => sample === 0)).toBe(true)
    speaker.playout.push(chunkOf('u1', 100, 100))
    speaker.playout.end('u1')
    const heard = speaker.render(300)
    expect(heard.filter(sample => sample === LOUD)).toHaveLength(samplesOf(200))
    expect(heard[0]).toBe(LOUD)
    expect(speaker.report).toMatchObject({
      utteranceId: 'u1',
      playedMs: 200,
      bufferedMs: 0,
      underruns: 0,
      playing: false,
    })
  })

  it('plays speech that is shorter than the target as soon as it is complete', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 40))
    expect(speaker.render(20).every(sample => sample === 0)).toBe(true)
    speaker.playout.end('u1')
    speaker.render(100)
    expect(speaker.soundingMs).toBe(40)
  })

  it('fades when it runs dry, fills to half as much again, and comes back with a fade', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 120))
    speaker.render(200)
    expect(speaker.report).toMatchObject({ underruns: 1, targetMs: 180, playing: false, playedMs: 120, bufferedMs: 0 })
    speaker.playout.push(chunkOf('u1', 120, 179))
    expect(speaker.render(50).every(sample => sample === 0)).toBe(true)
    speaker.playout.push(chunkOf('u1', 299, 201))
    speaker.playout.end('u1')
    speaker.render(500)
    expect(speaker.largestStep).toBeLessThanOrEqual(LOUD)
    // But for the beginning and the end of the speech, which are as they came, every change is a fade.
    const steps = speaker.out.map((sample, i) => Math.abs(sample - (speaker.out[i - 1] ?? 0)))
    expect(steps.filter(step => step > FADE_STEP)).toEqual([LOUD, LOUD])
    expect(speaker.report).toMatchObject({ playedMs: 500, underruns: 1 })
  })

  it('grows to the limit and shrinks by 20 ms for every 10 s without running dry', () => {
    const speaker = new Loudspeaker({ targetMs: 120, maxTargetMs: 400 })
    let atMs = 0
    for (let i = 0; i < 5; i++) {
      speaker.playout.push(chunkOf('u1', atMs, 400))
      atMs += 400
      speaker.render(500)
    }
    expect(speaker.report).toMatchObject({ underruns: 5, targetMs: 400 })
    for (let i = 0; i < 23; i++) {
      speaker.playout.push(chunkOf('u1', atMs, 1000))
      atMs += 1000
      speaker.render(i === 0 ? 500 : 1000)
    }
    expect(speaker.report).toMatchObject({ underruns: 5, targetMs: 360 })
  })

  it('counts no underrun where speech ends or another utterance follows', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 200))
    speaker.playout.push(chunkOf('u2', 0, 200))
    speaker.playout.end('u2')
    speaker.render(500)
    expect(speaker.soundingMs).toBe(400)
    expect(speaker.report).toMatchObject({ utteranceId: 'u2', playedMs: 200, underruns: 0 })
  })

  it('says which utterance is heard and how far, to the quantum', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 200))
    speaker.playout.push(chunkOf('u2', 0, 200))
    speaker.render(96 * QUANTUM_MS)
    const atMs = 96 * QUANTUM_MS
    expect(speaker.report).toMatchObject({ utteranceId: 'u2', playing: true })
    expect(speaker.report.playedMs).toBeCloseTo(atMs - 200, 6)
    expect(speaker.report.bufferedMs).toBeCloseTo(400 - atMs, 6)
    expect(speaker.report.receivedMs).toBe(400)
  })

  it('decodes mu-law at 8 kHz', () => {
    const speaker = new Loudspeaker()
    const pcm = encodeMulaw(new Int16Array(8000).fill(8000))
    speaker.playout.push({ utteranceId: 'u1', pcm, sampleRate: 8000, encoding: 'mulaw', fromMs: 0 })
    speaker.playout.end('u1')
    speaker.render(1100)
    expect(speaker.soundingMs).toBeCloseTo(1000, 0)
    expect(Math.abs(speaker.out[24_000]! - 8000)).toBeLessThan(200)
  })

  it('keeps more than a minute of speech in order', () => {
    const speaker = new Loudspeaker()
    for (let second = 0; second < 70; second++) speaker.playout.push(chunkOf('u1', second * 1000, 1000, 100 + second))
    speaker.playout.end('u1')
    speaker.render(70_000)
    for (let second = 0; second < 70; second++) expect(speaker.out[second * RATE + 100]).toBe(100 + second)
  })
})

describe('a hole in the timeline', () => {
  it('moves the position and is heard as a dip, not as a click', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 200, LOUD))
    speaker.playout.push(chunkOf('u1', 1000, 200, -LOUD))
    speaker.playout.end('u1')
    speaker.render(300)
    expect(Math.abs(speaker.report.playedMs - (1000 + 300 - 200))).toBeLessThan(QUANTUM_MS)
    speaker.render(300)
    expect(speaker.report).toMatchObject({ playedMs: 1200, underruns: 0 })
    const inner = speaker.out.slice(1, samplesOf(400))
    expect(Math.max(...inner.map((sample, i) => (i > 0 ? Math.abs(sample - inner[i - 1]!) : 0)))).toBeLessThan(
      2 * FADE_STEP,
    )
  })
})

describe('a change of rate in the middle of speech', () => {
  it('keeps every millisecond', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 200, LOUD, 48_000))
    speaker.playout.push(chunkOf('u1', 200, 200, LOUD, 16_000))
    speaker.playout.push(chunkOf('u1', 400, 200, LOUD, 24_000))
    speaker.playout.end('u1')
    speaker.render(700)
    expect(speaker.out.filter(sample => Math.abs(sample - LOUD) <= 1)).toHaveLength(samplesOf(600))
    expect(speaker.report).toMatchObject({ playedMs: 600, underruns: 0 })
  })
})
