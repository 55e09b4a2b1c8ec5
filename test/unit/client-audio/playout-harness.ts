import { Playout } from '../../../src/client/audio/playout.js'
import type { PlayerReport, PlayoutOptions } from '../../../src/client/audio/worklet-messages.js'
import type { AudioChunk } from '../../../src/client/player.js'

export const RATE = 48_000
export const QUANTUM = 128
export const QUANTUM_MS = (QUANTUM / RATE) * 1000

/** 500 of these are silence to the ear; a click is a jump of thousands. */
export const LOUD = 16_000

/** A chunk of a constant value, which shows every gain and every cut. */
export function chunkOf(utteranceId: string, fromMs: number, ms: number, value = LOUD, sampleRate = RATE): AudioChunk {
  const pcm = new Int16Array(Math.round((sampleRate * ms) / 1000)).fill(value)
  return { utteranceId, pcm: new Uint8Array(pcm.buffer), sampleRate, encoding: 'linear16', fromMs }
}

export type MutableReport = { -readonly [K in keyof PlayerReport]: PlayerReport[K] }

export function emptyReport(): MutableReport {
  return {
    epoch: 0,
    utteranceId: null,
    playedMs: 0,
    bufferedMs: 0,
    receivedMs: 0,
    playing: false,
    underruns: 0,
    targetMs: 0,
    level: 0,
    atS: 0,
  }
}

/** A playout with a loudspeaker that remembers. */
export class Loudspeaker {
  readonly playout: Playout
  readonly out: number[] = []
  private readonly quantum = new Float32Array(QUANTUM)

  constructor(options: PlayoutOptions = { targetMs: 120, maxTargetMs: 400 }) {
    this.playout = new Playout(RATE, options)
  }

  render(ms: number): number[] {
    const from = this.out.length
    for (let left = ms; left > 0.001; left -= QUANTUM_MS) {
      this.playout.render(this.quantum)
      for (const sample of this.quantum) this.out.push(Math.round(sample * 32_768))
    }
    return this.out.slice(from)
  }

  get report(): PlayerReport {
    const report = emptyReport()
    this.playout.reportInto(report)
    return report
  }

  get largestStep(): number {
    let largest = 0
    for (let i = 1; i < this.out.length; i++) largest = Math.max(largest, Math.abs(this.out[i]! - this.out[i - 1]!))
    return largest
  }

  /** Samples that are not silent. */
  get soundingMs(): number {
    return (this.out.filter(sample => sample !== 0).length / RATE) * 1000
  }
}

/** The largest step of a fade over 5 ms. */
export const FADE_STEP = Math.ceil(LOUD / (RATE * 0.005)) + 2
