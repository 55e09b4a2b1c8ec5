import type { DialectFeatures } from '../protocol/dialect.js'
import type { PlaybackBasis, PlaybackReport } from '../protocol/messages.js'
import type { Utterance } from './utterance.js'

/** Rounding of rates and sound devices: what is left of it nobody hears. */
const toleranceMs = 25
/** How long after its end by the clock an utterance counts as heard although the client has not said so. */
const overdueMs = 3000
/** The same for a client that says it plays nothing. */
const silentMs = 1000

/** An older report says nothing about now. */
const reportLateMs = 500

export interface Heard {
  readonly playedMs: number
  readonly basis: PlaybackBasis
}

/** How far the client has come in what it was sent: by its reports, by a carrier's marks, else by the clock. */
export class Playback {
  private source: DialectFeatures['playback'] = 'clock'
  private reported: Utterance | undefined
  private report: PlaybackReport | undefined
  private reportedAtMs = Number.NEGATIVE_INFINITY
  private silent = false
  private paused = false
  private markedMs = 0

  /** Another socket, with another way to tell. */
  useFor({ playback }: DialectFeatures): void {
    this.source = playback
    this.reportedAtMs = Number.NEGATIVE_INFINITY
    this.silent = false
  }

  /** The utterance that the last report or mark was about. */
  get current(): Utterance | undefined {
    return this.reported
  }

  /** What was heard of `current` when it was last told. */
  get lastMs(): number {
    return this.source === 'mark' ? this.markedMs : (this.report?.played_ms ?? 0)
  }

  /** When the client last reported on this socket. */
  get lastReportAtMs(): number {
    return this.reportedAtMs
  }

  /** It has audio and does not play it. */
  get isPaused(): boolean {
    return this.paused
  }

  /** What is left of the client's buffer. 0 when it has not reported lately. */
  bufferedMs(nowMs: number): number {
    const elapsedMs = nowMs - this.reportedAtMs
    if (this.source !== 'report' || !this.report || elapsedMs > reportLateMs) return 0
    return Math.max(0, this.report.buffered_ms - (this.paused ? 0 : elapsedMs))
  }

  onReport(utterance: Utterance | undefined, report: PlaybackReport | null, nowMs: number): void {
    this.reportedAtMs = nowMs
    this.silent = report === null
    if (!utterance || !report) return
    this.paused = report.buffered_ms > 0 && this.reported === utterance && this.report?.played_ms === report.played_ms
    this.reported = utterance
    this.report = report
  }

  onMark(utterance: Utterance, playedMs: number, nowMs: number): void {
    this.reportedAtMs = nowMs
    this.reported = utterance
    this.markedMs = playedMs
  }

  /** Nothing told so far says anything about what comes. */
  forget(through: Utterance): void {
    if (!this.reported || this.reported.order > through.order) return
    this.reported = undefined
    this.report = undefined
    this.paused = false
  }

  /** What was heard of it by now, between what was last told and what was sent. */
  heard(utterance: Utterance, nowMs: number): Heard {
    const { sentMs } = utterance
    if (this.reported && this.reported.order > utterance.order) return { playedMs: sentMs, basis: this.basis }
    if (this.reported === utterance) {
      const elapsedMs = this.report?.buffered_ms === 0 ? 0 : nowMs - this.reportedAtMs
      return { playedMs: Math.min(sentMs, this.lastMs + Math.max(0, elapsedMs)), basis: this.basis }
    }
    if (!utterance.isAnchored) return { playedMs: 0, basis: 'clock' }
    return { playedMs: Math.max(0, Math.min(sentMs, nowMs - utterance.anchorMs)), basis: 'clock' }
  }

  /**
   * Whether an utterance that left completely was heard to its end.
   *
   * @param arrived the client has everything that was sent.
   */
  isOver(utterance: Utterance, arrived: boolean, nowMs: number): boolean {
    if (!utterance.started || !utterance.isAnchored) return true
    const endMs = utterance.anchorMs + utterance.audibleMs
    if (this.source === 'clock') return nowMs >= endMs
    if (this.reported && this.reported.order > utterance.order) return true
    if (this.reported === utterance && this.lastMs >= utterance.audibleMs - toleranceMs) return true
    if (nowMs - this.reportedAtMs >= overdueMs) return nowMs >= endMs + overdueMs
    // A client that has everything and holds nothing has nothing left to play, whatever its position says.
    const silent = this.source === 'report' && (this.silent || (arrived && this.report?.buffered_ms === 0))
    return silent && nowMs >= endMs + silentMs
  }

  private get basis(): PlaybackBasis {
    return this.source === 'mark' ? 'mark' : 'ack'
  }
}
