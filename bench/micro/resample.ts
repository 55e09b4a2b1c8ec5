import { Resampler } from '../../src/audio/resample.js'
import type { BenchOptions, Row } from '../report.js'

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
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const rounds = quick ? 50 : 300
  return PAIRS.flatMap(([from, to]) => {
    const frame = Int16Array.from({ length: from / 50 }, (_, i) => 20_000 * Math.sin((2 * Math.PI * 700 * i) / from))
    const name = `resample ${from} to ${to} Hz`
    const unit = 'us per 20 ms'
    const control = measure(linear(from, to), frame, rounds)
    const value = measure(polyphase(from, to), frame, rounds)
    const aa = measure(linear(from, to), frame, rounds) / control
    const target = from === 48_000 && to === 16_000 ? '<= 30' : undefined
    return [
      { name, value, unit, target, aa, rounds },
      { name: `${name}, linear control`, value: control, unit, rounds },
    ]
  })
}

const WARM_UP_FRAMES = 5000
/** Two milliseconds: short enough that most rounds are not interrupted. */
const ROUND_FRAMES = 100

/** The least mean over `rounds`: a shared machine only ever adds to it. */
function measure(convert: Convert, frame: Int16Array, rounds: number): number {
  for (let i = 0; i < WARM_UP_FRAMES; i++) convert(frame)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now()
    for (let i = 0; i < ROUND_FRAMES; i++) convert(frame)
    best = Math.min(best, performance.now() - begin)
  }
  return (best * 1000) / ROUND_FRAMES
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
