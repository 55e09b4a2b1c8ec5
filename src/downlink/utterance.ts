import { SampleCarry } from '../audio/pcm.js'
import { PcmQueue } from './pcm-queue.js'

interface Caption {
  readonly atBytes: number
  readonly text: string
}

/** One utterance on its way to the client. Positions are milliseconds on its own timeline, where skipped audio counts. */
export class Utterance {
  readonly id: string
  /** Of the provider's linear16, in Hz. */
  readonly sampleRate: number
  /** Position among all utterances of the session. */
  readonly order: number
  readonly pcm: PcmQueue = new PcmQueue()
  private readonly carry: SampleCarry = new SampleCarry(2)
  private readonly bytesPerMs: number
  private captions: Caption[] | undefined
  /** No more audio comes. */
  ended = false
  /** Its first audio left. */
  started = false
  /** All of it left, and its `tts_end` too. */
  complete = false
  /** Audio bytes on the wire, of all sockets together. */
  wireBytes = 0
  /** The rate the client was last told on this socket, 0 before `tts_start`. */
  announcedRate = 0
  /** Audio passed over since the last that left. */
  skippedMs = 0
  /** Where the last audio that left ends. */
  audibleMs = 0
  /** Up to here a carrier was asked to say what it has played. */
  markedMs = 0
  /** Audio sent over all utterances, to the last of this one. */
  totalMs = 0
  /** When position 0 is heard, as far as the server can know. NaN: nothing left yet. */
  anchorMs: number = Number.NaN
  /** Up to here audio is due whatever the time is. */
  burstEndMs = 0

  constructor(id: string, sampleRate: number, order: number) {
    this.id = id
    this.sampleRate = sampleRate
    this.order = order
    this.bytesPerMs = (2 * sampleRate) / 1000
  }

  get receivedMs(): number {
    return this.pcm.end / this.bytesPerMs
  }

  /** Everything before this was sent or skipped. */
  get sentMs(): number {
    return this.pcm.position / this.bytesPerMs
  }

  get queuedMs(): number {
    return this.pcm.unread / this.bytesPerMs
  }

  get isAnchored(): boolean {
    return !Number.isNaN(this.anchorMs)
  }

  msOf(bytes: number): number {
    return bytes / this.bytesPerMs
  }

  /** Whole samples, rounded down. */
  bytesOf(ms: number): number {
    return 2 * Math.floor((ms * this.bytesPerMs) / 2)
  }

  /** Appends audio. Half a sample waits for its other half. Returns the bytes that were added. */
  push(pcm: Uint8Array): number {
    const whole = this.carry.take(pcm)
    this.pcm.push(whole)
    return whole.length
  }

  /** The words of the audio that comes next. */
  caption(text: string): void {
    this.captions ??= []
    this.captions.push({ atBytes: this.pcm.end, text })
  }

  /** Words whose audio begins at `ms` or before. */
  nextCaption(ms: number): string | undefined {
    const next = this.captions?.[0]
    if (!next || this.msOf(next.atBytes) > ms) return undefined
    this.captions!.shift()
    return next.text
  }
}
