import type { PlaybackReport, PressureLevel, ServerMessage } from '../protocol/messages.js'
import { AudioLane } from './audio-lane.js'
import { AudioSender } from './audio-sender.js'
import { Congestion } from './congestion.js'
import { Follower } from './follower.js'
import type { Ledger } from './ledger.js'
import type { DownlinkOptions } from './options.js'
import { Pacer } from './pacer.js'
import { type Heard, Playback } from './playback.js'
import type { DownlinkPorts, DropCause, LinkPort, PlaybackPosition } from './ports.js'
import { type Purged, Purges } from './purges.js'
import { Quality } from './quality.js'
import { Relief } from './relief.js'
import { type Resumption, type RewindParts, rewind } from './rewind.js'
import { Room } from './room.js'
import { SentAudio } from './sent-audio.js'
import type { Utterance } from './utterance.js'

/** Speech flows when some was sent this recently. */
const flowingMs = 500
/** A beat that comes later than this was a stall of ours: what clients said meanwhile is still unread. */
const longestBeatMs = 200

const unheard: PlaybackPosition = { receivedMs: 0, sentMs: 0, playedMs: 0, basis: 'clock' }

export interface SpeechPorts {
  readonly session: DownlinkPorts
  /** False: the socket refused it. */
  leave(message: ServerMessage): boolean
  queue(message: ServerMessage): void
  /** Whatever completion waits behind audio leaves before a `clear`. */
  leaveCompletions(): void
  /** These were taken back: nothing of them that waits may follow. */
  dropCaptions(utteranceIds: readonly string[], cause: DropCause): void
}

/** Everything about sound on its way to the client. Exists from the first utterance on. */
export class Speech {
  private readonly options: DownlinkOptions
  private readonly ports: SpeechPorts
  private readonly lane: AudioLane
  private readonly pacer: Pacer
  private readonly quality: Quality
  private readonly sent: SentAudio = new SentAudio()
  private readonly sender: AudioSender
  private readonly playback: Playback = new Playback()
  private readonly congestion: Congestion
  private readonly purges: Purges
  private readonly follower: Follower
  private readonly relief: Relief
  private readonly room: Room
  private readonly rewindParts: RewindParts
  private link: LinkPort | undefined
  private resumed: PlaybackReport | undefined
  private beatAtMs = 0
  private stalled = false

  constructor(options: DownlinkOptions, ledger: Ledger, ports: SpeechPorts) {
    this.options = options
    this.ports = ports
    this.lane = new AudioLane(ledger)
    this.pacer = new Pacer(options.pacing, options.audioOut.maxLeadMs)
    this.quality = new Quality(options.audioOut.sampleRates, options.backpressure.recoverMs)
    this.congestion = new Congestion(options.backpressure, this.sent, this.playback)
    this.purges = new Purges(this.lane)
    const { lane, pacer, quality, sent, congestion } = this
    this.sender = new AudioSender(options, { lane, pacer, quality, sent, ledger }, ports)
    this.follower = new Follower({ lane, pacer, sent, congestion, playback: this.playback }, options.audioOut.maxLeadMs)
    this.relief = new Relief(options.backpressure, { lane, pacer, quality, sender: this.sender, congestion })
    this.room = new Room(options.backpressure.maxQueuedMs, ports.session)
    this.rewindParts = { lane, sent, ledger }
  }

  get level(): PressureLevel {
    return this.congestion.level
  }

  get lagMs(): number {
    return this.congestion.lagMs
  }

  get rttMs(): number | null {
    return this.congestion.rttMs
  }

  get sampleRate(): number {
    return this.quality.sampleRate
  }

  get queuedMs(): number {
    return this.lane.queuedMs
  }

  get queuedBytes(): number {
    return this.lane.queuedBytes
  }

  get congested(): boolean {
    return this.room.isFull
  }

  /** Something is to be sent, to be heard, to be answered, or to be recovered from. */
  get isBusy(): boolean {
    const { lane, sent } = this
    const { first, head } = lane
    const toSend = head !== undefined && (head.pcm.unread > 0 || head.ended)
    return toSend || first?.complete === true || sent.unackedMs > 0 || this.level !== 'normal' || !this.purges.isEmpty
  }

  /** The client has stopped taking anything. */
  isStuck(nowMs: number): boolean {
    return this.congestion.isStuck(nowMs)
  }

  /** All audio that is due has left, and more of it could: nothing is held up by a message. */
  isCaughtUp(nowMs: number): boolean {
    return this.sender.held || (this.mayFlow(nowMs) && !this.sender.isDue(nowMs))
  }

  /** Whether `pump` would have something to do. */
  wantsOut(nowMs: number): boolean {
    const { head } = this.lane
    return head !== undefined && (head.pcm.unread === 0 ? head.ended : this.sender.isDue(nowMs))
  }

  /** Until when a beat would find nothing to do: not beyond `nowMs`, but for speech that flows on a good way. */
  restsUntilMs(nowMs: number): number {
    const { first, head } = this.lane
    const flows = head?.isAnchored && head === first && head.pcm.unread > 0 && !this.sender.held
    return flows && this.level === 'normal' && this.purges.isEmpty ? this.pacer.dueAtMs(head) : nowMs
  }

  attach(link: LinkPort, nowMs: number): void {
    this.link = link
    this.congestion.reset()
    this.pacer.useFor(link.features)
    this.playback.useFor(link.features)
    this.sent.newSocket()
    this.sender.useLink(link)
    this.reanchor(nowMs)
    if (this.resumed) this.onReport(this.resumed, nowMs)
    this.resumed = undefined
  }

  detach(nowMs: number): void {
    this.link = undefined
    this.sender.useLink(undefined)
    this.purges.expire(nowMs, true)
  }

  /** Where the client's audio goes on, on the socket that is attached next. */
  resume(report: PlaybackReport | null, nowMs: number): Resumption | null {
    this.resumed = report ?? undefined
    return rewind(this.rewindParts, report, utterance => this.playback.heard(utterance, nowMs).playedMs)
  }

  begin(utteranceId: string, sampleRate: number): void {
    if (!this.lane.begin(utteranceId, sampleRate)) {
      this.options.logger.warn({ utterance: utteranceId }, 'an utterance began twice; the second is ignored')
      return
    }
    this.quality.source(sampleRate)
  }

  /** True when it found the lane empty: it may leave at once, without waiting for the beat. */
  audio(utteranceId: string, pcm: Uint8Array): boolean {
    const utterance = this.lane.find(utteranceId)
    if (!utterance) return false
    const wasEmpty = utterance.pcm.unread === 0
    utterance.push(pcm)
    this.room.update(this.lane.queuedMs)
    if (!wasEmpty || utterance !== this.lane.head) return false
    this.reanchor(this.options.clock.now())
    return true
  }

  caption(utteranceId: string, text: string): void {
    this.lane.find(utteranceId)?.caption(text)
  }

  end(utteranceId: string): void {
    const utterance = this.lane.find(utteranceId)
    if (utterance) utterance.ended = true
  }

  position(utteranceId: string, nowMs: number): PlaybackPosition {
    const utterance = this.lane.find(utteranceId)
    return utterance ? this.positionOf(utterance, nowMs) : (this.lane.outcome(utteranceId) ?? unheard)
  }

  purge(throughId: string, reason: string, settled: (heard: Heard) => void, nowMs: number): void {
    const through = this.lane.find(throughId)
    if (!through) {
      const { playedMs, basis } = this.lane.outcome(throughId) ?? unheard
      return settled({ playedMs, basis })
    }
    const purged = this.take(through, 'clear', nowMs)
    const out = purged.some(({ position }) => position.sentMs > 0)
    if (this.link?.features.clear && out) {
      this.ports.leaveCompletions()
      this.ports.leave({ type: 'clear', through: throughId, reason })
      // Only a client that reports says where it was cut off.
      if (this.link.features.playback === 'report')
        return this.purges.add(purged, this.congestion.rttMs ?? 0, nowMs, settled)
    }
    const { playedMs, basis } = purged.at(-1)!.position
    settled({ playedMs, basis })
  }

  /** Gives everything up: the client cannot keep up. */
  abandon(cause: DropCause, nowMs: number): void {
    const last = this.lane.all().at(-1)
    if (last) this.take(last, cause, nowMs)
    this.purges.expire(nowMs, true)
  }

  hold(held: boolean, nowMs: number): void {
    this.sender.held = held
    if (!held) this.reanchor(nowMs)
  }

  onReport(report: PlaybackReport | null, nowMs: number): void {
    const keep = this.link?.features.resume === true && this.options.keep
    if (!this.follower.report(report, keep, nowMs) && report)
      this.purges.onReport(report.utterance_id, report.played_ms)
  }

  onCleared(utteranceId: string, playedMs: number): void {
    this.purges.onCleared(utteranceId, playedMs)
  }

  /** A `clear` brings back the marks of what it drops: they are of an utterance that is gone, and say nothing. */
  onMark(utteranceId: string, playedMs: number, nowMs: number): void {
    const utterance = this.lane.find(utteranceId)
    if (!utterance) return
    this.playback.onMark(utterance, playedMs, nowMs)
    this.congestion.progress(nowMs)
  }

  onPong(nowMs: number): void {
    this.congestion.answered(nowMs)
  }

  /** One beat: measures how late the way is, and does something about it. */
  measure(nowMs: number): void {
    if (this.hasStalled(nowMs)) return
    const { congestion, sender, quality } = this
    const link = this.link!
    const flowing = nowMs - sender.lastSentAtMs < flowingMs
    const changed = congestion.measure(nowMs, link, this.lateMs(nowMs), sender.bytesPerSecond)
    const shifted = this.relief.beat(nowMs, this.lateMs(nowMs), link.features.acks, flowing)
    if (changed) this.ports.session.level(this.level, this.lagMs)
    if (shifted) this.ports.session.rate(quality.sampleRate)
    if (changed || shifted) this.announce()
    congestion.poke(nowMs, link, flowing, sender.lastSentAtMs)
  }

  /** The first beat after a stall proves nothing about the client. A server that does nothing but stall still has to know. */
  private hasStalled(nowMs: number): boolean {
    this.stalled = !this.stalled && nowMs - this.beatAtMs > longestBeatMs
    this.beatAtMs = nowMs
    return this.stalled
  }

  /** Sends the audio that is due, as far as the way takes it. */
  pump(nowMs: number): void {
    const { sender, congestion } = this
    if (this.follower.isAhead(nowMs)) return sender.pump(nowMs, false)
    // A ping ahead of the first audio meets no queue of ours and shows the path itself.
    if (sender.isDue(nowMs)) congestion.poke(nowMs, this.link!, true, sender.lastSentAtMs)
    sender.pump(nowMs, this.mayFlow(nowMs))
  }

  /** What was heard to its end, what the client did not answer, and how much room there is. */
  conclude(nowMs: number): void {
    const { lane } = this
    this.purges.expire(nowMs)
    for (let first = lane.first; first?.complete && this.isOver(first, nowMs); first = lane.first) {
      lane.shift({ ...this.positionOf(first, nowMs), playedMs: first.sentMs })
      if (lane.isEmpty) this.sent.drop(first)
      const timestamp = this.options.clock.wallTime()
      this.ports.queue({ type: 'tts_playback_complete', timestamp, utterance_id: first.id })
      this.ports.session.played(first.id)
    }
    this.room.update(lane.queuedMs)
  }

  /** How long audio has been due that had to stay. */
  private lateMs(nowMs: number): number {
    const { head } = this.lane
    if (!head?.isAnchored || !this.pacer.isHeldUp || !this.sender.isDue(nowMs)) return 0
    return this.pacer.lateMs(head, nowMs)
  }

  private isOver(utterance: Utterance, nowMs: number): boolean {
    return this.playback.isOver(utterance, this.sent.unackedMs === 0, nowMs)
  }

  private announce(): void {
    const { level, sampleRate, lagMs } = this
    this.ports.queue({ type: 'quality', level, sample_rate: sampleRate, lag_ms: Math.round(lagMs) })
  }

  /** Whether what is on its way arrives well enough for more to follow. */
  private mayFlow(nowMs: number): boolean {
    if (this.link?.features.acks) return !this.congestion.isGateClosed
    return this.congestion.probeLagMs(nowMs) <= this.options.backpressure.liveLagMs
  }

  /** Takes utterances out of the lane and leaves behind how they stood. */
  private take(through: Utterance, cause: DropCause, nowMs: number): Purged[] {
    const { lane } = this
    const purged = lane
      .upTo(through)
      .map(utterance => ({ id: utterance.id, position: this.positionOf(utterance, nowMs) }))
    for (const { id, position } of purged) lane.remember(id, position)
    lane.purge(through, cause)
    this.ports.dropCaptions(
      purged.map(({ id }) => id),
      cause,
    )
    this.sent.drop(through)
    this.playback.forget(through)
    this.pacer.cleared()
    // What has begun after it is heard at once.
    for (const next of lane.all()) if (next.isAnchored) next.anchorMs = Math.min(next.anchorMs, nowMs)
    this.room.update(lane.queuedMs)
    return purged
  }

  private positionOf(utterance: Utterance, nowMs: number): PlaybackPosition {
    const { receivedMs, sentMs } = utterance
    return { receivedMs, sentMs, ...this.playback.heard(utterance, nowMs) }
  }

  /** A client that has run dry begins anew when it gets more: nothing of that is late. */
  private reanchor(nowMs: number): void {
    const { head } = this.lane
    if (head?.isAnchored && this.pacer.isDry(head, nowMs)) this.pacer.begin(head, nowMs)
  }
}
