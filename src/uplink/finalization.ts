import type { Cancel, Clock } from '../util/clock.js'

/** How long the results of what was said may take after they were asked for. */
const SETTLE_MS = 1000

/** Why the user is taken to have finished. Null: nobody says so, only the results are wanted. */
export type EndCause = 'silence' | 'finalize' | null

/** A request for the results of everything before `point`. */
export interface FinalizeRequest {
  readonly point: number
  readonly cause: EndCause
}

export interface FinalizationPorts {
  /** Every byte before the request's point has been given to the stream: asks it. False: there is nothing to wait for. */
  ask(request: FinalizeRequest): boolean
  /** Every result has been delivered (`complete`) or has had its time. */
  settled(request: FinalizeRequest, complete: boolean): void
}

/**
 * Brings an utterance to its end: audio up to a point, then the request, then its results. It waits for a stream that
 * is being recovered, so an outage costs time and no words.
 */
export class Finalization {
  private readonly clock: Clock
  private readonly ports: FinalizationPorts
  /** Waits for audio to be sent. */
  private queued: FinalizeRequest | null = null
  /** Waits for results. */
  private asked: FinalizeRequest | null = null
  private cancelDeadline: Cancel | undefined

  constructor(clock: Clock, ports: FinalizationPorts) {
    this.clock = clock
    this.ports = ports
  }

  get pending(): boolean {
    return this.queued !== null || this.asked !== null
  }

  /** A result that ends the utterance is awaited: the provider's own end is part of it. */
  get ending(): boolean {
    return (this.queued?.cause ?? this.asked?.cause ?? null) !== null
  }

  /** No audio from here on may be sent before the stream was asked. */
  get stopAt(): number {
    return this.queued ? this.queued.point : Number.POSITIVE_INFINITY
  }

  request(point: number, cause: EndCause): void {
    this.queued = { point, cause: strongest(this.queued?.cause ?? null, cause) }
  }

  /** Audio up to `sent` has been given to a stream that is open. */
  reached(sent: number): void {
    const { queued } = this
    if (!queued || sent < queued.point) return
    this.queued = null
    // A later request covers an earlier one, whose deadline stays.
    this.asked = { point: queued.point, cause: strongest(this.asked?.cause ?? null, queued.cause) }
    this.cancelDeadline ??= this.clock.after(SETTLE_MS, () => this.settle(false))
    if (!this.ports.ask(this.asked)) this.settle(true)
  }

  /** The results are complete. */
  answered(): void {
    if (this.asked) this.settle(true)
  }

  /** The stream that was asked is gone: another one will be. */
  rewind(): void {
    this.stopDeadline()
    if (this.asked)
      this.queued = {
        point: this.queued?.point ?? this.asked.point,
        cause: strongest(this.asked.cause, this.queued?.cause ?? null),
      }
    this.asked = null
  }

  /** Nobody will ever answer. */
  giveUp(): void {
    this.rewind()
    this.asked = this.queued
    this.queued = null
    this.settle(false)
  }

  close(): void {
    this.stopDeadline()
    this.queued = null
    this.asked = null
  }

  private settle(complete: boolean): void {
    const request = this.asked
    this.stopDeadline()
    this.asked = null
    if (request) this.ports.settled(request, complete)
  }

  private stopDeadline(): void {
    this.cancelDeadline?.()
    this.cancelDeadline = undefined
  }
}

/** What the client asked for wins over what was inferred. */
function strongest(a: EndCause, b: EndCause): EndCause {
  return a === 'finalize' || b === 'finalize' ? 'finalize' : (a ?? b)
}
