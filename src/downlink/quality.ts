/** Between two steps down: the first needs this long to show. */
const stepEveryMs = 1000
/** What has piled up has to drain, too. */
const headroom = 0.9
/** A rate that fails again and again is still tried now and then. */
const longestWaitMs = 300_000

/**
 * The ladder of sample rates. It goes down under pressure and up again after a time without any; for a rate that
 * did not last that time doubles.
 */
export class Quality {
  private readonly ladder: readonly number[]
  private readonly lowest: number
  private readonly recoverMs: number
  /** How long it must be quiet before a rate is tried, where that is not `recoverMs`. */
  private readonly waits: Map<number, number> = new Map()
  /** No higher rate is used. */
  private ceiling: number
  /** The best the provider has ever given, and the rate to return to for it. */
  private bestSource = 0
  private bestRate = 0
  private cleanMs = 0
  /** The rate that was raised to and has not proved itself. */
  private trial = 0
  private steppedAt = Number.NEGATIVE_INFINITY

  constructor(sampleRates: readonly number[], recoverMs: number) {
    this.ladder = [...sampleRates].sort((a, b) => b - a)
    this.ceiling = this.ladder[0]!
    this.lowest = this.ladder.at(-1)!
    this.recoverMs = recoverMs
  }

  /** When the quality was last lowered. */
  get steppedAtMs(): number {
    return this.steppedAt
  }

  /** The best rate to ask of a provider. */
  get sampleRate(): number {
    return this.bestSource > 0 ? this.rateFor(this.bestSource) : this.ceiling
  }

  /** The rate was raised a short while ago: the least trouble takes it back. */
  get isOnTrial(): boolean {
    return this.trial > 0
  }

  /** The rate on the wire for audio that the provider gives at `sourceRate`. */
  rateFor(sourceRate: number): number {
    const limit = Math.min(sourceRate, this.ceiling)
    // Once per message: no closure.
    for (const rate of this.ladder) if (rate <= limit) return rate
    return this.lowest
  }

  /** A provider speaks at this rate. */
  source(sourceRate: number): void {
    if (sourceRate <= this.bestSource) return
    this.bestSource = sourceRate
    this.bestRate = this.ladder.find(rate => rate <= sourceRate) ?? this.lowest
  }

  canLower(sourceRate: number): boolean {
    return this.rateFor(sourceRate) > this.lowest
  }

  /**
   * Down to the best rate that fits the way, at least one step, unless the last was just now.
   *
   * @param fittingRate what the way delivers, in Hz; NaN when that is unknown.
   * @returns true when the rate changed.
   */
  lower(nowMs: number, sourceRate: number, fittingRate: number): boolean {
    if (!this.canLower(sourceRate) || nowMs - this.steppedAt < stepEveryMs) return false
    const current = this.rateFor(sourceRate)
    const next = this.ladder.find(rate => rate < current)!
    const fitting = this.ladder.find(rate => rate < current && rate <= headroom * fittingRate) ?? this.lowest
    this.ceiling = Number.isNaN(fittingRate) ? next : fitting
    if (this.trial > 0) this.waits.set(this.trial, Math.min(longestWaitMs, 2 * this.waitFor(this.trial)))
    this.trial = 0
    this.cleanMs = 0
    this.steppedAt = nowMs
    return true
  }

  /** Speech flowed for `ms` and nothing was in its way. True when the rate was raised. */
  clean(ms: number): boolean {
    this.cleanMs += ms
    if (this.trial > 0 && this.cleanMs >= this.recoverMs) {
      this.waits.delete(this.trial)
      this.trial = 0
    }
    if (this.sampleRate === this.bestRate || this.cleanMs < this.recoverMs) return false
    const higher = this.ladder.findLast(rate => rate > this.sampleRate)!
    if (this.cleanMs < this.waitFor(higher)) return false
    this.cleanMs = 0
    this.ceiling = higher
    this.trial = higher
    return true
  }

  /** Something was in the way. */
  disturbed(): void {
    this.cleanMs = 0
  }

  private waitFor(rate: number): number {
    return this.waits.get(rate) ?? this.recoverMs
  }
}
