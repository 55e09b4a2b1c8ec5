/**
 * Zero crossings of the sinc on each side: 28 multiplications per output sample going up, 84 from 48 to 16 kHz.
 * With the two numbers below, what lies above 1.15 times the lower Nyquist frequency is 80 dB down, images of a
 * 1 kHz tone 90 dB, and 0.85 times that frequency (the edge of telephone speech at 8 kHz) is 2.4 dB down.
 */
const HALF_LOBES = 14
/** Shape of the Kaiser window: side lobes below -90 dB, the noise of 16-bit samples. */
const KAISER_BETA = 10
/** Edge of the pass band as a share of the lower Nyquist frequency. */
const CUTOFF = 0.9
/** Input is taken in blocks of this many samples, so that the work buffer stays small for any input. */
const BLOCK = 1024
/** 8 MB of coefficients; every pair of the rates used for sound needs less than a twentieth of it. */
const MAX_COEFFICIENTS = 1 << 20
const MAX_SHARED_FILTERS = 32

/** The coefficients for one ratio of rates: `phases` rows of `taps`. */
interface Filter {
  /** Input samples per output sample, as the fraction `step / phases`. */
  readonly step: number
  readonly phases: number
  readonly taps: number
  readonly rows: Float64Array
}

const filters = new Map<string, Filter>()

/**
 * Changes the sample rate of a stream of 16-bit mono sound: a polyphase windowed-sinc filter whose state lives across
 * calls, so the result does not depend on how the stream is cut into calls. Between any two of 8, 16, 22.05, 24, 32,
 * 44.1 and 48 kHz aliases stay below -80 dB and a 1 kHz tone keeps 90 dB over its noise.
 *
 * Output is aligned in time with the input. Samples whose successors are still missing are held back (14 of the lower
 * rate: 0.9 ms at 16 kHz) until more input or `flush()`, after which `n` samples have become exactly
 * `ceil(n * toRate / fromRate)`.
 */
export class Resampler {
  readonly fromRate: number
  readonly toRate: number
  private readonly filter: Filter | undefined
  private readonly work: Float64Array
  /** Samples in `work`. */
  private filled = 0
  /** Row of `filter` for the next output sample, whose window begins at `work[0]`. */
  private phase = 0

  /** @throws RangeError for a rate that is no positive integer or a pair with no usable common divisor. */
  constructor(fromRate: number, toRate: number) {
    this.fromRate = fromRate
    this.toRate = toRate
    this.filter = filterFor(fromRate, toRate)
    this.work = new Float64Array(this.filter ? BLOCK + 2 * this.filter.taps : 0)
    this.reset()
  }

  /** Samples that `inputSamples` more of input will give. */
  outputLength(inputSamples: number): number {
    const filter = this.filter
    if (!filter) return inputSamples
    // Output k of this call needs the window that starts floor((phase + k * step) / phases) samples further on.
    const starts = this.filled + inputSamples - filter.taps + 1
    return starts <= 0 ? 0 : Math.max(0, Math.ceil((starts * filter.phases - this.phase) / filter.step))
  }

  /** Converts `input`. The result is a fresh array that belongs to the caller, also at equal rates. */
  process(input: Int16Array): Int16Array {
    const output = new Int16Array(this.outputLength(input.length))
    this.processInto(input, input.length, output, 0)
    return output
  }

  /**
   * Converts the first `length` samples of `input` into `output` from `at` on, without allocating.
   * `output` must have room for `outputLength(length)`.
   *
   * @returns the number of samples written.
   */
  processInto(input: Int16Array, length: number, output: Int16Array, at: number): number {
    if (!this.filter) {
      for (let i = 0; i < length; i++) output[at + i] = input[i]!
      return length
    }
    let written = 0
    for (let from = 0; from < length; from += BLOCK) {
      const to = Math.min(length, from + BLOCK)
      for (let i = from, w = this.filled; i < to; i++, w++) this.work[w] = input[i]!
      this.filled += to - from
      written += this.filterInto(this.filter, output, at + written)
    }
    return written
  }

  /** The samples held back, as if silence followed, in a fresh array. Afterwards the resampler is as new. */
  flush(): Int16Array {
    const filter = this.filter
    if (!filter) return new Int16Array(0)
    const half = filter.taps / 2
    const output = new Int16Array(this.outputLength(half))
    this.work.fill(0, this.filled, this.filled + half)
    this.filled += half
    this.filterInto(filter, output, 0)
    this.reset()
    return output
  }

  /** Forgets the sound so far. */
  reset(): void {
    this.phase = 0
    this.filled = this.filter ? this.filter.taps / 2 - 1 : 0
    this.work.fill(0, 0, this.filled)
  }

  /** Gives every output sample whose window is complete, and drops the input no later window needs. */
  private filterInto(filter: Filter, output: Int16Array, at: number): number {
    const { phases, step } = filter
    const count = this.outputLength(0)
    const end = at + count
    for (let i = 0; i < phases && i < count; i++) {
      const position = this.phase + i * step
      const start = (position / phases) | 0
      filterRow(filter, position - start * phases, this.work, start, output, at + i, end)
    }
    const next = this.phase + count * step
    const start = (next / phases) | 0
    this.work.copyWithin(0, start, this.filled)
    this.filled -= start
    this.phase = next - start * phases
    return count
  }
}

/**
 * All output samples of one row of coefficients, from `at` to `end`. Two at a time share the loads of the coefficients,
 * and four sums each keep additions from waiting for one another: a third less time than one by one. A last single
 * sample is summed in the same order, so that the result does not depend on the length of a call.
 */
function filterRow(
  filter: Filter,
  phase: number,
  work: Float64Array,
  start: number,
  output: Int16Array,
  at: number,
  end: number,
): void {
  const { phases, step, taps, rows } = filter
  const first = phase * taps
  const last = first + taps
  let x = start
  let o = at
  for (; o + phases < end; o += 2 * phases, x += 2 * step) {
    let a0 = 0
    let a1 = 0
    let a2 = 0
    let a3 = 0
    let b0 = 0
    let b1 = 0
    let b2 = 0
    let b3 = 0
    for (let r = first, a = x, b = x + step; r < last; r += 4, a += 4, b += 4) {
      const c0 = rows[r]!
      const c1 = rows[r + 1]!
      const c2 = rows[r + 2]!
      const c3 = rows[r + 3]!
      a0 += c0 * work[a]!
      a1 += c1 * work[a + 1]!
      a2 += c2 * work[a + 2]!
      a3 += c3 * work[a + 3]!
      b0 += c0 * work[b]!
      b1 += c1 * work[b + 1]!
      b2 += c2 * work[b + 2]!
      b3 += c3 * work[b + 3]!
    }
    output[o] = toInt16(a0 + a1 + (a2 + a3))
    output[o + phases] = toInt16(b0 + b1 + (b2 + b3))
  }
  if (o >= end) return
  let a0 = 0
  let a1 = 0
  let a2 = 0
  let a3 = 0
  for (let r = first, a = x; r < last; r += 4, a += 4) {
    a0 += rows[r]! * work[a]!
    a1 += rows[r + 1]! * work[a + 1]!
    a2 += rows[r + 2]! * work[a + 2]!
    a3 += rows[r + 3]! * work[a + 3]!
  }
  output[o] = toInt16(a0 + a1 + (a2 + a3))
}

function toInt16(value: number): number {
  if (value >= 32767) return 32767
  if (value <= -32768) return -32768
  return ((value + 32768.5) | 0) - 32768
}

/** The shared filter of a pair of rates; none when they are equal. */
function filterFor(fromRate: number, toRate: number): Filter | undefined {
  checkRate('fromRate', fromRate)
  checkRate('toRate', toRate)
  if (fromRate === toRate) return undefined
  const divisor = greatestCommonDivisor(fromRate, toRate)
  const step = fromRate / divisor
  const phases = toRate / divisor
  const key = `${step}/${phases}`
  const known = filters.get(key)
  if (known) return known
  const filter = design(step, phases)
  // Rates come from clients: the oldest ratio makes room, whoever uses it keeps it.
  if (filters.size >= MAX_SHARED_FILTERS) filters.delete(filters.keys().next().value!)
  filters.set(key, filter)
  return filter
}

function design(step: number, phases: number): Filter {
  const bandwidth = Math.min(1, phases / step)
  // Even, so that the taps come in fours.
  const half = 2 * Math.ceil(HALF_LOBES / bandwidth / 2)
  const taps = 2 * half
  if (phases * taps > MAX_COEFFICIENTS) {
    throw new RangeError(`fromRate, toRate: ${step}:${phases} is too fine a ratio; use rates with a common divisor`)
  }
  const rows = new Float64Array(phases * taps)
  for (let phase = 0; phase < phases; phase++) {
    const row = rows.subarray(phase * taps, (phase + 1) * taps)
    for (let tap = 0; tap < taps; tap++) {
      const distance = tap - (half - 1) - phase / phases
      row[tap] = sinc(CUTOFF * bandwidth * distance) * kaiser(distance / half)
    }
    // Every row passes a constant unchanged, else upsampled silence with an offset would hum at the row rate.
    const gain = row.reduce((sum, tap) => sum + tap, 0)
    for (let tap = 0; tap < taps; tap++) row[tap]! /= gain
  }
  return { step, phases, taps, rows }
}

function checkRate(name: string, rate: number): void {
  if (!Number.isInteger(rate) || rate <= 0) throw new RangeError(`${name}: ${rate} is not a positive integer of Hz`)
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

/** The Kaiser window at `x` of -1 to 1, 0 outside. */
function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : besselI0(KAISER_BETA * Math.sqrt(1 - x * x)) / besselI0(KAISER_BETA)
}

/** The modified Bessel function of order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1
  let term = 1
  for (let k = 1; term > sum * 1e-16; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}
