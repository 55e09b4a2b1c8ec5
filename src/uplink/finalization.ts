import type { Cancel, Clock } from '../util/clock.js'

/** How long the results of what was said may take after they were asked for. */
const SETTLE_MS = 1000
const MAX_QUEUED = 4

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
  /** Wait for audio to be sent, in the order of their points. */
  private queued: FinalizeRequest[] = []
  /** Waits for results. */
  private asked: FinalizeRequest | null = null
  private cancelDeadline: Cancel | undefined

  constructor(clock: Clock, ports: FinalizationPorts) {
    this.clock = clock
    this.ports = ports
  }

  get pending(): boolean {
    return this.asked !== null || this.queued.length > 0
  }

  /** A result that ends the utterance is awaited: the provider's own end is part of it. */
  get ending(): boolean {
    return (this.asked?.cause ?? null) !== null || this.queued.some(request => request.cause !== null)
  }

  /** No audio from here on may be sent before the stream was asked. */
  get stopAt(): number {
    return this.queued[0]?.point ?? Number.POSITIVE_INFINITY
  }

  request(point: number, cause: EndCause): void {
    const last = this.queued.at(-1)
    // Ends of different utterances stay apart, up to a bound; anything else is covered by the later request.
    const covers = last && (last.cause === null || cause === null || this.queued.length >= MAX_QUEUED)
    if (!covers) return void this.queued.push({ point, cause })
    this.queued[this.queued.length - 1] = merged(last, { point, cause })
  }

  /** Audio up to `sent` has been given to a stream that is open. */
  reached(sent: number): void {
    const next = this.queued[0]
    if (!next || sent < next.point) return
    this.queued.shift()
    this.asked = merged(this.asked, next)
    // The deadline of an earlier request stays.
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
    if (this.asked) this.queued.unshift(this.asked)
    this.asked = null
  }

  /** Nobody will ever answer. */
  giveUp(): void {
    this.rewind()
    this.asked = this.queued.reduce<FinalizeRequest | null>(merged, null)
    this.queued = []
    this.settle(false)
  }

  close(): void {
    this.stopDeadline()
    this.queued = []
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

/** One request for both: up to the later point, and what the client asked for wins over what was inferred. */
function merged(first: FinalizeRequest | null, second: FinalizeRequest): FinalizeRequest {
  const cause = first?.cause === 'finalize' ? first.cause : (second.cause ?? first?.cause ?? null)
  return { point: Math.max(first?.point ?? 0, second.point), cause }
}
