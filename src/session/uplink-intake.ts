import { type AudioFormat, bytesPerSecond } from '../audio/format.js'
import type { Clock } from '../util/clock.js'
import { RateLimit } from './rate-limit.js'

/** Opus at its highest bit rate, 510 kbit/s (RFC 6716 section 2.1.1), stands in where bytes say nothing about time. */
const opusBytesPerSecond = 510_000 / 8

/** How long a client may send more audio than real time allows before it is cut off. */
const excessMs = 5000

/** How often audio is acknowledged, in milliseconds of audio. */
const ackEveryMs = 500

/** Judges each audio message of a client: whether it comes too fast, and whether an acknowledgement is due. */
export class UplinkIntake {
  private readonly clock: Clock
  private readonly rate: RateLimit
  private readonly ackEveryBytes: number
  private unacknowledged = 0
  private excessSinceMs = 0
  private refusedAtMs = Number.NEGATIVE_INFINITY

  /** @param burstMs audio that may come at once: what the client keeps for replay, and two seconds. */
  constructor(clock: Clock, format: AudioFormat, burstMs: number) {
    const perSecond = format.encoding === 'opus' ? opusBytesPerSecond : bytesPerSecond(format)
    this.clock = clock
    this.rate = new RateLimit(clock, 1.5 * perSecond, (perSecond * burstMs) / 1000)
    this.ackEveryBytes = (perSecond * ackEveryMs) / 1000
  }

  /** `drop`: more than the rate allows. `cut`: and it has been so for too long. */
  judge(bytes: number): 'take' | 'drop' | 'cut' {
    if (this.rate.take(bytes)) return 'take'
    const nowMs = this.clock.now()
    // A bucket lets some through between two refusals; only a pause in the refusals ends the excess.
    if (nowMs - this.refusedAtMs > 1000) this.excessSinceMs = nowMs
    this.refusedAtMs = nowMs
    return nowMs - this.excessSinceMs >= excessMs ? 'cut' : 'drop'
  }

  /** True when the client should hear how much arrived. */
  ackDue(bytes: number): boolean {
    this.unacknowledged += bytes
    if (this.unacknowledged < this.ackEveryBytes) return false
    this.unacknowledged = 0
    return true
  }
}
