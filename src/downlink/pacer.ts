import type { DialectFeatures } from '../protocol/dialect.js'
import type { PacingOptions } from './options.js'
import type { Utterance } from './utterance.js'

/** How long after its arrival a client begins to play: clients start with 120 ms buffered, and sound devices add theirs. */
const startMs = 150
/** A binary message while the lead is being built: short, because a message is of no use before its last byte. */
const buildFrameMs = 20
/** And afterwards: five times fewer messages cost 0.38 of the CPU (measured on ws and uWS alike). */
const longestFrameMs = 100
/** Reports over which the earliest estimate counts: one that was delayed on its way only looks like late playback. */
const estimates = 5

/**
 * When audio is due. Position `m` of an utterance is heard at `anchor + m` and due `lead` before that. The anchor is
 * a guess when the first audio leaves and follows the client's reports while the way is free; when it is not, the
 * guess stands, so that lateness shows.
 */
export class Pacer {
  private readonly options: PacingOptions
  private readonly maxLeadMs: number
  private readonly steadyFrameMs: number
  private leadMs = 0
  private burstMs = 0
  private startMs = 0
  /** When the last utterance that left completely is over. */
  private freeAtMs = Number.NEGATIVE_INFINITY
  private readonly anchors: number[] = []
  private anchorsOf: Utterance | undefined
  /** Everything due has left since the last gap: frames may be long. */
  private built = false
  private heldUp = false

  constructor(options: PacingOptions, maxLeadMs: number) {
    this.options = options
    this.maxLeadMs = maxLeadMs
    this.steadyFrameMs = Math.max(buildFrameMs, Math.min(longestFrameMs, maxLeadMs / 4))
  }

  /** Another socket, whose client reports what it plays or does not. */
  useFor({ playback }: DialectFeatures): void {
    const blind = playback === 'clock'
    const lead = blind ? this.options.clockLeadMs : this.options.leadMs
    // A frame that is due reaches further ahead than the lead by its own length.
    this.leadMs = Math.max(0, Math.min(lead, this.maxLeadMs - this.steadyFrameMs))
    this.burstMs = Math.min(blind ? this.options.clockBurstMs : this.options.burstMs, this.maxLeadMs)
    this.startMs = Math.min(startMs, this.leadMs)
    this.freeAtMs = Number.NEGATIVE_INFINITY
    this.built = false
    this.heldUp = false
  }

  /** An utterance that has not begun may: it would be heard now, or its first audio is due. */
  mayBegin(nowMs: number): boolean {
    return nowMs + this.leadMs >= this.freeAtMs
  }

  /** The first audio of `utterance` leaves, or the first after the client has run dry. */
  begin(utterance: Utterance, nowMs: number): void {
    const position = utterance.sentMs
    this.built = false
    if (!utterance.isAnchored && this.freeAtMs > nowMs + this.startMs) {
      utterance.anchorMs = this.freeAtMs - position
      utterance.burstEndMs = 0
      return
    }
    this.anchor(utterance, nowMs + this.startMs - position)
    utterance.burstEndMs = position + this.burstMs - this.startMs
  }

  /** The client has heard all that was sent of it. */
  isDry(utterance: Utterance, nowMs: number): boolean {
    return nowMs > utterance.anchorMs + utterance.sentMs
  }

  /** Nothing more of it comes. */
  complete(utterance: Utterance): void {
    this.freeAtMs = utterance.isAnchored ? utterance.anchorMs + utterance.receivedMs : this.freeAtMs
  }

  /** The client dropped everything it held. */
  cleared(): void {
    this.freeAtMs = Number.NEGATIVE_INFINITY
  }

  /** How much of what comes next is due, in milliseconds of audio. Not above 0: the lead is full. */
  dueMs(utterance: Utterance, nowMs: number): number {
    return Math.max(utterance.burstEndMs, nowMs - utterance.anchorMs + this.leadMs) - utterance.sentMs
  }

  /** When the next audio is due. */
  dueAtMs(utterance: Utterance): number {
    if (utterance.burstEndMs > utterance.sentMs) return Number.NEGATIVE_INFINITY
    return utterance.anchorMs + utterance.sentMs - this.leadMs
  }

  /** How long ago the next audio was due. */
  lateMs(utterance: Utterance, nowMs: number): number {
    return Math.max(0, nowMs - utterance.anchorMs + this.leadMs - utterance.sentMs)
  }

  /** How long the next message may be. */
  frameMs(utterance: Utterance, nowMs: number): number {
    if (!this.built) return buildFrameMs
    const roomMs = nowMs - utterance.anchorMs + this.maxLeadMs - utterance.sentMs
    return Math.max(buildFrameMs, Math.min(this.steadyFrameMs, roomMs))
  }

  /** Everything due has left (`true`), or something due had to stay. */
  caughtUp(full: boolean): void {
    this.built = full
    this.heldUp = !full
  }

  /** Something due had to stay: what is late is so because of the client. */
  get isHeldUp(): boolean {
    return this.heldUp
  }

  /** The client sets the pace: what it does not take is not late. */
  holdTo(utterance: Utterance, nowMs: number): void {
    this.anchor(utterance, Math.max(utterance.anchorMs, nowMs + this.leadMs - utterance.sentMs))
  }

  /**
   * A report says that `playedMs` was heard, as of `agoMs` ago on the path there and back. Only for a free way.
   *
   * @returns by how much the anchor moved, for the utterances that follow it.
   */
  observe(utterance: Utterance, playedMs: number, agoMs: number, nowMs: number): number {
    if (!utterance.isAnchored) return 0
    if (this.anchorsOf !== utterance) this.anchors.length = 0
    this.anchorsOf = utterance
    if (this.anchors.length === estimates) this.anchors.shift()
    this.anchors.push(nowMs - agoMs - playedMs)
    if (this.anchors.length < estimates) return 0
    let earliest = this.anchors[0]!
    for (const anchor of this.anchors) if (anchor < earliest) earliest = anchor
    const byMs = Math.min(0, earliest - utterance.anchorMs)
    utterance.anchorMs += byMs
    if (utterance.complete) this.freeAtMs += byMs
    return byMs
  }

  private anchor(utterance: Utterance, anchorMs: number): void {
    utterance.anchorMs = anchorMs
    if (this.anchorsOf === utterance) this.anchors.length = 0
  }
}
