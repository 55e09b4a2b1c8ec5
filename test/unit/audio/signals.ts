/** The rates sound comes in. */
export const RATES = [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] as const

/** `amplitude` is a share of full scale. */
export function tone(hz: number, rate: number, samples: number, amplitude = 0.9): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) =>
    Math.round(amplitude * 32_767 * Math.sin((2 * Math.PI * hz * i) / rate)),
  )
}

/** Repeatable uniform numbers from -1 to 1. */
export function randomSource(seed = 1): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state / 2 ** 31
  }
}

/** White noise of the given level. */
export function noise(dbfs: number, samples: number, seed = 1): Int16Array {
  const random = randomSource(seed)
  const peak = 32_768 * 10 ** (dbfs / 20) * Math.sqrt(3)
  return Int16Array.from({ length: samples }, () => Math.round(peak * random()))
}

/**
 * Something that moves like speech: a 120 Hz voice with its overtones in syllables of 180 ms, each followed by 40 ms
 * of near silence, as plosives make it. `dbfs` is the level within syllables.
 */
export function speechLike(dbfs: number, ms: number, rate = 16_000): Int16Array {
  const samples = Math.round((ms * rate) / 1000)
  const amplitude = 32_768 * 10 ** (dbfs / 20)
  return Int16Array.from({ length: samples }, (_, i) => {
    const inSyllable = ((i * 1000) / rate) % 220
    if (inSyllable >= 180) return 0
    let value = 0
    for (let overtone = 1; overtone <= 20; overtone++) {
      value += Math.sin((2 * Math.PI * 120 * overtone * i) / rate + overtone ** 2) / Math.sqrt(10)
    }
    return Math.round(amplitude * value * Math.min(1, inSyllable / 10, (180 - inSyllable) / 10))
  })
}

export function mix(a: Int16Array, b: Int16Array): Int16Array {
  return a.map((sample, i) => sample + (b[i] ?? 0))
}

export function concat(...parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Power of the samples but the first and last `margin`, in dB of a full-scale sine. */
export function powerDb(samples: Int16Array, margin: number): number {
  const inner = samples.subarray(margin, samples.length - margin)
  const power = inner.reduce((sum, sample) => sum + sample * sample, 0) / inner.length
  return 10 * Math.log10(power / (32_767 ** 2 / 2) + 1e-15)
}

/** The tone at `hz` in the samples, by least squares, and how far everything else lies below it. */
export function measureTone(
  samples: Int16Array,
  hz: number,
  rate: number,
  margin: number,
): { amplitude: number; delayMs: number; snrDb: number } {
  let ss = 0
  let cc = 0
  let sc = 0
  let ys = 0
  let yc = 0
  const angle = (2 * Math.PI * hz) / rate
  const end = samples.length - margin
  for (let i = margin; i < end; i++) {
    const s = Math.sin(angle * i)
    const c = Math.cos(angle * i)
    ss += s * s
    cc += c * c
    sc += s * c
    ys += samples[i]! * s
    yc += samples[i]! * c
  }
  const determinant = ss * cc - sc * sc
  const inPhase = (ys * cc - yc * sc) / determinant
  const quadrature = (yc * ss - ys * sc) / determinant
  let rest = 0
  for (let i = margin; i < end; i++) {
    rest += (samples[i]! - inPhase * Math.sin(angle * i) - quadrature * Math.cos(angle * i)) ** 2
  }
  const amplitude = Math.hypot(inPhase, quadrature)
  return {
    amplitude: amplitude / 32_767,
    delayMs: (-Math.atan2(quadrature, inPhase) / (2 * Math.PI * hz)) * 1000,
    snrDb: 10 * Math.log10(amplitude ** 2 / 2 / (rest / (end - margin))),
  }
}
