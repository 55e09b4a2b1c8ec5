import type { PressureLevel } from '../protocol/messages.js'
import type { BackpressureOptions } from './options.js'
import type { LinkPort } from './ports.js'
import { Pressure } from './pressure.js'
import { Probe } from './probe.js'
import type { SentAudio } from './sent-audio.js'

/** Between two reports of a client that plays. */
const reportPeriodMs = 200
/** Reports that are this late are missing; then only answers to pings can show that audio arrives. */
const reportLateMs = 500
const probePeriodMs = 2000
/** Between pings under pressure or while reports are missing. */
const urgentProbePeriodMs = 500
/** What a path may take before it is known. */
const unknownPathMs = 1000

/**
 * How late the way to the client is: by what it acknowledges, by pings, and by what the socket could not hand on.
 * The last alone is blind, because kernels buffer megabytes before a socket reports a byte.
 */
export class Congestion {
  private readonly options: BackpressureOptions
  private readonly sent: SentAudio
  private probe: Probe = new Probe()
  private pressure: Pressure
  private bufferedBytes = 0
  private transit = 0
  private queue = 0
  private lag = 0
  private reportsMissing = false

  constructor(options: BackpressureOptions, sent: SentAudio) {
    this.options = options
    this.sent = sent
    this.pressure = new Pressure(options)
  }

  get level(): PressureLevel {
    return this.pressure.level
  }

  get lagMs(): number {
    return this.lag
  }

  get rttMs(): number | null {
    return this.probe.rttMs
  }

  /** Round trip of the idle path by pings, null while unknown. */
  get idleRttMs(): number | null {
    return this.probe.baselineMs
  }

  /** What the client needs at least to acknowledge audio. */
  get pathMs(): number {
    return Math.max(this.probe.baselineMs ?? 0, this.sent.pathMs ?? 0)
  }

  /** What is sent now would have to wait too long on its way. */
  get isGateClosed(): boolean {
    return this.queue >= this.options.elevatedLagMs
  }

  /** The socket itself holds too much. */
  get isFull(): boolean {
    return this.bufferedBytes >= this.options.criticalBytes
  }

  /** A client that should report does not. */
  get isBlind(): boolean {
    return this.reportsMissing
  }

  /** Lag by pings alone. */
  probeLagMs(nowMs: number): number {
    return this.probe.lagMs(nowMs)
  }

  /** Another socket: nothing is known about its path. */
  reset(): void {
    this.probe = new Probe()
    this.pressure = new Pressure(this.options)
    this.bufferedBytes = 0
    this.transit = 0
    this.queue = 0
    this.lag = 0
    this.reportsMissing = false
  }

  /**
   * Measures. True when the level changed.
   *
   * @param windowFull nothing more is sent until the client acknowledges.
   * @param lateMs how long due audio has been held back: what waits here is as late as what waits on the way.
   */
  measure(
    nowMs: number,
    link: LinkPort,
    bytesPerSecond: number,
    reportedAtMs: number,
    windowFull: boolean,
    lateMs: number,
  ): boolean {
    const { bufferedBytes } = link
    // What one beat hands to the socket is often still there at the next: only what stays counts.
    const backlog = this.bufferedBytes > 0 ? bufferedBytes : 0
    if (bufferedBytes < this.bufferedBytes) this.pressure.progress(nowMs)
    this.bufferedBytes = bufferedBytes
    this.transit = link.features.acks ? this.transitMs(nowMs, reportedAtMs, windowFull) : 0
    const told =
      link.features.acks && !this.reportsMissing ? this.transit : Math.max(this.transit, this.probe.lagMs(nowMs))
    this.lag = lateMs + Math.max(told, (1000 * backlog) / bytesPerSecond)
    return this.pressure.update(nowMs, this.lag, backlog)
  }

  /** Pings when it is time. `flowing`: audio is on its way. */
  poke(nowMs: number, link: LinkPort, flowing: boolean, lastAudioAtMs: number): void {
    const urgent = this.level !== 'normal' || this.reportsMissing
    if (!flowing && this.level === 'normal') return
    if (!this.probe.isDue(nowMs, urgent ? urgentProbePeriodMs : probePeriodMs)) return
    this.probe.sent(nowMs, link.probe(), lastAudioAtMs)
  }

  answered(nowMs: number): void {
    this.probe.answered(nowMs)
    this.pressure.progress(nowMs)
  }

  /** The client acknowledged something new. */
  progress(nowMs: number): void {
    this.pressure.progress(nowMs)
  }

  isStuck(nowMs: number): boolean {
    return this.pressure.isStuck(nowMs)
  }

  /**
   * How much longer than on the idle path audio takes that is sent now. The age of the oldest on the way tells how
   * late that is, and what comes after it need not wait as long: the rate of acknowledgements tells.
   */
  private transitMs(nowMs: number, reportedAtMs: number, windowFull: boolean): number {
    const { sent } = this
    const unackedMs = sent.unackedAgeMs(nowMs)
    const reportAgeMs = nowMs - reportedAtMs
    this.reportsMissing = unackedMs > reportLateMs && reportAgeMs > reportLateMs
    const pathMs = sent.pathMs ?? this.probe.baselineMs ?? unknownPathMs
    if (!this.reportsMissing) {
      const lateMs = Math.max(0, unackedMs - reportPeriodMs - pathMs)
      const drainMs = sent.drainMs(nowMs)
      const queueMs = Number.isNaN(drainMs) ? lateMs : Math.max(0, drainMs - pathMs)
      const transitMs = Math.min(queueMs, lateMs)
      // Reports come in lumps. Only on a way known to be slow is the rate alone believed.
      this.queue = this.level === 'normal' ? transitMs : queueMs
      return transitMs
    }
    sent.markArrived(this.probe.provenAtMs)
    // A tab that is throttled reports late and answers pings in time. It may go on, but not for ever.
    const ageMs = windowFull ? unackedMs : sent.unarrivedAgeMs(nowMs)
    this.queue = Math.max(0, ageMs - pathMs - urgentProbePeriodMs)
    return this.queue
  }
}
