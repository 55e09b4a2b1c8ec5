import type { Clock } from '../../src/index.js'

/** Time that runs `factor` times as fast, for client and server alike: outages, timeouts and audio keep their proportions. */
export function scaledClock(factor: number): Clock {
  return {
    now: () => performance.now() * factor,
    wallTime: () => Date.now(),
    after(delayMs, fn) {
      const timer = setTimeout(fn, delayMs / factor)
      return () => clearTimeout(timer)
    },
    every(periodMs, fn) {
      const timer = setInterval(fn, periodMs / factor)
      return () => clearInterval(timer)
    },
  }
}

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
