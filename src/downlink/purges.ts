import type { AudioLane } from './audio-lane.js'
import type { Heard } from './playback.js'
import type { PlaybackPosition } from './ports.js'

/** A client answers a `clear` within two round trips; but not faster than its main thread, nor ever later than this. */
const shortestWaitMs = 300
const longestWaitMs = 1000

/** An utterance that was taken back, as it stood then. */
export interface Purged {
  readonly id: string
  readonly position: PlaybackPosition
}

interface Purge {
  /** In order; the last is the one purged through. */
  readonly purged: readonly Purged[]
  readonly settled: (heard: Heard) => void
  readonly deadlineMs: number
}

/** What was taken back while it was being heard: the client still has to say how far it came. */
export class Purges {
  private readonly lane: AudioLane
  private readonly pending: Purge[] = []

  constructor(lane: AudioLane) {
    this.lane = lane
  }

  get isEmpty(): boolean {
    return this.pending.length === 0
  }

  add(purged: readonly Purged[], rttMs: number, nowMs: number, settled: (heard: Heard) => void): void {
    const waitMs = Math.min(longestWaitMs, Math.max(shortestWaitMs, 2 * rttMs))
    this.pending.push({ purged, settled, deadlineMs: nowMs + waitMs })
  }

  /** A report that left before the `clear` arrived: at least this much was heard. */
  onReport(utteranceId: string, playedMs: number): void {
    for (const { purged } of this.pending) {
      const one = purged.find(({ id }) => id === utteranceId)
      if (one) return this.correct(one, playedMs)
    }
  }

  /** The client says where it was cut off. Nothing of what comes after that utterance was heard. */
  onCleared(utteranceId: string, playedMs: number): void {
    const index = this.pending.findIndex(({ purged }) => purged.some(({ id }) => id === utteranceId))
    if (index < 0) return
    // Answers come in the order of the questions: those before this one will not be answered any more.
    for (const missed of this.pending.splice(0, index)) this.settle(missed)
    const purge = this.pending.shift()!
    const at = purge.purged.findIndex(({ id }) => id === utteranceId)
    this.correct(purge.purged[at]!, playedMs)
    for (const unheard of purge.purged.slice(at + 1)) this.correct(unheard, 0)
    this.settle(purge)
  }

  /** Settles what the client had its time for; `all` settles everything. */
  expire(nowMs: number, all = false): void {
    while (this.pending.length > 0 && (all || this.pending[0]!.deadlineMs <= nowMs)) this.settle(this.pending.shift()!)
  }

  private correct({ id, position }: Purged, playedMs: number): void {
    this.lane.remember(id, { ...position, playedMs: Math.max(0, Math.min(playedMs, position.sentMs)), basis: 'ack' })
  }

  private settle({ purged, settled }: Purge): void {
    const { id, position } = purged.at(-1)!
    const { playedMs, basis } = this.lane.outcome(id) ?? position
    settled({ playedMs, basis })
  }
}
