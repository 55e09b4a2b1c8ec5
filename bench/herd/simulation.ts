import { defaultPolicy, early, reconnectDelayMs } from '../../src/client/reconnect.js'

export interface HerdScenario {
  readonly clients: number
  readonly acceptsPerSecond: number
  /** How long nothing answers. */
  readonly downMs: number
  /** The window the server announced before it closed; undefined: it just went. */
  readonly announcedMs?: number | undefined
  /** How much of an accept each refused attempt uses up. Default 0. */
  readonly refusalCost?: number | undefined
  readonly random: () => number
}

export interface HerdOutcome {
  readonly attemptsPerClient: number
  /** Attempts in the busiest second in which the server was up. */
  readonly peakPerSecond: number
  readonly peakPer100Ms: number
  /** How long after the server was up half, and 99 of 100, were back. */
  readonly t50Ms: number
  readonly t99Ms: number
}

const bucketMs = 10

/** Sends a herd of clients home with our own backoff, and a server that takes so many a second. */
export function simulateHerd(scenario: HerdScenario): HerdOutcome {
  const { clients, acceptsPerSecond, downMs, announcedMs, refusalCost = 0, random } = scenario
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
    // What refusals cost beyond that is owed.
    capacity = up ? Math.min(capacity, acceptsPerSecond / 100) + acceptsPerSecond / 100 : 0
    for (const attempts of waiting) {
      if (up && capacity >= 1) {
        capacity--
        backAtMs.push(nowMs)
      } else {
        if (up) capacity -= refusalCost
        plan(nowMs + Math.max(bucketMs, delay(nowMs, attempts + 1)), attempts + 1)
      }
    }
  }
  const share = (part: number) => (backAtMs[Math.floor(clients * part)] ?? Number.POSITIVE_INFINITY) - downMs
  return {
    attemptsPerClient: total / clients,
    peakPerSecond: busiest(perBucket, 1000 / bucketMs),
    peakPer100Ms: busiest(perBucket, 100 / bucketMs),
    t50Ms: share(0.5),
    t99Ms: share(0.99),
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
