import type { ServerMessage, TtsMarker } from '../protocol/messages.js'
import type { AudioLane } from './audio-lane.js'
import type { Ledger } from './ledger.js'
import type { DownlinkOptions } from './options.js'
import type { Pacer } from './pacer.js'
import type { DownlinkPorts, DropCause, LinkPort } from './ports.js'
import type { Quality } from './quality.js'
import type { SentAudio } from './sent-audio.js'
import type { Utterance } from './utterance.js'
import { WireEncoder } from './wire-encoder.js'

/** No binary message is longer: clients of other libraries may refuse more. */
const maxMessageBytes = 64 * 1024
/** Audio before or after a change of rate that lets two resamplers join; a whole number of samples at any usual rate. */
const joinMs = 20
/** How often a carrier is asked what it has played, as often as clients report it. */
const markMs = 200

export interface AudioSenderParts {
  readonly lane: AudioLane
  readonly pacer: Pacer
  readonly quality: Quality
  readonly sent: SentAudio
  readonly ledger: Ledger
}

export interface AudioSenderPorts {
  readonly session: DownlinkPorts
  /** It leaves now. False: the socket refused it. */
  leave(marker: TtsMarker): boolean
  /** It joins its lane. */
  queue(message: ServerMessage): void
}

/** Takes audio out of the lane when it is due, into messages that the client can play. */
export class AudioSender {
  private readonly encoding: DownlinkOptions['audioOut']['encoding']
  private readonly sampleBytes: number
  private readonly keeps: boolean
  private readonly parts: AudioSenderParts
  private readonly ports: AudioSenderPorts
  /** Audio stays, and none of it is late for that. */
  held = false
  private link: LinkPort | undefined
  private encoder: WireEncoder | undefined
  private encoderOf: Utterance | undefined
  private scratch = new Uint8Array(0)
  private lastSentMs = Number.NEGATIVE_INFINITY

  constructor(options: DownlinkOptions, parts: AudioSenderParts, ports: AudioSenderPorts) {
    this.encoding = options.audioOut.encoding
    this.sampleBytes = this.encoding === 'linear16' ? 2 : 1
    this.keeps = options.keep !== false
    this.parts = parts
    this.ports = ports
  }

  /** Bytes on the wire for a second of what is being sent. */
  get bytesPerSecond(): number {
    return (this.encoder?.format.sampleRate ?? this.parts.quality.sampleRate) * this.sampleBytes
  }

  /** The sample rate that the way delivers, NaN while unknown. */
  fittingRate(nowMs: number): number {
    return this.parts.sent.bytesPerSecond(nowMs) / this.sampleBytes
  }

  /** When the last audio left. */
  get lastSentAtMs(): number {
    return this.lastSentMs
  }

  /** Another socket: everything has to be announced again. */
  useLink(link: LinkPort | undefined): void {
    this.link = link
    this.encoderOf = undefined
    for (const utterance of this.parts.lane.all()) utterance.announcedRate = 0
  }

  /** Whether audio is due that has not left. */
  isDue(nowMs: number): boolean {
    const { lane, pacer } = this.parts
    const head = lane.head
    if (!head || head.pcm.unread === 0 || this.held) return false
    return head.isAnchored ? pacer.dueMs(head, nowMs) > 0 : pacer.mayBegin(nowMs)
  }

  /** Sends what is due. `mayFlow` false holds audio back, but not the markers of what has left. */
  pump(nowMs: number, mayFlow: boolean): void {
    const { lane, pacer, sent } = this.parts
    for (let head = lane.head; head && this.link; head = lane.head) {
      if (head.pcm.unread === 0) {
        if (!head.ended || !this.finish(head)) return
        continue
      }
      if (!this.isDue(nowMs)) return pacer.caughtUp(true)
      if (!mayFlow || (this.link.features.acks && sent.isFull)) return pacer.caughtUp(false)
      if (!head.isAnchored) pacer.begin(head, nowMs)
      this.sendFrame(head, nowMs)
    }
  }

  /** Drops up to `ms` of due audio. */
  drop(ms: number, cause: DropCause, nowMs: number): void {
    const { lane, ledger, pacer } = this.parts
    for (let head = lane.head; head && ms > 0; head = lane.head) {
      if (!head.isAnchored || this.held) return
      const dueMs = Math.min(ms, pacer.dueMs(head, nowMs))
      const bytes = Math.min(head.pcm.unread, head.bytesOf(Math.ceil(dueMs)))
      if (bytes <= 0) return
      const droppedMs = head.msOf(bytes)
      head.pcm.skip(bytes)
      head.skippedMs += droppedMs
      ledger.audioDropped(cause, bytes, droppedMs)
      ms -= droppedMs
      if (head.pcm.unread > 0 || !head.ended || !this.finish(head)) return
    }
  }

  private sendFrame(head: Utterance, nowMs: number): void {
    const encoder = this.encoderFor(head)
    const fromMs = head.sentMs
    const bytes = this.nextBytes(head, this.parts.pacer.frameMs(head, nowMs))
    const pcm = encoder.isIdentity ? new Uint8Array(bytes) : this.scratchOf(bytes)
    head.pcm.read(pcm)
    if (!this.tapped(head, pcm)) return
    const last = head.ended && head.pcm.unread === 0
    const wire = last ? joined(encoder.encode(pcm), encoder.finish()) : encoder.encode(pcm)
    if (last) this.encoderOf = undefined
    // A resampler may have kept all of a very short frame.
    if (wire.length === 0 || this.sendWire(head, wire, fromMs)) return this.sentFrame(head, bytes, wire.length, nowMs)
    head.pcm.skip(0)
    head.skippedMs += head.msOf(bytes)
    this.parts.ledger.audioDropped('buffered', bytes, head.msOf(bytes))
  }

  /** Lets the session hear what is about to leave. False: it made something of it that must not be sent any more. */
  private tapped(head: Utterance, pcm: Uint8Array): boolean {
    const { lane, ledger } = this.parts
    this.ports.session.tap?.(pcm, head.sampleRate, head.id)
    if (lane.head === head && this.link) return true
    if (lane.head === head) head.pcm.seek(head.pcm.position - pcm.length)
    else ledger.audioDropped('clear', pcm.length, head.msOf(pcm.length))
    return false
  }

  private sentFrame(head: Utterance, bytes: number, wireBytes: number, nowMs: number): void {
    const { ledger, sent } = this.parts
    this.lastSentMs = nowMs
    head.audibleMs = head.sentMs
    ledger.audioSent(bytes, head.msOf(bytes))
    if (this.tracks) sent.add(head, bytes, wireBytes, nowMs)
    else head.pcm.forget(head.pcm.position - head.bytesOf(joinMs))
    if (head.sentMs - head.markedMs >= markMs) this.placeMark(head)
    if (head.started) return
    head.started = true
    this.ports.session.started(head.id)
  }

  /** False: the socket refused the bytes, the client will never have them. */
  private sendWire(head: Utterance, wire: Uint8Array, fromMs: number): boolean {
    if (!this.announce(head, fromMs)) return false
    this.sendCaptions(head, fromMs)
    if (this.link!.sendAudio(wire, head.id) === 'dropped') return false
    head.wireBytes += wire.length
    return true
  }

  /** Tells the client what it has to know about the bytes that follow. False: it could not be told. */
  private announce(head: Utterance, fromMs: number): boolean {
    const { id: utterance_id, wireBytes: from_bytes } = head
    const { encoding, sampleRate: sample_rate } = this.encoder!.format
    if (head.announcedRate === 0) {
      const begin = { type: 'tts_start', utterance_id, encoding, sample_rate, from_bytes, from_ms: fromMs } as const
      if (!this.mark(begin)) return false
      head.skippedMs = 0
    } else {
      if (!this.announceSkip(head)) return false
      const change = { type: 'tts_format', utterance_id, encoding, sample_rate } as const
      if (head.announcedRate !== sample_rate && !this.mark(change)) return false
    }
    head.announcedRate = sample_rate
    return true
  }

  private announceSkip(head: Utterance): boolean {
    if (head.skippedMs === 0) return true
    if (!this.mark({ type: 'tts_skip', utterance_id: head.id, ms: head.skippedMs })) return false
    head.skippedMs = 0
    return true
  }

  /** Everything of the head has left. False: the client could not be told. */
  private finish(head: Utterance): boolean {
    this.sendCaptions(head, head.sentMs)
    if (this.encoderOf === head) this.sendRest(head, this.encoder!.finish())
    this.encoderOf = undefined
    if (head.audibleMs > head.markedMs) this.placeMark(head)
    if (head.started && !this.markEnd(head)) return false
    this.parts.lane.advance()
    this.parts.pacer.complete(head)
    return true
  }

  private markEnd(head: Utterance): boolean {
    // On another socket the client may not know yet that it has everything.
    if (head.announcedRate === 0) {
      this.encoderFor(head)
      this.encoderOf = undefined
      if (!this.announce(head, head.sentMs)) return false
    }
    const { id: utterance_id, wireBytes: bytes, receivedMs: ms } = head
    return this.announceSkip(head) && this.mark({ type: 'tts_end', utterance_id, bytes, ms })
  }

  private placeMark(head: Utterance): void {
    if (this.link!.features.playback !== 'mark') return
    head.markedMs = head.sentMs
    this.link!.sendMark(head.id, head.sentMs)
  }

  private mark(marker: TtsMarker): boolean {
    return !this.link!.features.markers || this.ports.leave(marker)
  }

  private sendCaptions(head: Utterance, ms: number): void {
    for (let text = head.nextCaption(ms); text !== undefined; text = head.nextCaption(ms))
      this.ports.queue({ type: 'tts_text', utterance_id: head.id, text })
  }

  /** The encoder for the head's next audio. A change of rate takes effect here, between two messages. */
  private encoderFor(head: Utterance): WireEncoder {
    const sampleRate = this.parts.quality.rateFor(head.sampleRate)
    const old = this.encoder
    const fits = old !== undefined && old.fromRate === head.sampleRate && old.format.sampleRate === sampleRate
    if (fits && this.encoderOf === head) return old
    if (old && this.encoderOf === head) this.sendRest(head, old.finish(this.lookAhead(head)))
    const encoder = fits ? old : new WireEncoder(head.sampleRate, { encoding: this.encoding, sampleRate, channels: 1 })
    encoder.restart(encoder.isIdentity ? undefined : this.runUp(head))
    this.encoder = encoder
    this.encoderOf = head
    return encoder
  }

  /** What an encoder held back, in the format it was announced with. */
  private sendRest(head: Utterance, rest: Uint8Array): void {
    if (rest.length > 0) this.sendWire(head, rest, head.sentMs)
  }

  private lookAhead(head: Utterance): Uint8Array {
    const after = new Uint8Array(Math.min(head.pcm.unread, head.bytesOf(joinMs)))
    head.pcm.copy(after)
    return after
  }

  private runUp(head: Utterance): Uint8Array {
    const { pcm } = head
    const bytes = Math.min(pcm.position - pcm.keptFrom, head.bytesOf(joinMs))
    const before = new Uint8Array(bytes)
    const position = pcm.position
    pcm.seek(position - bytes)
    pcm.read(before)
    return before
  }

  private get tracks(): boolean {
    return this.link!.features.acks || (this.keeps && this.link!.features.resume)
  }

  private nextBytes(head: Utterance, ms: number): number {
    const wireBytesPerByte = this.bytesPerSecond / (2 * head.sampleRate)
    const limit = 2 * Math.floor(maxMessageBytes / Math.max(1, wireBytesPerByte) / 2)
    return Math.min(head.pcm.unread, head.bytesOf(ms), limit)
  }

  private scratchOf(bytes: number): Uint8Array {
    if (this.scratch.length < bytes) this.scratch = new Uint8Array(bytes)
    return this.scratch.length === bytes ? this.scratch : this.scratch.subarray(0, bytes)
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (b.length === 0) return a
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}
