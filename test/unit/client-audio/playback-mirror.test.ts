import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PlaybackMirror } from '../../../src/client/audio/playback-mirror.js'
import { Playout } from '../../../src/client/audio/playout.js'
import { chunkOf, emptyReport, QUANTUM, QUANTUM_MS, RATE } from './playout-harness.js'

/** A page and its audio thread, whose messages to each other take a few quanta. */
class Pair {
  readonly mirror: PlaybackMirror = new PlaybackMirror()
  readonly playout: Playout = new Playout(RATE, { targetMs: 120, maxTargetMs: 400 })
  quanta = 0
  private readonly delay: number
  private readonly mail: { readonly at: number; deliver(): void }[] = []

  constructor(delay: number) {
    this.delay = delay
  }

  push(id: string, fromMs: number, ms: number): void {
    const chunk = chunkOf(id, fromMs, ms)
    this.mirror.push(chunk)
    this.post(() => this.playout.push(chunk))
  }

  end(id: string): void {
    this.post(() => this.playout.end(id))
  }

  clear(ids: readonly string[]): void {
    this.mirror.clear(ids)
    this.post(() => this.playout.clear(ids))
  }

  rewind(id: string, toMs: number): void {
    this.mirror.rewind(id, toMs)
    this.post(() => this.playout.rewind(id, toMs))
  }

  run(quanta: number): void {
    const out = new Float32Array(QUANTUM)
    for (let i = 0; i < quanta; i++) {
      this.quanta++
      while (this.mail[0] && this.mail[0].at <= this.quanta) this.mail.shift()!.deliver()
      this.playout.render(out)
      if (!this.playout.reportIsDue) continue
      const report = emptyReport()
      this.playout.reportInto(report)
      report.atS = this.nowS
      this.post(() => this.mirror.reported(report))
    }
  }

  get nowS(): number {
    return (this.quanta * QUANTUM) / RATE
  }

  get seen() {
    return this.mirror.position(this.nowS, 0)
  }

  get truth() {
    const report = emptyReport()
    this.playout.reportInto(report)
    return report
  }

  private post(deliver: () => void): void {
    if (this.delay === 0) deliver()
    else this.mail.push({ at: this.quanta + this.delay, deliver })
  }
}

describe('the position as the page sees it', () => {
  it('is exact to the quantum between reports', () => {
    const pair = new Pair(3)
    pair.push('u1', 0, 2000)
    for (let i = 0; i < 600; i++) {
      pair.run(1)
      const { playedMs, bufferedMs } = pair.seen!
      const lag = Math.abs(playedMs - pair.truth.playedMs)
      // Until the first report arrives the page does not know that it plays.
      if (i > 8) expect(lag).toBeLessThanOrEqual(QUANTUM_MS + 1e-6)
      if (i > 8) expect(Math.abs(bufferedMs - pair.truth.bufferedMs)).toBeLessThanOrEqual(QUANTUM_MS + 1e-6)
    }
  })

  it('is null before the first chunk and after everything was cleared', () => {
    const pair = new Pair(2)
    expect(pair.seen).toBeNull()
    pair.push('u1', 0, 300)
    expect(pair.seen).toMatchObject({ utteranceId: 'u1', playedMs: 0, bufferedMs: 300 })
    pair.run(50)
    pair.clear(['u1'])
    expect(pair.seen).toBeNull()
    pair.run(50)
    expect(pair.seen).toBeNull()
  })

  it('stays at the end of what was heard', () => {
    const pair = new Pair(2)
    pair.push('u1', 0, 300)
    pair.end('u1')
    pair.run(300)
    expect(pair.seen).toMatchObject({ utteranceId: 'u1', playedMs: 300, bufferedMs: 0 })
  })

  it('is behind what is rendered by the latency of the device', () => {
    const pair = new Pair(0)
    pair.push('u1', 0, 1000)
    pair.run(75)
    const heard = pair.mirror.position(pair.nowS, 0.05)
    expect(pair.seen!.playedMs - heard!.playedMs).toBeCloseTo(50, 6)
    expect(pair.mirror.position(pair.nowS, 5)!.playedMs).toBe(0)
  })

  it('ignores reports from before a clear, and knows what is left at once', () => {
    const pair = new Pair(20)
    pair.push('u1', 0, 500)
    pair.push('u2', 0, 300)
    pair.run(60)
    expect(pair.seen!.utteranceId).toBe('u1')
    pair.clear(['u1'])
    expect(pair.seen).toMatchObject({ utteranceId: 'u2', playedMs: 0, bufferedMs: 300 })
    pair.run(15)
    expect(pair.seen).toMatchObject({ utteranceId: 'u2', playedMs: 0, bufferedMs: 300 })
    pair.run(60)
    expect(pair.seen!.playedMs).toBeCloseTo(pair.truth.playedMs, 6)
  })

  it('goes back with a rewind', () => {
    const pair = new Pair(4)
    pair.push('u1', 0, 600)
    pair.run(150)
    pair.rewind('u1', 200)
    expect(pair.seen!.playedMs).toBe(200)
    pair.push('u1', 200, 400)
    pair.run(100)
    expect(Math.abs(pair.seen!.playedMs - pair.truth.playedMs)).toBeLessThanOrEqual(QUANTUM_MS)
    pair.end('u1')
    pair.run(300)
    expect(pair.seen).toMatchObject({ playedMs: 600, bufferedMs: 0 })
  })

  it('counts what ran dry', () => {
    const pair = new Pair(1)
    pair.push('u1', 0, 150)
    pair.run(200)
    expect(pair.seen).toMatchObject({ underruns: 1, playedMs: 150, bufferedMs: 0 })
  })

  it('agrees with the audio thread whatever arrives when', () => {
    const step = fc.record({
      utterance: fc.integer({ min: 0, max: 1 }),
      ms: fc.integer({ min: 10, max: 200 }),
      quanta: fc.integer({ min: 0, max: 90 }),
      act: fc.constantFrom('push', 'push', 'push', 'push', 'end', 'clear', 'rewind'),
      /** How many utterances ago the one began that is cleared. */
      back: fc.integer({ min: 0, max: 3 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 12 }), (steps, delay) => {
        const pair = new Pair(delay)
        let current = 0
        let endMs = 0
        const begin = () => {
          current++
          endMs = 0
        }
        for (const { utterance, ms, quanta, act, back } of steps) {
          if (act === 'clear') {
            pair.clear([`u${current - back}`])
            if (back === 0) begin()
          } else if (act === 'end') {
            pair.end(`u${current}`)
            begin()
          } else if (act === 'rewind') {
            endMs = Math.max(0, endMs - 2 * ms)
            pair.rewind(`u${current}`, endMs)
          } else {
            if (utterance) begin()
            pair.push(`u${current}`, endMs, ms)
            endMs += ms
          }
          pair.run(quanta)
        }
        // Once the mail has arrived both say the same.
        pair.end(`u${current}`)
        pair.run(400)
        pair.run(2 * delay + 1)
        const { seen, truth } = pair
        expect(seen?.utteranceId ?? null).toBe(truth.utteranceId)
        if (!seen) return
        expect(Math.abs(seen.playedMs - truth.playedMs)).toBeLessThanOrEqual(QUANTUM_MS + 0.1)
        expect(Math.abs(seen.bufferedMs - truth.bufferedMs)).toBeLessThanOrEqual(QUANTUM_MS + 0.1)
      }),
      { numRuns: 100 },
    )
  })
})
