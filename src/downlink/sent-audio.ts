import { DeliveryRate } from './delivery-rate.js'
import type { Utterance } from './utterance.js'

/** One binary message that left. The objects of the ring are used again. */
class SentFrame {
  utterance: Utterance | undefined
  /** Where it ends in the provider's bytes and on the wire. */
  endByte = 0
  wireEnd = 0
  startByte = 0
  wireStart = 0
  /** Sent over all utterances, to the end of this frame. */
  totalMs = 0
  totalBytes = 0
  sentAtMs = 0
  /** Nothing else was unacknowledged when it left. */
  alone = false
}

/** Never is more on its way: what a client that cannot report holds nobody knows. */
const maxUnackedMs = 2000
/** An acknowledgement of a lone frame that comes this much later than the best ever means that the path has changed. */
const pathChangedMs = 300
/** No path is longer; what took longer was held up somewhere. */
const longestPathMs = 1000

/**
 * The audio that is on its way or still of use: what the client has not acknowledged, and what it could have to hear
 * again after its socket broke.
 */
export class SentAudio {
  private ring: SentFrame[] = []
  // Counters of frames ever; the ring holds `first` to `next`.
  private first = 0
  private acked = 0
  private arrived = 0
  private next = 0
  private sentTotalMs = 0
  private sentTotalBytes = 0
  private ackedTotalMs = 0
  private ackedTotalBytes = 0
  private readonly rate: DeliveryRate = new DeliveryRate()
  private bestAgeMs = Number.NaN

  get unackedMs(): number {
    return this.sentTotalMs - this.ackedTotalMs
  }

  /** As much as may be is on its way. */
  get isFull(): boolean {
    return this.unackedMs >= maxUnackedMs
  }

  /** The fastest acknowledgement on this socket, null before the first. */
  get pathMs(): number | null {
    return Number.isNaN(this.bestAgeMs) ? null : this.bestAgeMs
  }

  /** Age of the oldest audio that is not known to have arrived; 0 when all has. */
  unarrivedAgeMs(nowMs: number): number {
    return this.arrived === this.next ? 0 : nowMs - this.at(this.arrived).sentAtMs
  }

  /** Age of the oldest audio that the client has not acknowledged; 0 when it has all. */
  unackedAgeMs(nowMs: number): number {
    return this.acked === this.next ? 0 : nowMs - this.at(this.acked).sentAtMs
  }

  /** What the way delivers, in bytes on the wire. NaN while that is unknown. */
  bytesPerSecond(nowMs: number): number {
    return this.rate.bytesPerSecond(nowMs)
  }

  /** How long what is on the way will take, at the rate at which acknowledgements come in. NaN while that is unknown. */
  drainMs(nowMs: number): number {
    return this.rate.drainMs(nowMs, this.sentTotalBytes - this.ackedTotalBytes)
  }

  /** `utterance` has just moved on by `pcmBytes`, which became `wireBytes`. */
  add(utterance: Utterance, pcmBytes: number, wireBytes: number, nowMs: number): void {
    if (this.next - this.first === this.ring.length) this.grow()
    const frame = this.at(this.next)
    frame.utterance = utterance
    frame.endByte = utterance.pcm.position
    frame.startByte = frame.endByte - pcmBytes
    frame.wireEnd = utterance.wireBytes
    frame.wireStart = frame.wireEnd - wireBytes
    frame.alone = this.acked === this.next
    if (frame.alone) this.rate.begin(nowMs, this.ackedTotalBytes)
    this.sentTotalMs += utterance.msOf(pcmBytes)
    this.sentTotalBytes += wireBytes
    frame.totalMs = this.sentTotalMs
    frame.totalBytes = this.sentTotalBytes
    utterance.totalMs = this.sentTotalMs
    frame.sentAtMs = nowMs
    this.next++
  }

  /**
   * The client has `wireBytes` of `utterance` and everything before it. When that is all of it, `beyondMs` of what
   * follows has arrived too. True when something new was acknowledged.
   */
  acknowledge(utterance: Utterance, wireBytes: number, beyondMs: number, nowMs: number): boolean {
    const before = this.acked
    let loneAgeMs = Number.NEGATIVE_INFINITY
    const limitMs = utterance.totalMs + beyondMs
    while (this.acked < this.next) {
      const frame = this.at(this.acked)
      const { order } = frame.utterance!
      if (order === utterance.order && frame.wireEnd > wireBytes) break
      if (order > utterance.order && frame.totalMs > limitMs) break
      if (frame.alone) loneAgeMs = nowMs - frame.sentAtMs
      this.passed(frame)
      this.acked++
    }
    if (this.acked === before) return false
    this.arrived = Math.max(this.arrived, this.acked)
    this.rate.delivered(nowMs, this.ackedTotalBytes)
    this.learnPath(nowMs - this.at(this.acked - 1).sentAtMs, loneAgeMs)
    return true
  }

  /** The answer to a ping proves that what was sent before `provenAtMs` has arrived. */
  markArrived(provenAtMs: number): void {
    while (this.arrived < this.next && this.at(this.arrived).sentAtMs < provenAtMs) this.arrived++
  }

  /** Frees what has been acknowledged and lies more than `behindMs` behind `playedMs` of `utterance`. */
  forgetPlayed(utterance: Utterance, playedMs: number, behindMs: number): void {
    while (this.first < this.acked) {
      const frame = this.at(this.first)
      const { order } = frame.utterance!
      if (order > utterance.order) return
      if (order === utterance.order && utterance.msOf(frame.endByte) > playedMs - behindMs) return
      if (order < utterance.order && behindMs > 0 && playedMs < behindMs) return
      this.forgetFirst(frame)
    }
  }

  /** Frees what is acknowledged and lies more than `capMs` behind what was sent. */
  forgetBeyond(capMs: number): void {
    while (this.first < this.acked) {
      const frame = this.at(this.first)
      if (frame.totalMs > this.sentTotalMs - capMs) return
      this.forgetFirst(frame)
    }
  }

  /** Forgets `through` and every utterance before it. */
  drop(through: Utterance): void {
    while (this.first < this.next && this.at(this.first).utterance!.order <= through.order) {
      const frame = this.at(this.first)
      this.acked = Math.max(this.acked, this.first + 1)
      this.arrived = Math.max(this.arrived, this.first + 1)
      if (frame.totalMs > this.ackedTotalMs) this.passed(frame)
      frame.utterance = undefined
      this.first++
    }
  }

  /**
   * Takes back the last frame sent: its audio is to be sent again on another socket, before which `newSocket` is
   * called.
   */
  takeBack(): void {
    this.next--
  }

  /** The last frame sent, if one is kept. */
  last(): Readonly<SentFrame> | undefined {
    return this.first === this.next ? undefined : this.at(this.next - 1)
  }

  /** Another socket: what is kept has arrived as far as it ever will, and the path has to be learned again. */
  newSocket(): void {
    this.acked = this.next
    this.arrived = this.next
    this.ackedTotalMs = this.sentTotalMs
    this.ackedTotalBytes = this.sentTotalBytes
    this.bestAgeMs = Number.NaN
  }

  /** A frame that was alone on the path and still took long was not held up by what we sent. */
  private learnPath(newestAgeMs: number, loneAgeMs: number): void {
    if (loneAgeMs > this.bestAgeMs + pathChangedMs) this.bestAgeMs = Math.min(longestPathMs, loneAgeMs)
    if (!(this.bestAgeMs <= newestAgeMs)) this.bestAgeMs = newestAgeMs
  }

  private passed(frame: SentFrame): void {
    this.ackedTotalMs = frame.totalMs
    this.ackedTotalBytes = frame.totalBytes
  }

  private forgetFirst(frame: SentFrame): void {
    // The frame itself stays as the run-up of a resampler that may have to begin after it.
    frame.utterance!.pcm.forget(frame.startByte)
    frame.utterance = undefined
    this.first++
  }

  private at(index: number): SentFrame {
    return this.ring[index % this.ring.length]!
  }

  private grow(): void {
    const kept: SentFrame[] = []
    for (let i = this.first; i < this.next; i++) kept.push(this.at(i))
    const size = Math.max(16, 2 * kept.length)
    while (kept.length < size) kept.push(new SentFrame())
    this.acked -= this.first
    this.arrived -= this.first
    this.next -= this.first
    this.first = 0
    this.ring = kept
  }
}
