import { AudioConverter } from '../audio/convert.js'
import { type AudioFormat, bytesPerSample, bytesToMs, msToBytes, sameFormat } from '../audio/format.js'
import { silenceOf } from '../audio/silence.js'
import type { SttCapabilities } from '../providers/contracts.js'
import type { AudioLog } from './audio-log.js'
import type { AudioTimes } from './audio-times.js'
import type { PacketIndex } from './packet-index.js'
import { ReplayPace } from './replay-pace.js'
import type { SttConnection } from './stt-connection.js'
import { StreamTimeline } from './timeline.js'

/** Messages shorter than this cost more than the latency they save. */
const SHORTEST_CHUNK_MS = 40

/** The size of the messages a provider is sent, in milliseconds. */
function chunkMsOf({ chunkMs }: SttCapabilities): number {
  return Math.min(chunkMs.ideal, Math.max(SHORTEST_CHUNK_MS, chunkMs.min))
}

/** The session's side of what is sent. */
export interface FeedSource {
  readonly log: AudioLog
  readonly times: AudioTimes
  readonly format: AudioFormat
  /** Of an uplink of packets; else null. */
  readonly packets: PacketIndex | null
}

/** Gives one stream the audio of the log from `log.sent` on: in its format, in messages of its size, at its pace. */
export class AudioFeed {
  readonly timeline: StreamTimeline = new StreamTimeline()
  readonly pace: ReplayPace
  /** The usual size of a message, before conversion. */
  readonly chunkBytes: number
  private readonly connection: SttConnection
  private readonly source: FeedSource
  private readonly converter: AudioConverter | null
  private readonly sampleBytes: number
  private readonly minBytes: number
  private readonly maxBytes: number
  /** Where the next audio continues the last without a hole. */
  private expected = -1
  private pumping = false

  constructor(connection: SttConnection, source: FeedSource) {
    const { format } = source
    const { capabilities } = connection
    this.connection = connection
    this.source = source
    this.pace = new ReplayPace(capabilities.maxRealtimeFactor)
    const opus = format.encoding === 'opus'
    this.converter =
      opus || sameFormat(format, connection.format) ? null : new AudioConverter(format, connection.format)
    this.sampleBytes = opus ? 1 : bytesPerSample(format)
    this.chunkBytes = opus ? 1 : msToBytes(format, chunkMsOf(capabilities))
    this.minBytes = opus ? 1 : msToBytes(format, capabilities.chunkMs.min)
    this.maxBytes = opus ? 1 : msToBytes(format, capabilities.chunkMs.max)
  }

  /** Something is being sent: a provider may answer from within. */
  get busy(): boolean {
    return this.pumping
  }

  /**
   * Sends what may be sent of the audio before `until`. What is less than a message waits, unless `flush`: `long` sends
   * it when the provider takes messages of its length, `all` fills it up with silence if need be.
   */
  pump(until: number, flush: 'none' | 'long' | 'all'): void {
    if (this.pumping) return
    this.pumping = true
    while (this.connection.writable && this.pace.allows && this.step(until, flush)) {}
    this.pumping = false
  }

  /** Silence that the user did not send: for a recogniser that finds the end of speech only by what follows it. */
  addSilence(ms: number): void {
    const { format, times, packets } = this.source
    if (packets || this.expected < 0) return
    const chunk = silenceOf(format, this.chunkBytes)
    const chunkMs = bytesToMs(format, chunk.length)
    for (let sentMs = 0; sentMs < ms && this.connection.writable; sentMs += chunkMs) {
      this.timeline.lengthMs += chunkMs
      this.connection.push(this.converter ? this.converter.convert(chunk) : chunk)
    }
    this.timeline.jumpTo(times.msAt(this.expected))
  }

  private step(until: number, flush: 'none' | 'long' | 'all'): boolean {
    const { log } = this.source
    const start = log.nextHeld(log.sent)
    if (start >= until) {
      // What is left before `until` is a hole.
      if (log.sent < until && until <= log.written) log.sent = until
      return false
    }
    if (start !== this.expected) return this.cross(start)
    return this.source.packets ? this.sendPacket(start, until) : this.sendSamples(start, until, flush)
  }

  /** The stream goes on at another place of the session. */
  private cross(start: number): boolean {
    const { log, times } = this.source
    const split = start % this.sampleBytes
    // The rest of a sample whose beginning is in the hole.
    const aligned = split === 0 ? start : start + this.sampleBytes - split
    this.converter?.reset()
    this.timeline.jumpTo(times.msAt(aligned))
    this.expected = aligned
    log.sent = Math.min(aligned, log.written)
    return aligned <= log.written
  }

  private sendPacket(start: number, until: number): boolean {
    const { log, packets, times } = this.source
    const end = packets!.packetEnd(start)
    if (end > until) return false
    const ms = times.msAt(end) - times.msAt(start)
    this.send(log.read(start, end - start), ms, end)
    return true
  }

  private sendSamples(start: number, until: number, flush: 'none' | 'long' | 'all'): boolean {
    const { log, format } = this.source
    const wanted = this.messageBytes(log.toGrid(start))
    const run = log.contiguous(start, Math.min(until - start, wanted))
    const holeFollows = run < wanted && start + run < until
    const whole = run - (run % this.sampleBytes)
    if (whole === 0) {
      // Half a sample before a hole says nothing.
      if (holeFollows) log.sent = start + run
      return holeFollows
    }
    const tooShort = whole < this.minBytes
    if (run < wanted && !holeFollows && flush !== 'all' && (flush === 'none' || tooShort)) return false
    const audio = log.read(start, whole)
    if (tooShort) this.sendFilledUp(audio, start + whole)
    else this.send(audio, bytesToMs(format, whole), start + whole)
    return true
  }

  /** After a message of another size, the next one ends where the log's ready-made views begin again. */
  private messageBytes(toGrid: number): number {
    if (toGrid >= this.minBytes) return Math.min(toGrid, this.chunkBytes)
    return toGrid + this.chunkBytes <= this.maxBytes ? toGrid + this.chunkBytes : this.chunkBytes
  }

  private send(audio: Uint8Array, ms: number, end: number): void {
    // Before the call: a stream that fails in it rewinds the log.
    this.source.log.sent = end
    this.expected = end
    this.timeline.lengthMs += ms
    this.pace.spend(ms)
    this.connection.push(this.converter ? this.converter.convert(audio) : audio)
  }

  /** Sends what the provider would refuse as too short, with silence behind it. */
  private sendFilledUp(audio: Uint8Array, end: number): void {
    const { format, times } = this.source
    const filled = silenceOf(format, this.minBytes)
    filled.set(audio)
    this.send(filled, bytesToMs(format, filled.length), end)
    this.timeline.jumpTo(times.msAt(end))
  }
}
