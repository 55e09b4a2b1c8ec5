import type { CloseVerdict } from '../protocol/close-codes.js'
import type { ErrorMessage } from '../protocol/messages.js'
import { fullJitterMs } from '../util/backoff.js'

/** When a client comes back after it lost its connection. */
export interface ReconnectPolicy {
  /** Upper bound of the first random delay. Default 500 ms. */
  readonly baseMs: number
  /** Growth of that bound from one attempt to the next. Default 2. */
  readonly factor: number
  /** No delay but the first is shorter. Default 100 ms. */
  readonly floorMs: number
  /**
   * The bound stays below this while the server still holds the session. Default 5 s: a session is held for 30 s. Never
   * above 2 s early in an outage, because whoever comes back after 8 s has lost sound.
   */
  readonly capMs: number
  /** And below this afterwards. Default 30 s. */
  readonly lateCapMs: number
  /** The client fails after so long without a connection. Default 5 min. */
  readonly giveUpAfterMs: number
  /** How long a socket may take to open, and then to resume. Default 5 s; never above 2 s early in an outage. */
  readonly timeoutMs: number
}

export const defaultPolicy: ReconnectPolicy = {
  baseMs: 500,
  factor: 2,
  floorMs: 100,
  capMs: 5000,
  lateCapMs: 30_000,
  giveUpAfterMs: 300_000,
  timeoutMs: 5000,
}

/** While an outage is so young that the ring can hold all of it, 8 s, neither an attempt nor a wait takes above 2 s. */
export function early(outageMs: number, ms: number): number {
  return outageMs < 8000 ? Math.min(2000, ms) : ms
}

/**
 * How long to wait before the next attempt. What the server asks for goes before everything else.
 *
 * @param retryAfterMs not before so many milliseconds, but soon after.
 * @param withinMs the server asks to come back at a uniformly random moment within so many milliseconds.
 * @param attempts already made since the last stable connection.
 */
export function reconnectDelayMs(
  policy: Omit<ReconnectPolicy, 'lateCapMs'>,
  code: number,
  retryAfterMs: number | undefined,
  withinMs: number | undefined,
  attempts: number,
  random: () => number,
): number {
  if (retryAfterMs !== undefined) return retryAfterMs + random() * Math.max(policy.baseMs, retryAfterMs)
  if (withinMs !== undefined) return random() * withinMs
  const shutdown = code === 1001 || code === 1012 || code === 1013
  // After a shutdown that named no window the servers need a moment, and all clients come at once.
  if (attempts === 0) return random() * (shutdown ? 3000 : policy.baseMs)
  return fullJitterMs(policy, attempts - 1, random)
}

/** What a loss means. `error` is what the server said just before: it speaks where the close itself says nothing. */
export function judge(
  classify: (code: number, reason: string) => CloseVerdict,
  code: number,
  reason: string,
  error: ErrorMessage | undefined,
): CloseVerdict {
  const mute = code === 1005 || code === 1006
  if (mute && error && !error.retryable) {
    if (error.class === 'DATA') return classify(4400, '')
    if (error.class === 'AUTH') return classify(error.code === 'unauthenticated' ? 4401 : 4403, '')
  }
  return classify(code, reason)
}
