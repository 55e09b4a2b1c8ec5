import type { Cancel, Clock } from '../util/clock.js'
import type { LiveUtterance, UtteranceSource } from './live-utterance.js'
import type { Heard, SpeechOut } from './ports.js'
import type { UtteranceOutcome } from './utterance.js'

/** Turns utterances into audio in the lane, one at a time. It calls `SpeechQueue.produced` when all of one is there. */
export interface Producer {
  produce(utterance: LiveUtterance): void
  /** More text has come. */
  wake(): void
  /** The utterance is no longer wanted. */
  stop(utterance: LiveUtterance): void
  /** It has given all it was given. */
  readonly starving: boolean
}

export interface SpeechQueuePorts {
  readonly out: SpeechOut
  readonly clock: Clock
  producerFor(utterance: LiveUtterance): Producer
  /** The first audio of it left. */
  started(utterance: LiveUtterance): void
  /** It is over; `utterance.result` says how. `basis` is how the heard position is known. */
  ended(utterance: LiveUtterance, heard: Heard): void
  speaking(speaking: boolean): void
}

/** An utterance that is on its way is over at its length and this much more, whatever the client reports. */
const overdueMs = 5000
/** How long a reply must have been silent with nothing to say before others may speak. */
const silentMs = 300

/** How and why an utterance is cut. */
interface Fate {
  readonly outcome: UtteranceOutcome
  readonly reason: string
}

const overdue: Fate = { outcome: 'interrupted', reason: 'overdue' }
const closed: Fate = { outcome: 'cancelled', reason: 'closed' }
const unheard: Heard = { playedMs: 0, basis: 'clock' }

/** What is said, in order: one utterance is being produced, those before it are being heard, those after it wait. */
export class SpeechQueue {
  readonly #ports: SpeechQueuePorts
  /** Utterances that have not ended. */
  readonly #queue: LiveUtterance[] = []
  readonly #producers: Map<LiveUtterance, Producer> = new Map()
  /** How utterances that were cut will end. Behind something that is still heard they can only be purged once first. */
  readonly #fates: Map<LiveUtterance, Fate> = new Map()
  #speaking = false
  #suspended = false
  #isClosed = false
  #cancelOverdue: Cancel | undefined
  #cancelYield: Cancel | undefined

  constructor(ports: SpeechQueuePorts) {
    this.#ports = ports
  }

  /** Something is being heard. */
  get speaking(): boolean {
    return this.#speaking
  }

  get closed(): boolean {
    return this.#isClosed
  }

  get empty(): boolean {
    return this.#queue.length === 0
  }

  /** There is something that has not been cut. */
  get hasWords(): boolean {
    return this.#queue.some(utterance => !this.#fates.has(utterance))
  }

  /** Something that may be interrupted is being heard. */
  get interruptible(): boolean {
    return this.#queue.some(utterance => isHeard(utterance) && utterance.interruptible)
  }

  /** How many utterances and characters of a source wait for their turn. */
  waiting(source: UtteranceSource): { readonly count: number; readonly chars: number } {
    const waiting = this.#queue.filter(utterance => utterance.source === source && utterance.phase === 'waiting')
    return { count: waiting.length, chars: waiting.reduce((sum, { text }) => sum + text.length, 0) }
  }

  add(utterance: LiveUtterance): void {
    if (this.#isClosed) return
    this.#queue.push(utterance)
    this.#advance()
    this.#yieldSoon()
  }

  /** An utterance has more text, or all of it. */
  written(utterance: LiveUtterance): void {
    this.#producers.get(utterance)?.wake()
  }

  /** Another producer goes on with what is left of the utterance being produced. */
  handOver(utterance: LiveUtterance, producer: Producer): void {
    this.#producers.set(utterance, producer)
    producer.produce(utterance)
  }

  /** The utterance being produced has given all it has so far. */
  starved(): void {
    this.#yieldSoon()
  }

  /** All of its audio is in the lane. */
  produced(utterance: LiveUtterance): void {
    if (utterance.phase !== 'producing') return
    utterance.phase = 'produced'
    this.#producers.delete(utterance)
    if (utterance.begun) this.#ports.out.end(utterance.id)
    else this.#end(utterance, outcomeOf(utterance), unheard)
    this.#settle()
  }

  started(id: string): void {
    const utterance = this.#find(id)
    if (!utterance || utterance.audible) return
    utterance.audible = true
    this.#ports.started(utterance)
    this.#updateSpeaking()
  }

  played(id: string): void {
    const utterance = this.#find(id)
    if (utterance?.phase !== 'produced') return
    const { receivedMs, basis } = this.#ports.out.position(id)
    this.#end(utterance, outcomeOf(utterance), { playedMs: receivedMs, basis })
    this.#settle()
  }

  /** Takes back what `which` selects: what was heard of it stays, the rest is purged. */
  cut(which: (utterance: LiveUtterance) => boolean, outcome: UtteranceOutcome, reason: string): void {
    for (const utterance of this.#queue.filter(which)) this.#cut(utterance, { outcome, reason })
    this.#settle()
  }

  /** Nobody is there to hear: nothing can be overdue. */
  suspend(suspended: boolean): void {
    this.#suspended = suspended
    this.#settle()
  }

  /** Ends everything at once, as far as it was heard. */
  close(): void {
    this.#isClosed = true
    this.#stopTimers()
    for (const utterance of [...this.#queue]) {
      this.#producers.get(utterance)?.stop(utterance)
      const { outcome } = this.#fates.get(utterance) ?? closed
      this.#end(utterance, outcome, utterance.begun ? this.#ports.out.position(utterance.id) : unheard)
    }
  }

  #find(id: string): LiveUtterance | undefined {
    return this.#queue.find(utterance => utterance.id === id)
  }

  #cut(utterance: LiveUtterance, fate: Fate): void {
    if (utterance.phase === 'ended' || this.#fates.has(utterance)) return
    this.#producers.get(utterance)?.stop(utterance)
    this.#producers.delete(utterance)
    if (!utterance.begun) return this.#end(utterance, fate.outcome, unheard)
    utterance.phase = 'produced'
    this.#fates.set(utterance, fate)
    const before = this.#queue.slice(0, this.#queue.indexOf(utterance))
    if (before.every(other => other.phase === 'cutting')) this.#purge(utterance, fate)
  }

  #purge(utterance: LiveUtterance, { outcome, reason }: Fate): void {
    utterance.phase = 'cutting'
    this.#updateSpeaking()
    this.#ports.out.purge(utterance.id, reason, heard => {
      if (utterance.phase !== 'cutting') return
      this.#end(utterance, outcome, heard)
      this.#settle()
    })
    // The lane has room now for what is produced behind it.
    for (const producer of this.#producers.values()) producer.wake()
  }

  #end(utterance: LiveUtterance, outcome: UtteranceOutcome, heard: Heard): void {
    utterance.end(outcome, heard.playedMs)
    this.#fates.delete(utterance)
    this.#producers.delete(utterance)
    this.#queue.splice(this.#queue.indexOf(utterance), 1)
    this.#updateSpeaking()
    this.#ports.ended(utterance, heard)
  }

  /** Brings the queue to where it should be after any change. */
  #settle(): void {
    const front = this.#queue.find(utterance => utterance.phase !== 'cutting')
    const fate = front && this.#fates.get(front)
    if (front && fate) this.#purge(front, fate)
    this.#advance()
    this.#watchFront()
    this.#yieldSoon()
  }

  #advance(): void {
    for (const utterance of this.#queue) {
      if (utterance.phase === 'producing') return
      if (utterance.phase === 'waiting') {
        utterance.phase = 'producing'
        return this.handOver(utterance, this.#ports.producerFor(utterance))
      }
      // Behind what must not be interrupted nothing begins: a purge takes everything before it along.
      if (utterance.phase === 'produced' && !utterance.interruptible) return
    }
  }

  #watchFront(): void {
    this.#cancelOverdue?.()
    this.#cancelOverdue = undefined
    const front = this.#queue[0]
    if (this.#suspended || front?.phase !== 'produced') return
    const { receivedMs, playedMs } = this.#ports.out.position(front.id)
    this.#cancelOverdue = this.#ports.clock.after(receivedMs - playedMs + overdueMs, () => {
      const progressed = this.#ports.out.position(front.id).playedMs > playedMs
      if (progressed && front.interruptible) this.#watchFront()
      else this.#cut(front, overdue)
      this.#settle()
    })
  }

  /**
   * Lets what waits speak when a reply has been silent because its agent gives nothing at the moment. An agent that
   * waits within its reply for something else to be said would otherwise wait for itself.
   */
  #yieldSoon(): void {
    this.#cancelYield?.()
    this.#cancelYield = undefined
    const at = this.#queue.findIndex(({ phase, source }) => phase === 'producing' && source === 'reply')
    const reply = this.#queue[at]
    if (this.#suspended || !reply || at === this.#queue.length - 1 || !this.#isStarved(reply)) return
    this.#cancelYield = this.#ports.clock.after(this.#unplayedMs(reply) + silentMs, () => {
      if (!this.#isStarved(reply) || this.#unplayedMs(reply) > 0) return this.#yieldSoon()
      reply.finish()
      this.written(reply)
    })
  }

  #isStarved(utterance: LiveUtterance): boolean {
    return !utterance.written && (this.#producers.get(utterance)?.starving ?? false)
  }

  #unplayedMs(utterance: LiveUtterance): number {
    if (!utterance.begun) return 0
    const { receivedMs, playedMs } = this.#ports.out.position(utterance.id)
    return receivedMs - playedMs
  }

  #updateSpeaking(): void {
    const speaking = this.#queue.some(isHeard)
    if (speaking === this.#speaking) return
    this.#speaking = speaking
    this.#ports.speaking(speaking)
  }

  #stopTimers(): void {
    this.#cancelOverdue?.()
    this.#cancelYield?.()
    this.#cancelOverdue = undefined
    this.#cancelYield = undefined
  }
}

function isHeard(utterance: LiveUtterance): boolean {
  return utterance.audible && (utterance.phase === 'producing' || utterance.phase === 'produced')
}

function outcomeOf(utterance: LiveUtterance): UtteranceOutcome {
  return utterance.incomplete ? 'failed' : 'completed'
}
