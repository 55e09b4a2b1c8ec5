import { type AudioFormat, bytesPerSample } from '../audio/format.js'
import { opusPacketMs } from '../audio/opus.js'
import { silenceByte } from '../audio/silence.js'
import { AudioLog } from './audio-log.js'
import { type AudioTimes, SampleTimes } from './audio-times.js'
import { LogLimits } from './log-limits.js'
import { PacketIndex } from './packet-index.js'
import type { AudioGap } from './ports.js'
import { SLAB_BYTES, type SlabPool } from './slab-pool.js'

/** A shorter gap is filled with silence: to a recogniser, a jump in the sound is worse. */
const FILLED_GAP_MS = 1000

/** Puts what the client sends, and what it says it did not send, into the log, and keeps account of what is lost. */
export class AudioIntake {
  readonly log: AudioLog
  readonly times: AudioTimes
  /** Of an uplink of packets; else null. */
  readonly packets: PacketIndex | null
  readonly format: AudioFormat
  lostBytes = 0
  private readonly limits: LogLimits
  private readonly report: (gap: AudioGap) => void
  private readonly sampleBytes: number
  /** Bytes to come that belong to a sample whose beginning was skipped. */
  private splitBytes = 0

  /** @param report told of audio that nobody will hear. */
  constructor(format: AudioFormat, slabs: SlabPool, report: (gap: AudioGap) => void) {
    this.format = format
    this.report = report
    this.packets = format.encoding === 'opus' ? new PacketIndex() : null
    this.times = this.packets ?? new SampleTimes(format)
    this.sampleBytes = this.packets ? 1 : bytesPerSample(format)
    this.log = new AudioLog(slabs, 1)
    this.limits = new LogLimits(this.log, this.times, slabs, (from, to) => this.lose(from, to, 'log'))
  }

  /** How much sound the client has sent or skipped. */
  get positionMs(): number {
    return this.times.msAt(this.log.written)
  }

  /** Reading more would soon mean dropping it. */
  get full(): boolean {
    return this.limits.full
  }

  /**
   * @param served a stream is open.
   * @returns the samples in `audio`, from the first that is whole.
   */
  append(audio: Uint8Array, served: boolean): Uint8Array {
    if (this.packets) this.appendPacket(audio, this.packets)
    else this.log.append(audio)
    this.limits.enforce(served)
    if (this.splitBytes === 0) return audio
    const whole = audio.subarray(this.splitBytes)
    this.splitBytes = Math.max(0, this.splitBytes - audio.length)
    return whole
  }

  /** How long the sound up to `toByte` is. */
  gapMs(toByte: number): number {
    const { log, packets, times } = this
    return packets ? packets.guessMs(toByte - log.written) : times.msAt(toByte) - times.msAt(log.written)
  }

  /** Whether a gap becomes silence; a longer one becomes a hole. */
  fills(gapMs: number): boolean {
    return this.packets === null && gapMs <= FILLED_GAP_MS
  }

  skip(toByte: number, reason: AudioGap['reason']): void {
    const { log } = this
    const from = log.written
    const ms = this.gapMs(toByte)
    this.packets?.add(toByte - from, ms)
    if (this.fills(ms)) log.fill(toByte - from, silenceByte(this.format))
    else log.skipTo(toByte)
    const split = toByte % this.sampleBytes
    this.splitBytes = split === 0 ? 0 : this.sampleBytes - split
    this.lose(from, toByte, reason)
  }

  /** Counts audio that nobody will hear, and keeps none. */
  discard(bytes: number): void {
    this.packets?.add(bytes, 0)
    this.log.skipTo(this.log.written + bytes)
    this.log.clear()
    this.lostBytes += bytes
  }

  private appendPacket(packet: Uint8Array, packets: PacketIndex): void {
    const ms = packet.length <= SLAB_BYTES ? opusPacketMs(packet) : null
    packets.add(packet.length, ms ?? 0)
    if (ms !== null) return this.log.appendWhole(packet)
    // No decoder would take it.
    this.log.skipTo(this.log.written + packet.length)
    this.lostBytes += packet.length
  }

  private lose(from: number, to: number, reason: AudioGap['reason']): void {
    this.lostBytes += to - from
    this.report({ from, to, ms: Math.round(this.times.msAt(to) - this.times.msAt(from)), reason })
  }
}
