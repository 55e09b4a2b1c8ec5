import type { AudioLog } from './audio-log.js'
import type { AudioTimes } from './audio-times.js'
import type { SlabPool } from './slab-pool.js'

/** Sent and not final: finals can be 10 s apart, and one is forced at 14. */
const SENT_MS = 15_000
/** Not sent: what a recovery of half its budget needs. */
const UNSENT_MS = 15_000
/** All of it, once the sessions of the handler hold too much together. */
const TIGHT_MS = 5000
/** What is dropped at once, so that a long outage reports one gap a second and not one a frame. */
const DROP_MS = 1000
const READS_PAUSE_AT_MS = 0.75 * UNSENT_MS

/** How much audio a session keeps. */
export class LogLimits {
  private readonly log: AudioLog
  private readonly times: AudioTimes
  private readonly pool: SlabPool
  private readonly dropped: (from: number, to: number) => void

  /** @param dropped told of audio that was dropped unheard. */
  constructor(log: AudioLog, times: AudioTimes, pool: SlabPool, dropped: (from: number, to: number) => void) {
    this.log = log
    this.times = times
    this.pool = pool
    this.dropped = dropped
  }

  /** Reading more would soon mean dropping it. */
  get full(): boolean {
    return this.span(Math.max(this.log.sent, this.log.sentOnce)) > READS_PAUSE_AT_MS
  }

  /** @param served a stream is open: what it was sent, it has heard. */
  enforce(served: boolean): void {
    const { log, pool } = this
    if (this.span(log.finalised) <= TIGHT_MS) return
    if (pool.tight) {
      while (this.span(log.finalised) > TIGHT_MS) this.drop(log.finalised)
      return
    }
    if (served) this.forgetSent()
    while (this.sentMs + this.unsentMs > SENT_MS + UNSENT_MS) this.drop(log.sent)
  }

  private get sentMs(): number {
    return this.times.msAt(this.log.sent) - this.times.msAt(this.log.finalised)
  }

  /** Without the hole that dropped audio leaves behind what was sent. */
  private get unsentMs(): number {
    return this.span(this.log.nextHeld(this.log.sent))
  }

  /** What a serving stream was sent it has heard: it makes room for what it was not. */
  private forgetSent(): void {
    const { log, times } = this
    const keptMs = Math.min(SENT_MS, Math.max(0, SENT_MS + UNSENT_MS - this.unsentMs))
    if (this.sentMs > keptMs) log.finaliseTo(times.offsetAt(times.msAt(log.sent) - keptMs))
  }

  private drop(from: number): void {
    const { log, times } = this
    const start = log.nextHeld(from)
    const to = Math.min(log.written, times.offsetAt(times.msAt(start) + DROP_MS))
    if (from === log.finalised) log.finaliseTo(to)
    else log.drop(start, to)
    this.dropped(start, to)
  }

  private span(from: number): number {
    return this.times.msAt(this.log.written) - this.times.msAt(from)
  }
}
