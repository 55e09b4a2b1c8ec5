import type { PressureLevel } from '../protocol/messages.js'
import type { BackpressureOptions } from './options.js'
import type { Playback } from './playback.js'
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
/** A socket that has held something for this long waits for its client. Else it waits for its kernel, which has room. */
const backlogMs = 500
/** What a path may take before it is known. */
const unknownPathMs = 1000

/**
 * How late the way to the client is: by what it acknowledges, by pings, and by what the socket could not hand on.
 * The last alone is blind, because kernels buffer megabytes before a socket reports a byte.
 */
export class Congestion {
  private readonly options: BackpressureOptions
  private readonly sent: SentAudio
  private readonly playback: Playback
  private probe: Probe = new Probe()
  private pressure: Pressure
  private bufferedBytes = 0
  /** Since when the socket has held something. */
  private heldSinceMs = 0
  private queue = 0
  private lag = 0
  private reportsMissing = false

  constructor(options: BackpressureOptions, sent: SentAudio, playback: Playback) {
    this.options = options
    this.sent = sent
    this.playback = playback
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
    this.queue = 0
    this.lag = 0
    this.reportsMissing = false
  }

  /**
   * Measures. True when the level changed.
   *
   * @param lateMs how long due audio has been held back: what waits here is as late as what waits on the way.
   * @param bytesPerSecond of audio on the wire.
   */
  measure(nowMs: number, link: LinkPort, lateMs: number, bytesPerSecond: number): boolean {
    const { bufferedBytes } = link
    // What one beat hands to the socket is often still there at the next: only what stays counts.
    const backlog = this.bufferedBytes > 0 ? bufferedBytes : 0
    if (bufferedBytes < this.bufferedBytes && nowMs - this.heldSinceMs >= backlogMs) this.pressure.progress(nowMs)
    if (this.bufferedBytes === 0) this.heldSinceMs = nowMs
    this.bufferedBytes = bufferedBytes
    this.lag = lateMs + Math.max(this.wayMs(nowMs, link), (1000 * backlog) / bytesPerSecond)
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

  /** How much later than on the idle path audio arrives: by reports, and where they are missing by pings. */
  private wayMs(nowMs: number, link: LinkPort): number {
    if (!link.features.acks) return this.probe.lagMs(nowMs)
    const { sent } = this
    const unackedMs = sent.unackedAgeMs(nowMs)
    this.reportsMissing = unackedMs > reportLateMs && nowMs - this.playback.lastReportAtMs > reportLateMs
    const pathMs = sent.pathMs ?? this.probe.baselineMs ?? unknownPathMs
    if (this.reportsMissing) {
      this.queue = this.unreportedMs(nowMs, unackedMs - pathMs, pathMs)
      return Math.max(this.queue, this.probe.lagMs(nowMs))
    }
    const lateMs = Math.max(0, unackedMs - reportPeriodMs - pathMs)
    const drainMs = sent.drainMs(nowMs)
    const queueMs = Number.isNaN(drainMs) ? lateMs : Math.max(0, drainMs - pathMs)
    // The age of the oldest on the way tells how late that is; what is sent now waits as long as the rest takes to
    // drain. But reports come in lumps: only on a way known to be slow is their rate alone believed.
    this.queue = this.level === 'normal' ? Math.min(queueMs, lateMs) : queueMs
    return Math.min(queueMs, lateMs)
  }

  /** A page that is throttled reports late and answers pings in time: it may go on, but not for ever. */
  private unreportedMs(nowMs: number, overdueMs: number, pathMs: number): number {
    const { sent, probe } = this
    sent.markArrived(probe.provenAtMs)
    const lateMs = sent.isFull ? overdueMs : sent.unarrivedAgeMs(nowMs) - pathMs
    return Math.max(0, lateMs - urgentProbePeriodMs)
  }
}
