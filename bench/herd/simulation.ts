import { defaultPolicy, early, reconnectDelayMs } from '../../src/client/reconnect.js'

export interface HerdScenario {
  readonly clients: number
  readonly acceptsPerSecond: number
  /** How long nothing answers. */
  readonly downMs: number
  /** The window the server announced before it closed; undefined: it just went. */
  readonly announcedMs?: number | undefined
  readonly random: () => number
}

export interface HerdOutcome {
  readonly attemptsPerClient: number
  /** Attempts in the busiest second in which the server was up. */
  readonly peakPerSecond: number
  /** When half, and when 99 of 100, were back. */
  readonly t50Ms: number
  readonly t99Ms: number
}

const bucketMs = 10

/** Sends a herd of clients home with our own backoff, and a server that takes so many a second. */
export function simulateHerd({ clients, acceptsPerSecond, downMs, announcedMs, random }: HerdScenario): HerdOutcome {
  // Each entry of a bucket is one client that tries then, as the number of attempts it has made.
  const attemptsAt: number[][] = []
  const plan = (atMs: number, attempts: number) => {
    const bucket = Math.ceil(atMs / bucketMs)
    attemptsAt[bucket] ??= []
    attemptsAt[bucket].push(attempts)
  }
  const delay = (atMs: number, attempts: number, hintMs?: number) => {
    const capMs = atMs < 30_000 ? early(atMs, defaultPolicy.capMs) : defaultPolicy.lateCapMs
    return reconnectDelayMs({ ...defaultPolicy, capMs }, 1006, undefined, hintMs, attempts, random)
  }
  for (let client = 0; client < clients; client++) plan(delay(0, 0, announcedMs), 0)

  const perBucket: number[] = []
  const backAtMs: number[] = []
  let total = 0
  let capacity = 0
  for (let bucket = 0; backAtMs.length < clients && bucket < 60_000; bucket++) {
    const nowMs = bucket * bucketMs
    const waiting = attemptsAt[bucket] ?? []
    const up = nowMs >= downMs
    total += waiting.length
    perBucket[bucket] = up ? waiting.length : 0
    // A server that had nothing to do cannot take more at once for it.
    capacity = up ? Math.min(capacity, acceptsPerSecond / 100) + acceptsPerSecond / 100 : 0
    for (const attempts of waiting) {
      if (up && capacity >= 1) {
        capacity--
        backAtMs.push(nowMs)
      } else plan(nowMs + Math.max(bucketMs, delay(nowMs, attempts + 1)), attempts + 1)
    }
  }
  return {
    attemptsPerClient: total / clients,
    peakPerSecond: busiest(perBucket, 1000 / bucketMs),
    t50Ms: backAtMs[Math.floor(clients * 0.5)] ?? Number.POSITIVE_INFINITY,
    t99Ms: backAtMs[Math.floor(clients * 0.99)] ?? Number.POSITIVE_INFINITY,
  }
}

/** The largest sum of any `length` neighbours. */
function busiest(counts: readonly number[], length: number): number {
  let sum = 0
  let most = 0
  for (let at = 0; at < counts.length; at++) {
    sum += (counts[at] ?? 0) - (counts[at - length] ?? 0)
    most = Math.max(most, sum)
  }
  return most
}
