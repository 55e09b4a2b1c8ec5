import type { ServerMessage, ServerMessageType } from '../protocol/messages.js'
import type { Ledger } from './ledger.js'
import { messageBytes } from './message-bytes.js'
import type { DropCause } from './ports.js'

/** Leave at once, past everything. */
const urgent: ReadonlySet<ServerMessageType> = new Set<ServerMessageType>([
  'ready',
  'resumed',
  'snapshot',
  'clear',
  'interrupted',
  'error',
  'goaway',
  'redirect',
  'ack',
  'ping',
  'pong',
])

/** Belong to one socket: they carry no number and mean nothing on the next one. */
const unnumbered: ReadonlySet<ServerMessageType> = new Set<ServerMessageType>([
  'ack',
  'ready',
  'resumed',
  'snapshot',
  'goaway',
  'redirect',
  'ping',
  'pong',
])

export function isUrgent(message: ServerMessage): boolean {
  return urgent.has(message.type)
}

export function isNumbered(message: ServerMessage): boolean {
  return !unnumbered.has(message.type)
}

/** How long a message may wait for audio on a slow link. PROTOCOL.md documents what is dropped then. */
export const messageTimeoutMs = 5000
/** An interim transcript that is older describes what the user can no longer see being said. */
export const interimTimeoutMs = 2000

interface Waiting {
  readonly message: ServerMessage
  readonly bytes: number
  /** Dropped at its deadline. The others then leave without waiting any longer. */
  readonly expendable: boolean
  readonly deadlineMs: number
}

/** Messages that wait behind audio: `control` before `transcript`, each in the order it came. */
export class Lanes {
  private readonly ledger: Ledger
  private readonly urgent: Waiting[] = []
  private readonly control: Waiting[] = []
  private readonly transcript: Waiting[] = []
  private heldBytes = 0

  constructor(ledger: Ledger) {
    this.ledger = ledger
  }

  get count(): number {
    return this.urgent.length + this.control.length + this.transcript.length
  }

  /** About what they will be on the wire. */
  get bytes(): number {
    return this.heldBytes
  }

  add(message: ServerMessage, nowMs: number): void {
    const interim = isInterim(message)
    const lane = this.laneOf(message)
    if (message.type === 'state' || message.type === 'quality') this.outdate(lane, old => old.type === message.type)
    if (message.type === 'stt_result') {
      this.outdate(lane, old => isInterim(old) && old.type === 'stt_result' && old.utterance === message.utterance)
    }
    const bytes = messageBytes(message)
    this.heldBytes += bytes
    lane.push({
      message,
      bytes,
      expendable: interim || message.type === 'vad_event' || message.type === 'tts_text',
      deadlineMs: nowMs + (interim ? interimTimeoutMs : messageTimeoutMs),
    })
  }

  nextUrgent(): ServerMessage | undefined {
    return this.take(this.urgent, 0, true)
  }

  /** The next message that may leave: any when the way is `free`, else one that has waited long enough. */
  next(nowMs: number, free: boolean): ServerMessage | undefined {
    return this.take(this.control, nowMs, free) ?? this.take(this.transcript, nowMs, free)
  }

  /** The oldest message of the control lane, when one of type `type` waits there. */
  nextThrough(type: ServerMessageType): ServerMessage | undefined {
    return this.control.some(({ message }) => message.type === type) ? this.take(this.control, 0, true) : undefined
  }

  /** Drops what has waited too long to be of use. */
  expire(nowMs: number): void {
    this.expireIn(this.control, nowMs)
    this.expireIn(this.transcript, nowMs)
  }

  dropInterims(): void {
    for (let i = this.transcript.length - 1; i >= 0; i--) {
      if (!isInterim(this.transcript[i]!.message)) continue
      this.remove(this.transcript, i)
      this.ledger.messageDropped('lag')
    }
  }

  /** The words of these utterances are not heard any more. */
  dropCaptions(utteranceIds: readonly string[], cause: DropCause): void {
    for (let i = this.transcript.length - 1; i >= 0; i--) {
      const { message } = this.transcript[i]!
      if (message.type !== 'tts_text' || !utteranceIds.includes(message.utterance_id)) continue
      this.remove(this.transcript, i)
      this.ledger.messageDropped(cause)
    }
  }

  /** Drops the oldest message, the least urgent lane first. Only for a session that nobody can be told anything. */
  dropOldest(): void {
    const lane = [this.transcript, this.control, this.urgent].find(({ length }) => length > 0)
    if (!lane) return
    this.remove(lane, 0)
    this.ledger.messageDropped('slow_consumer')
  }

  clear(): void {
    for (const lane of [this.urgent, this.control, this.transcript]) {
      for (let left = lane.length; left > 0; left--) this.ledger.messageDropped('closed')
      lane.length = 0
    }
    this.heldBytes = 0
  }

  private laneOf(message: ServerMessage): Waiting[] {
    if (urgent.has(message.type)) return this.urgent
    return message.type === 'stt_result' || message.type === 'tts_text' ? this.transcript : this.control
  }

  private take(lane: Waiting[], nowMs: number, free: boolean): ServerMessage | undefined {
    const first = lane[0]
    if (!first || !(free || first.deadlineMs <= nowMs)) return undefined
    this.remove(lane, 0)
    return first.message
  }

  private expireIn(lane: Waiting[], nowMs: number): void {
    for (let i = lane.length - 1; i >= 0; i--) {
      if (!lane[i]!.expendable || lane[i]!.deadlineMs > nowMs) continue
      this.remove(lane, i)
      this.ledger.messageDropped('timeout')
    }
  }

  /** Only the latest counts. It goes to the end, for it knows what was said after the one it replaces. */
  private outdate(lane: Waiting[], replaced: (old: ServerMessage) => boolean): void {
    for (let i = lane.length - 1; i >= 0; i--) {
      if (!replaced(lane[i]!.message)) continue
      this.remove(lane, i)
      this.ledger.messageDropped('conflated')
    }
  }

  private remove(lane: Waiting[], index: number): void {
    this.heldBytes -= lane[index]!.bytes
    lane.splice(index, 1)
  }
}

export function isInterim(message: ServerMessage): boolean {
  return message.type === 'stt_result' && !message.is_final
}
