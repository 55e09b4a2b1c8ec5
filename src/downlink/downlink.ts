import type { PlaybackReport, PressureLevel, ServerMessage, StatsMessage } from '../protocol/messages.js'
import type { Ticking } from '../util/ticker.js'
import { isInterim, isNumbered, isUrgent, Lanes } from './lanes.js'
import { Ledger } from './ledger.js'
import type { DownlinkOptions } from './options.js'
import type { Heard } from './playback.js'
import type { DownlinkPorts, DownlinkStats, LinkPort, PlaybackPosition } from './ports.js'
import type { Resumption } from './rewind.js'
import { Speech } from './speech.js'
import { Writer } from './writer.js'

const unheard: PlaybackPosition = { receivedMs: 0, sentMs: 0, playedMs: 0, basis: 'clock' }

/** Beats that are left out while nothing is due: a way that gets worse is noticed so much later. */
const longestRestMs = 60

/**
 * The only writer to the link. Speech is paced so that little of it is ever out of reach; urgent messages go past it,
 * the others behind it; and what cannot arrive in time is lowered in quality or left out rather than heard late.
 */
export class Downlink implements Ticking {
  private readonly options: DownlinkOptions
  private readonly ports: DownlinkPorts
  private readonly ledger: Ledger = new Ledger()
  private readonly writer: Writer
  private readonly lanes: Lanes
  private readonly flushAll: () => void
  /** From the first utterance on: a session that never speaks needs none of it. */
  private speech: Speech | undefined
  private link: LinkPort | undefined
  private nowMs: number
  private ticking = false
  /** No beat before has anything to do, unless something happens. */
  private restsUntilMs = 0
  private writing = false
  /** The client could not keep up: only urgent messages leave until it comes back on another socket. */
  private overwhelmed = false
  private closed = false

  constructor(options: DownlinkOptions, ports: DownlinkPorts) {
    this.options = options
    this.ports = ports
    this.writer = new Writer(this.ledger, ports)
    this.lanes = new Lanes(this.ledger)
    this.flushAll = () => this.flushNow()
    this.nowMs = options.clock.now()
  }

  /** Audio waiting to be sent, over all utterances. */
  get queuedMs(): number {
    return this.speech?.queuedMs ?? 0
  }

  /** The session held more than `maxQueuedMs` and has not come down to half of it since. */
  get congested(): boolean {
    return this.speech?.congested ?? false
  }

  /** Sends to another socket from now on; the one before gets nothing any more. */
  attach(link: LinkPort): void {
    if (this.closed) return
    this.detach()
    this.readClock()
    this.link = link
    this.overwhelmed = false
    this.speech?.attach(link, this.nowMs)
    this.wake()
  }

  /** Stops sending. What waits goes on waiting: nothing expires, and a new socket takes it all at once. */
  detach(): void {
    if (!this.link) return
    this.link = undefined
    this.readClock()
    this.rest()
    this.speech?.detach(this.nowMs)
  }

  /** Urgent messages leave at once, the others when nothing audible is held up by them. */
  send(message: ServerMessage): void {
    if (this.closed) return this.ledger.messageDropped('closed')
    if (!isUrgent(message)) return this.queue(message)
    if (this.link) this.leave(message)
    else if (isNumbered(message)) this.lanes.add(message, this.nowMs)
    // What has no number concerns the socket alone, and there is none.
    else this.ledger.messageDropped('closed')
    this.limit()
  }

  /** Opens an utterance of mono linear16. Utterances play in the order they begin. */
  begin(utteranceId: string, sampleRate: number): void {
    if (this.closed) return
    this.speech ??= this.createSpeech()
    this.speech.begin(utteranceId, sampleRate)
  }

  /** Appends audio; the bytes belong to the downlink from now on. Of an utterance that is over it is ignored. */
  audio(utteranceId: string, pcm: Uint8Array): void {
    if (!this.speech || this.closed) return
    // Only audio that finds its lane empty may be due; the rest waits for its beat, and needs no clock.
    if (!this.speech.audio(utteranceId, pcm)) return
    this.readClock()
    this.wake()
  }

  /** The words of the audio that comes next. */
  caption(utteranceId: string, text: string): void {
    this.speech?.caption(utteranceId, text)
  }

  /** No more audio of it comes. */
  end(utteranceId: string): void {
    if (!this.speech) return
    this.speech.end(utteranceId)
    this.readClock()
    this.wake()
  }

  position(utteranceId: string): PlaybackPosition {
    return this.speech?.position(utteranceId, this.options.clock.now()) ?? unheard
  }

  /**
   * Takes back everything up to and including the utterance, here and at the client. `settled` learns how much of it
   * was heard: at once when that is known, else when the client answered or had its time.
   */
  purge(throughUtteranceId: string, reason: string, settled: (heard: Heard) => void): void {
    if (!this.speech) return settled({ playedMs: 0, basis: 'clock' })
    this.readClock()
    this.speech.purge(throughUtteranceId, reason, settled, this.nowMs)
    this.wake()
  }

  /** Stops sending audio without dropping it, or goes on. */
  hold(held: boolean): void {
    this.readClock()
    this.speech ??= this.createSpeech()
    this.speech.hold(held, this.nowMs)
    this.wake()
  }

  /** The client's report of what it has and plays. */
  onStats({ playback }: StatsMessage): void {
    if (!this.speech || !this.link) return
    this.readClock()
    this.speech.onReport(playback, this.nowMs)
    this.wake()
  }

  /** The client answers a `clear`. */
  onCleared(utteranceId: string, playedMs: number): void {
    this.speech?.onCleared(utteranceId, playedMs)
  }

  /** A carrier has played the utterance up to `playedMs`. */
  onMark(utteranceId: string, playedMs: number): void {
    if (!this.speech || !this.link) return
    this.readClock()
    this.speech.onMark(utteranceId, playedMs, this.nowMs)
    this.wake()
  }

  /** The last probe came back. */
  onPong(): void {
    this.speech?.onPong(this.options.clock.now())
  }

  /** The socket can take more: what waits is judged again. */
  onDrain(): void {
    this.readClock()
    this.wake()
  }

  /**
   * Goes back to where a client on a new socket needs its audio from; `attach` then sends it.
   *
   * @param report what the client holds; null: nothing.
   * @returns what to tell the client about the utterance it was hearing; null: there was none.
   */
  resumeAudio(report: PlaybackReport | null): Resumption | null {
    this.detach()
    return this.speech?.resume(report, this.options.clock.now()) ?? null
  }

  stats(): DownlinkStats {
    const { ledger, speech, lanes } = this
    return {
      level: this.level,
      lagMs: speech?.lagMs ?? 0,
      rttMs: speech?.rttMs ?? null,
      sampleRate: speech?.sampleRate ?? Math.max(...this.options.audioOut.sampleRates),
      sentAudioMs: ledger.sentAudioMs,
      sentAudioBytes: ledger.sentAudioBytes,
      sentMessages: ledger.sentMessages,
      queuedMs: speech?.queuedMs ?? 0,
      queuedBytes: speech?.queuedBytes ?? 0,
      queuedMessages: lanes.count,
      droppedMs: ledger.droppedMs,
      droppedBytes: ledger.droppedBytes,
      droppedMessages: ledger.droppedMessages,
    }
  }

  /** Drops everything. Nothing leaves any more. */
  close(): void {
    if (this.closed) return
    this.detach()
    this.closed = true
    this.lanes.clear()
    this.speech?.abandon('closed', this.readClock())
  }

  /** One beat of the shared ticker. */
  tick(nowMs: number): void {
    if (nowMs < this.restsUntilMs) return
    this.nowMs = nowMs
    // Nothing is written while something is being dropped.
    this.writing = true
    this.speech?.measure(nowMs)
    this.writing = false
    this.lanes.expire(nowMs)
    if (this.level === 'critical') this.lanes.dropInterims()
    this.wake()
    this.limit()
    if (this.speech && this.lanes.count === 0)
      this.restsUntilMs = Math.min(nowMs + longestRestMs, this.speech.restsUntilMs(nowMs))
  }

  private get level(): PressureLevel {
    return this.speech?.level ?? 'normal'
  }

  private createSpeech(): Speech {
    const speech = new Speech(this.options, this.ledger, {
      session: this.ports,
      leave: message => this.leave(message),
      queue: message => this.queue(message),
      leaveCompletions: () => this.leaveCompletions(),
      dropCaptions: (utteranceIds, cause) => this.lanes.dropCaptions(utteranceIds, cause),
    })
    if (this.link) speech.attach(this.link, this.readClock())
    return speech
  }

  /** A message that waits its turn, which comes at once on a good link. */
  private queue(message: ServerMessage): void {
    const attached = this.link !== undefined && !this.overwhelmed
    if (attached && this.level === 'critical' && isInterim(message)) return this.ledger.messageDropped('lag')
    if (attached && this.lanes.count === 0 && this.isFree) this.leave(message)
    else this.lanes.add(message, this.readClock())
    this.restsUntilMs = 0
    if (this.writing) return
    this.flush()
    this.arm()
    this.limit()
  }

  /** Nothing audible is held up by a message that leaves now. */
  private get isFree(): boolean {
    return this.level === 'normal' || this.speech?.isCaughtUp(this.nowMs) !== false
  }

  /** False: the socket refused it. */
  private leave(message: ServerMessage): boolean {
    return this.writer.write(this.link!, message)
  }

  /** An utterance that was heard to its end is not among those that a `clear` takes back. */
  private leaveCompletions(): void {
    const next = () => this.lanes.nextThrough('tts_playback_complete')
    for (let message = next(); message; message = next()) this.leave(message)
  }

  /** Something has changed: what may leave does, and what is over is told. */
  private wake(): void {
    this.restsUntilMs = 0
    this.flush()
    if (this.link && !this.overwhelmed) this.speech?.conclude(this.nowMs)
    if (this.isBusy) this.arm()
    else this.rest()
  }

  private flush(): void {
    if (!this.link || this.overwhelmed || this.writing) return
    if (this.lanes.count === 0 && !this.speech?.wantsOut(this.nowMs)) return
    this.writing = true
    this.link.cork(this.flushAll)
    this.writing = false
  }

  private flushNow(): void {
    const { lanes } = this
    for (let message = lanes.nextUrgent(); message; message = lanes.nextUrgent()) this.leave(message)
    this.speech?.pump(this.nowMs)
    // The session was told of what left, and may have dropped the socket.
    if (!this.link) return
    const free = this.isFree
    for (let message = lanes.next(this.nowMs, free); message; message = lanes.next(this.nowMs, free))
      this.leave(message)
  }

  /** Gives a client up that cannot keep up. While there is none, keeps memory bounded. */
  private limit(): void {
    const { maxQueuedMessages, maxQueuedBytes } = this.options.backpressure
    if (!this.link || this.overwhelmed) {
      while (this.lanes.bytes > maxQueuedBytes) this.lanes.dropOldest()
    } else if (this.lanes.count > maxQueuedMessages) {
      this.giveUp(`${maxQueuedMessages} messages were waiting`)
    } else if (this.link.bufferedBytes + this.lanes.bytes > maxQueuedBytes) {
      this.giveUp(`${maxQueuedBytes} bytes were waiting`)
    } else if (this.speech?.isStuck(this.nowMs)) {
      this.giveUp('nothing arrived any more')
    }
  }

  private giveUp(cause: string): void {
    this.overwhelmed = true
    this.rest()
    this.speech?.abandon('slow_consumer', this.nowMs)
    this.options.logger.info({ cause, dropped: this.ledger.droppedMs }, 'a client cannot keep up')
    this.ports.slowConsumer(cause)
  }

  private get isBusy(): boolean {
    return this.link !== undefined && !this.overwhelmed && (this.lanes.count > 0 || (this.speech?.isBusy ?? false))
  }

  /** Joins the shared beat. */
  private arm(): void {
    if (this.ticking || !this.isBusy) return
    this.ticking = true
    this.options.ticker.add(this)
  }

  /** A session with nothing to do costs nothing. */
  private rest(): void {
    if (!this.ticking) return
    this.ticking = false
    this.options.ticker.remove(this)
  }

  private readClock(): number {
    this.nowMs = this.options.clock.now()
    return this.nowMs
  }
}
