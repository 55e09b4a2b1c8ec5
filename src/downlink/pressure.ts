import type { PressureLevel } from '../protocol/messages.js'
import type { BackpressureOptions } from './options.js'

/** How long it must be quiet before a level is left. */
const leaveAfterMs = 2000

/**
 * How late the way to the client is, in three levels. A level is entered at once, by lag or by bytes, and left after
 * 2 s below half of its threshold, so that it does not flap at the threshold.
 */
export class Pressure {
  private readonly options: BackpressureOptions
  private current: PressureLevel = 'normal'
  /** Since when it has been below half of each threshold. */
  private belowElevatedAtMs = 0
  private belowCriticalAtMs = 0
  private progressAtMs = 0

  constructor(options: BackpressureOptions) {
    this.options = options
  }

  get level(): PressureLevel {
    return this.current
  }

  /** Takes a measurement. True when the level changed. */
  update(nowMs: number, lagMs: number, bufferedBytes: number): boolean {
    const { elevatedLagMs, criticalLagMs, elevatedBytes, criticalBytes } = this.options
    if (lagMs >= elevatedLagMs / 2 || bufferedBytes >= elevatedBytes / 2) this.belowElevatedAtMs = nowMs
    if (lagMs >= criticalLagMs / 2 || bufferedBytes >= criticalBytes / 2) this.belowCriticalAtMs = nowMs
    const previous = this.current
    if (lagMs >= criticalLagMs || bufferedBytes >= criticalBytes) this.current = 'critical'
    else if (previous === 'normal' && (lagMs >= elevatedLagMs || bufferedBytes >= elevatedBytes))
      this.current = 'elevated'
    else if (nowMs - this.belowElevatedAtMs >= leaveAfterMs) this.current = 'normal'
    else if (previous === 'critical' && nowMs - this.belowCriticalAtMs >= leaveAfterMs) this.current = 'elevated'
    if (previous !== 'critical' && this.current === 'critical') this.progressAtMs = nowMs
    return this.current !== previous
  }

  /** The client took something. */
  progress(nowMs: number): void {
    this.progressAtMs = nowMs
  }

  /** At the highest level and without a sign of life for too long. */
  isStuck(nowMs: number): boolean {
    return this.current === 'critical' && nowMs - this.progressAtMs >= this.options.stuckMs
  }
}
