import type { AudioLane } from './audio-lane.js'
import type { AudioSender } from './audio-sender.js'
import type { Congestion } from './congestion.js'
import type { BackpressureOptions } from './options.js'
import type { Pacer } from './pacer.js'
import type { Quality } from './quality.js'

/** While a lower rate takes effect, what is on its way is still of the higher. */
const stepSettlesMs = 2000
/** A beat that comes later than this was a stall of ours and proves nothing about the client. */
const longestBeatMs = 100

export interface ReliefParts {
  readonly lane: AudioLane
  readonly pacer: Pacer
  readonly quality: Quality
  readonly sender: AudioSender
  readonly congestion: Congestion
}

/**
 * What is done about lateness: first a lower sample rate, then, when that cannot help any more, leaving speech out.
 * Stuttering speech is better than speech that belongs to a conversation of seconds ago.
 */
export class Relief {
  private readonly options: BackpressureOptions
  private readonly parts: ReliefParts
  private beatAtMs = 0

  constructor(options: BackpressureOptions, parts: ReliefParts) {
    this.options = options
    this.parts = parts
  }

  /**
   * @param lateMs how long due audio has been held back.
   * @param acknowledges the client says what it has; of one that does not, only pings tell.
   * @param flowing audio has been sent a short while ago.
   * @returns true when the quality changed.
   */
  beat(nowMs: number, lateMs: number, acknowledges: boolean, flowing: boolean): boolean {
    const passedMs = Math.min(longestBeatMs, nowMs - this.beatAtMs)
    this.beatAtMs = nowMs
    const { congestion, quality, sender } = this.parts
    if (!acknowledges && congestion.probeLagMs(nowMs) > this.options.liveLagMs)
      sender.drop(Number.POSITIVE_INFINITY, 'lag', nowMs)
    if (congestion.level === 'critical' || (congestion.level === 'elevated' && quality.isOnTrial))
      return this.relieve(nowMs, lateMs)
    if (congestion.level !== 'normal') quality.disturbed()
    else if (flowing && !congestion.isBlind) return quality.clean(passedMs)
    return false
  }

  private relieve(nowMs: number, lateMs: number): boolean {
    const { lane, quality, congestion, sender } = this.parts
    const { head } = lane
    quality.disturbed()
    if (!head) return false
    const { criticalLagMs, elevatedLagMs } = this.options
    const enough = quality.isOnTrial ? elevatedLagMs : criticalLagMs
    const lowered = congestion.lagMs >= enough && quality.lower(nowMs, head.sampleRate, sender.fittingRate(nowMs))
    if (congestion.isFull) sender.drop(Number.POSITIVE_INFINITY, 'buffered', nowMs)
    const mayStillHelp = quality.canLower(head.sampleRate) || nowMs - quality.steppedAtMs < stepSettlesMs
    const limitMs = mayStillHelp ? this.options.tolerableLagMs : this.options.liveLagMs
    // Down to half of it: a stretch that is missing is understood better than one with a hole in every word.
    if (congestion.lagMs > limitMs) sender.drop(Math.min(lateMs, congestion.lagMs - limitMs / 2), 'lag', nowMs)
    return lowered
  }
}
