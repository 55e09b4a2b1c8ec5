import { describe, expect, it } from 'vitest'
import { chunkOf, FADE_STEP, LOUD, Loudspeaker, QUANTUM_MS, RATE } from './playout-harness.js'

/** Everything but the step with which a constant begins. */
function stepsAfterStart(speaker: Loudspeaker): number {
  const first = speaker.out.findIndex(sample => sample !== 0)
  const rest = speaker.out.slice(first)
  return Math.max(...rest.map((sample, i) => (i > 0 ? Math.abs(sample - rest[i - 1]!) : 0)))
}

describe('clear', () => {
  it('is silent after 5 ms of fading and holds nothing', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 1000))
    speaker.render(300)
    speaker.playout.clear(['u1'])
    const after = speaker.render(100)
    expect(after.slice(0.005 * RATE).every(sample => sample === 0)).toBe(true)
    expect(stepsAfterStart(speaker)).toBeLessThanOrEqual(FADE_STEP)
    expect(speaker.report).toMatchObject({ utteranceId: null, bufferedMs: 0, playing: false, epoch: 1, underruns: 0 })
  })

  it('leaves a later utterance, which is heard from its first sample', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 300))
    speaker.playout.push(chunkOf('u2', 0, 300, 5000))
    speaker.playout.end('u2')
    speaker.render(100)
    speaker.playout.clear(['u1'])
    expect(speaker.report).toMatchObject({ utteranceId: 'u2', playedMs: 0, bufferedMs: 300 })
    speaker.render(400)
    expect(speaker.report).toMatchObject({ utteranceId: 'u2', playedMs: 300 })
    // The fade of the old lies over the beginning of the new.
    expect(speaker.out.filter(sample => sample === 5000)).toHaveLength((0.3 - 0.005) * RATE)
  })

  it('of something that has ended changes nothing that is heard', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 200))
    speaker.playout.push(chunkOf('u2', 0, 200))
    speaker.render(300)
    speaker.playout.clear(['u1'])
    speaker.playout.end('u2')
    speaker.render(200)
    expect(speaker.soundingMs).toBe(400)
  })

  it('of a later utterance takes along what is still held of earlier ones', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 300))
    speaker.playout.push(chunkOf('u2', 0, 300))
    speaker.playout.push(chunkOf('u3', 0, 300))
    speaker.playout.end('u3')
    speaker.render(100)
    speaker.playout.clear(['u2'])
    expect(speaker.report).toMatchObject({ utteranceId: 'u3', playedMs: 0, bufferedMs: 300 })
  })

  it('before anything is heard makes no sound at all', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 100))
    speaker.render(50)
    speaker.playout.clear(['u1'])
    speaker.render(100)
    expect(speaker.soundingMs).toBe(0)
    speaker.playout.push(chunkOf('u2', 0, 200))
    speaker.playout.end('u2')
    speaker.render(300)
    expect(speaker.soundingMs).toBe(200)
  })

  it('twice within the fade adds up to no more than the sound was', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 300))
    speaker.playout.push(chunkOf('u2', 0, 300))
    speaker.render(100)
    speaker.playout.clear(['u1'])
    speaker.render(QUANTUM_MS)
    speaker.playout.clear(['u2'])
    speaker.render(50)
    expect(Math.max(...speaker.out)).toBeLessThan(2 * LOUD)
    expect(speaker.out.at(-1)).toBe(0)
  })
})

describe('rewind', () => {
  it('ahead of what is heard replaces the rest without a trace', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 600))
    speaker.render(100)
    speaker.playout.rewind('u1', 300)
    expect(speaker.report.bufferedMs).toBeCloseTo(300 - 38 * QUANTUM_MS, 6)
    speaker.playout.push(chunkOf('u1', 300, 600))
    speaker.playout.end('u1')
    speaker.render(1000)
    expect(speaker.soundingMs).toBe(900)
    expect(speaker.report).toMatchObject({ playedMs: 900, underruns: 0, epoch: 1 })
  })

  it('to what was heard already says it again, with a fade between', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 600))
    speaker.render(400)
    speaker.playout.rewind('u1', 200)
    expect(speaker.report).toMatchObject({ utteranceId: 'u1', playedMs: 200, bufferedMs: 0, playing: false })
    speaker.render(50)
    speaker.playout.push(chunkOf('u1', 200, 400))
    speaker.playout.end('u1')
    speaker.render(50)
    expect(speaker.report.playedMs).toBeCloseTo(250, -1)
    speaker.render(600)
    expect(speaker.report).toMatchObject({ playedMs: 600 })
    // What was said again, and the fade before it.
    expect(speaker.soundingMs - 400 - 400).toBeCloseTo(5, 0)
  })

  it('across a hole drops what came after it', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 200))
    speaker.playout.push(chunkOf('u1', 500, 200))
    speaker.playout.push(chunkOf('u1', 900, 200))
    speaker.playout.rewind('u1', 150)
    expect(speaker.report).toMatchObject({ bufferedMs: 150 })
    speaker.playout.push(chunkOf('u1', 150, 50))
    speaker.playout.end('u1')
    speaker.render(400)
    expect(speaker.soundingMs).toBe(200)
  })

  it('to the beginning, twice, still knows what will be heard next', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 200))
    speaker.render(2)
    speaker.playout.rewind('u1', 1)
    speaker.playout.rewind('u1', 0)
    expect(speaker.report).toMatchObject({ utteranceId: 'u1', playedMs: 0, bufferedMs: 0, epoch: 2 })
    expect(speaker.playout.reportIsDue).toBe(false)
    speaker.playout.rewind('u1', 0)
    expect(speaker.playout.reportIsDue).toBe(true)
    speaker.playout.push(chunkOf('u1', 0, 200))
    speaker.playout.end('u1')
    speaker.render(300)
    expect(speaker.report).toMatchObject({ utteranceId: 'u1', playedMs: 200 })
  })

  it('of something unknown changes nothing', () => {
    const speaker = new Loudspeaker()
    speaker.playout.push(chunkOf('u1', 0, 200))
    speaker.playout.rewind('u0', 0)
    speaker.playout.end('u1')
    speaker.render(300)
    expect(speaker.soundingMs).toBe(200)
  })
})
