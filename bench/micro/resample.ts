import { pathToFileURL } from 'node:url'
import { Resampler } from '../../src/audio/resample.js'

export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
}

const PAIRS = [
  [48_000, 16_000],
  [24_000, 16_000],
  [48_000, 24_000],
  [16_000, 8_000],
  [44_100, 16_000],
  [8_000, 16_000],
  [16_000, 48_000],
  [44_100, 48_000],
] as const

/** Converts one 20 ms frame. */
type Convert = (frame: Int16Array) => void

/**
 * The cost of one 20 ms frame for the main pairs of rates, beside the control: straight-line interpolation, which is
 * what a resampler costs that filters nothing and lets every alias through.
 */
export async function run({ quick }: { quick: boolean }): Promise<Row[]> {
  const rounds = quick ? 3 : 15
  return PAIRS.flatMap(([from, to]) => {
    const frame = Int16Array.from({ length: from / 50 }, (_, i) => 20_000 * Math.sin((2 * Math.PI * 700 * i) / from))
    const ours = measure(polyphase(from, to), frame, rounds)
    const control = measure(linear(from, to), frame, rounds)
    return [
      { name: `resample ${from} to ${to}`, value: ours, unit: 'us per 20 ms' },
      { name: `resample ${from} to ${to}, linear control`, value: control, unit: 'us per 20 ms' },
    ]
  })
}

/** The least mean over `rounds`: a shared machine only ever adds to it. */
function measure(convert: Convert, frame: Int16Array, rounds: number): number {
  const frames = 500
  let best = Number.POSITIVE_INFINITY
  // The first rounds warm the compiler up.
  for (let round = -3; round < rounds; round++) {
    const begin = performance.now()
    for (let i = 0; i < frames; i++) convert(frame)
    const us = ((performance.now() - begin) * 1000) / frames
    if (round >= 0) best = Math.min(best, us)
  }
  return best
}

function polyphase(from: number, to: number): Convert {
  const resampler = new Resampler(from, to)
  return frame => resampler.process(frame)
}

function linear(from: number, to: number): Convert {
  const step = from / to
  let position = 0
  let last = 0
  return frame => {
    const output = new Int16Array(Math.ceil((frame.length - position) / step))
    for (let i = 0; i < output.length; i++) {
      const at = Math.floor(position)
      const before = at === 0 ? last : frame[at - 1]!
      output[i] = before + (frame[at]! - before) * (position - at)
      position += step
    }
    position -= frame.length
    last = frame[frame.length - 1]!
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await run({ quick: process.argv.includes('--quick') })) {
    console.log(`${row.name.padEnd(48)} ${row.value.toFixed(2).padStart(8)} ${row.unit}`)
  }
}
