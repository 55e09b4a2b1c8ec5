import type { Ledger } from './ledger.js'
import type { DropCause, PlaybackPosition } from './ports.js'
import { Utterance } from './utterance.js'

/** Utterances whose outcome can still be asked for after they are over. */
const remembered = 16

/** The utterances that are not over, in the order they play. */
export class AudioLane {
  private readonly ledger: Ledger
  private readonly open: Utterance[] = []
  /** How many of `open` have left completely. */
  private sent = 0
  private begun = 0
  private readonly over: Map<string, PlaybackPosition> = new Map()

  constructor(ledger: Ledger) {
    this.ledger = ledger
  }

  /** Something is being sent or heard. */
  get isEmpty(): boolean {
    return this.open.length === 0
  }

  /** The first that is not over. */
  get first(): Utterance | undefined {
    return this.open[0]
  }

  /** The one whose audio leaves next. */
  get head(): Utterance | undefined {
    return this.open[this.sent]
  }

  get queuedMs(): number {
    let ms = 0
    for (let i = this.sent; i < this.open.length; i++) ms += this.open[i]!.queuedMs
    return ms
  }

  get queuedBytes(): number {
    let bytes = 0
    for (let i = this.sent; i < this.open.length; i++) bytes += this.open[i]!.pcm.unread
    return bytes
  }

  begin(id: string, sampleRate: number): Utterance | undefined {
    if (this.find(id)) return undefined
    this.over.delete(id)
    const utterance = new Utterance(id, sampleRate, this.begun++)
    this.open.push(utterance)
    return utterance
  }

  find(id: string): Utterance | undefined {
    for (let i = this.open.length - 1; i >= 0; i--) if (this.open[i]!.id === id) return this.open[i]
    return undefined
  }

  /** What became of an utterance that is over. */
  outcome(id: string): PlaybackPosition | undefined {
    return this.over.get(id)
  }

  /** All of the head has left: the next one is. */
  advance(): void {
    this.head!.complete = true
    this.sent++
  }

  /** The first was heard to its end. */
  shift(position: PlaybackPosition): void {
    const utterance = this.open.shift()
    this.sent = Math.max(0, this.sent - 1)
    if (utterance) this.remember(utterance.id, position)
  }

  /** Those up to and including `through`, in order. */
  upTo(through: Utterance): Utterance[] {
    return this.open.slice(0, this.open.indexOf(through) + 1)
  }

  /** Those after `utterance`, in order. */
  after(utterance: Utterance): Utterance[] {
    return this.open.filter(({ order }) => order > utterance.order)
  }

  all(): readonly Utterance[] {
    return this.open
  }

  /** Drops what has not been sent of everything up to and including `through`, and takes them out. */
  purge(through: Utterance, cause: DropCause): Utterance[] {
    const purged = this.open.splice(0, this.open.indexOf(through) + 1)
    this.sent = Math.max(0, this.sent - purged.length)
    for (const utterance of purged) {
      const bytes = utterance.pcm.clear()
      this.ledger.audioDropped(cause, bytes, utterance.msOf(bytes))
    }
    return purged
  }

  /** A socket broke: `utterance` and all after it have to be sent again, at least in part. */
  reopen(utterance: Utterance): void {
    this.sent = Math.min(this.sent, this.open.indexOf(utterance))
    for (let i = this.sent; i < this.open.length; i++) this.open[i]!.complete = false
  }

  remember(id: string, position: PlaybackPosition): void {
    this.over.set(id, position)
    if (this.over.size > remembered) this.over.delete(this.over.keys().next().value!)
  }
}
