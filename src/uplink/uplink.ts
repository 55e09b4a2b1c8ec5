import type { AudioFormat } from '../audio/format.js'
import { bytesPerSample } from '../audio/format.js'
import { opusPacketMs } from '../audio/opus.js'
import type { Vad } from '../audio/vad.js'
import type { GapReason } from '../protocol/messages.js'
import type { SttOptions, Transcript } from '../providers/contracts.js'
import type { ProviderHealth } from '../providers/health.js'
import type { Cancel, Clock } from '../util/clock.js'
import type { Logger } from '../util/logger.js'
import type { Ticker, Ticking } from '../util/ticker.js'
import { AudioLog } from './audio-log.js'
import { type AudioTimes, SampleTimes } from './audio-times.js'
import type { FinalizeRequest } from './finalization.js'
import { finalIsDue } from './forced-final.js'
import { Hearing, KEPT_QUIET_MS } from './hearing.js'
import { LogLimits } from './log-limits.js'
import { PacketIndex } from './packet-index.js'
import type { SttCandidate, UplinkPorts, UplinkStats } from './ports.js'
import { ReadGate } from './read-gate.js'
import { silenceByte } from './silence.js'
import { SLAB_BYTES, type SlabPool } from './slab-pool.js'
import { SpeechEvents } from './speech-events.js'
import { SttBridge } from './stt-bridge.js'
import { type TranscriptSource, Transcripts } from './transcripts.js'

export { supports } from './format-choice.js'

export interface UplinkOptions {
  /** Of the client's audio. */
  readonly format: AudioFormat
  /** In failover order, at least one; all support the format. */
  readonly candidates: readonly SttCandidate[]
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Shared by the handler's sessions; 20 ms. */
  readonly ticker: Ticker
  readonly slabs: SlabPool
  readonly health: ProviderHealth
  readonly turns: {
    /** Silence that ends a turn, in milliseconds of audio. */
    readonly endpointMs: number
    /** Voice that is long enough to interrupt, in milliseconds of audio. */
    readonly onsetMs: number
    /** `manual`: only `finalize()` ends a turn. */
    readonly mode: 'auto' | 'manual'
  }
  /** Default: by energy. One given here decides when speech begins, whatever the provider says. */
  readonly vad?: Vad | undefined
  readonly logger: Logger
}

/** A provider that ends utterances by itself knows more than a pause does; ours is only a backstop then. */
const BACKSTOP_MS = 1000
/** A shorter gap is bridged with silence: to a recogniser, a jump in the sound is worse. */
const BRIDGED_GAP_MS = 1000
/** After this long without audio, the rest of a message is sent. */
const REST_MS = 40
/** After this long without audio, or without a client, the user is taken to have finished. */
const ABSENT_MS = 5000
/** After this long without audio, results that are still owed will not come, and will not be asked for again. */
const FORGET_MS = 10_000

/** The way of the user's voice: from the link into the log, from there to a recogniser, and back as words. */
export class Uplink implements Ticking {
  private readonly options: UplinkOptions
  private readonly ports: UplinkPorts
  private readonly log: AudioLog
  private readonly times: AudioTimes
  private readonly packets: PacketIndex | null
  private readonly limits: LogLimits
  private readonly gate: ReadGate
  private readonly speech: SpeechEvents
  private readonly hearing: Hearing
  private readonly transcripts: Transcripts
  private readonly bridge: SttBridge
  private readonly sampleBytes: number
  private candidates: readonly SttCandidate[]
  private attached = true
  private suspended = false
  private closed = false
  private ticking = false
  private lastTickMs = 0
  private sinceAudioMs = 0
  private lostBytes = 0
  /** Session time of the last final that was asked for because it was overdue. */
  private forcedMs = 0
  /** Bytes to come that belong to a sample whose beginning was skipped. */
  private splitBytes = 0
  private cancelSuspend: Cancel | undefined

  constructor(options: UplinkOptions, ports: UplinkPorts) {
    const { format, candidates, clock, slabs, turns, vad } = options
    this.options = options
    this.ports = ports
    this.candidates = candidates
    this.packets = format.encoding === 'opus' ? new PacketIndex() : null
    this.times = this.packets ?? new SampleTimes(format)
    this.sampleBytes = this.packets ? 1 : bytesPerSample(format)
    this.log = new AudioLog(slabs, 1)
    this.limits = new LogLimits(this.log, this.times, slabs, (from, to) => this.lose(from, to, 'log'))
    this.gate = new ReadGate(clock, wanted => ports.readsWanted(wanted))
    this.speech = new SpeechEvents(ports, () => !vad && this.bridge.hears)
    this.hearing = new Hearing({ format, onsetMs: turns.onsetMs, vad, listener: this.speech })
    this.transcripts = new Transcripts(transcript => ports.transcript(transcript))
    this.bridge = this.createBridge()
  }

  /** Everything the client sent or skipped, over all its links: where a resumed link goes on. */
  get acceptedBytes(): number {
    return this.log.written
  }

  /** Connects the first provider. */
  start(): void {
    this.bridge.supervisor.start()
  }

  /** Takes one audio message. The bytes are valid only during the call. */
  accept(audio: Uint8Array): void {
    if (this.closed || audio.length === 0) return
    if (this.bridge.supervisor.over) return this.ignore(audio.length)
    this.sinceAudioMs = 0
    if (this.packets) this.appendPacket(audio, this.packets)
    else this.log.append(audio)
    this.limits.enforce(this.bridge.serving)
    this.gate.update(this.limits.full)
    this.hearing.push(this.splitBytes > 0 ? this.afterSplit(audio) : audio, this.times.msAt(this.log.written))
    this.bridge.flush()
    if (this.closed) return
    this.judge()
    this.keepTime()
  }

  /** The client did not send, and will not, the audio between two offsets. */
  skip(fromByte: number, toByte: number, reason: GapReason): void {
    const { log, times } = this
    if (this.closed || toByte <= log.written || fromByte > toByte) return
    const from = log.written
    const fromMs = times.msAt(from)
    const bytes = toByte - from
    const ms = this.packets ? this.packets.guessMs(bytes) : times.msAt(toByte) - fromMs
    this.packets?.add(bytes, ms)
    if (!this.packets && ms <= BRIDGED_GAP_MS && !this.bridge.supervisor.over) {
      log.fill(bytes, silenceByte(this.options.format))
    } else {
      this.bridge.flushRest('all')
      if (ms > BRIDGED_GAP_MS && this.open) this.bridge.request(null)
      log.skipTo(toByte)
    }
    const split = toByte % this.sampleBytes
    this.splitBytes = split === 0 ? 0 : this.sampleBytes - split
    this.hearing.skip(ms, fromMs + ms)
    this.lose(from, toByte, reason)
    this.bridge.flush()
  }

  /** The user has finished: ends in `endpoint` when the results are in, or after a second. */
  finalize(): void {
    if (this.closed) return
    this.bridge.request('finalize')
    this.keepTime()
  }

  /** A link carries the session again. */
  attach(): void {
    if (this.closed) return
    this.cancelSuspend?.()
    this.cancelSuspend = undefined
    this.attached = true
    this.suspended = false
    this.sinceAudioMs = 0
    this.bridge.supervisor.wake()
    this.keepTime()
  }

  /** The link is gone. For 5 s nothing is concluded from that; then the user is taken to have finished. */
  detach(): void {
    if (this.closed || !this.attached) return
    this.attached = false
    this.bridge.flushRest('all')
    this.gate.open()
    this.cancelSuspend = this.options.clock.after(ABSENT_MS, () => this.suspend())
  }

  /** Other candidates, or other options for them, from the next quiet moment on. */
  update(candidates?: readonly SttCandidate[], options?: SttOptions): void {
    if (this.closed) return
    const base = candidates ?? this.candidates
    this.candidates = options
      ? base.map(candidate => ({ ...candidate, options: { ...candidate.options, ...options } }))
      : base
    this.bridge.supervisor.update(this.candidates)
  }

  /** A turn ended: a moment to go back to the preferred provider. */
  turnBoundary(): void {
    if (!this.closed) this.bridge.supervisor.turnBoundary()
  }

  stats(): UplinkStats {
    const { log, times, lostBytes } = this
    const { failovers, reconnects, provider } = this.bridge.supervisor
    const acceptedMs = Math.round(times.msAt(log.written))
    return {
      acceptedBytes: log.written,
      acceptedMs,
      lostBytes,
      heldBytes: log.heldBytes,
      failovers,
      reconnects,
      provider,
    }
  }

  /** Lets go of everything. Nothing is reported from here on. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.cancelSuspend?.()
    this.gate.open()
    this.bridge.close()
    this.log.clear()
    this.options.ticker.remove(this)
  }

  /** Called by the shared ticker while there is something to wait for. */
  tick(nowMs: number): void {
    const elapsedMs = nowMs - this.lastTickMs
    this.lastTickMs = nowMs
    this.sinceAudioMs += elapsedMs
    if (this.sinceAudioMs >= REST_MS) this.bridge.flushRest('long')
    this.bridge.tick(nowMs, elapsedMs, this.attached)
    if (this.closed || this.sinceAudioMs < ABSENT_MS) return
    if (this.attached && this.endsBySilence) this.bridge.request('silence')
    if (this.sinceAudioMs < FORGET_MS || this.bridge.watched || this.bridge.pending) return
    this.rest()
    this.ticking = false
    this.options.ticker.remove(this)
  }

  /** Something was said that has not ended. */
  private get open(): boolean {
    return this.transcripts.hasText || this.hearing.outstanding
  }

  /** Quiet would end a turn now. */
  private get endsBySilence(): boolean {
    return this.options.turns.mode === 'auto' && this.open && !this.bridge.ending
  }

  private createBridge(): SttBridge {
    const { clock, random, health, logger, candidates, format } = this.options
    const { log, times, packets } = this
    const uplink = this
    return new SttBridge(
      { candidates, clock, random, health, logger, source: { log, times, packets, format } },
      {
        transcript: (source, transcript) => this.result(source, transcript),
        speechStarted: atMs => this.speech.providerStart(atMs),
        eagerEnd: event => this.ports.eagerEnd(event),
        settled: (request, complete) => this.settled(request, complete),
        served: () => {
          this.keepTime()
          this.rest()
        },
        gone: () => this.transcripts.forgetInterim(),
        leg: change => {
          if (change.state === 'lost') log.clear()
          this.ports.leg(change)
        },
        get speechMs() {
          return uplink.hearing.speechMs
        },
        get outstanding() {
          return uplink.transcripts.interimOpen || uplink.hearing.outstanding
        },
      },
    )
  }

  private appendPacket(packet: Uint8Array, packets: PacketIndex): void {
    const ms = packet.length <= SLAB_BYTES ? opusPacketMs(packet) : null
    packets.add(packet.length, ms ?? 0)
    if (ms !== null) return this.log.appendWhole(packet)
    this.log.skipTo(this.log.written + packet.length)
    this.lostBytes += packet.length
  }

  /** What follows the rest of a sample whose beginning was skipped. */
  private afterSplit(audio: Uint8Array): Uint8Array {
    const rest = audio.subarray(this.splitBytes)
    this.splitBytes = Math.max(0, this.splitBytes - audio.length)
    return rest
  }

  /** Nobody will hear it. */
  private ignore(bytes: number): void {
    this.packets?.add(bytes, 0)
    this.log.skipTo(this.log.written + bytes)
    this.log.clear()
    this.lostBytes += bytes
  }

  private lose(from: number, to: number, reason: GapReason | 'log'): void {
    this.lostBytes += to - from
    this.ports.gap({ from, to, ms: Math.round(this.times.msAt(to) - this.times.msAt(from)), reason })
  }

  /** What the sound so far means. Once per frame. */
  private judge(): void {
    const { hearing, bridge, log, times, transcripts } = this
    const { quietMs } = hearing
    if (this.open) {
      if (this.attached && quietMs >= this.endpointMs && this.endsBySilence) bridge.request('silence')
      else if (bridge.serving && !bridge.pending) this.forceFinal()
    }
    if (quietMs < KEPT_QUIET_MS || transcripts.interimOpen || !hearing.forgettable) return
    const quietTo = times.offsetAt(times.msAt(log.written) - KEPT_QUIET_MS)
    // A provider that serves gets all of it; only one that has yet to come is spared the silence.
    log.finaliseTo(bridge.serving ? Math.min(log.sent, quietTo) : quietTo)
    this.packets?.forget(log.finalised)
  }

  private get endpointMs(): number {
    const { endpointMs } = this.options.turns
    return this.bridge.capabilities?.endpointing ? endpointMs + BACKSTOP_MS : endpointMs
  }

  private forceFinal(): void {
    const { hearing, bridge, log, times } = this
    // Where a provider gives interims, only they tell speech from music.
    const speech = bridge.capabilities?.interims ? this.transcripts.interimOpen : hearing.outstanding
    if (!speech) return
    const nowMs = times.msAt(log.written)
    const sinceMs = Math.max(this.forcedMs, times.msAt(log.finalised))
    if (!finalIsDue(nowMs - sinceMs, hearing.pauseMs)) return
    this.forcedMs = nowMs
    bridge.force()
  }

  private result(source: TranscriptSource, transcript: Transcript): void {
    const { log, times, hearing, bridge } = this
    const { timeline } = source
    const isNew = transcript.text !== '' && transcript.text !== source.last?.text
    const endMs = timeline.endOf(transcript.endMs)
    const mayEnd = this.options.turns.mode === 'auto' && this.attached && !bridge.ending
    this.transcripts.accept(source, transcript, mayEnd)
    if (isNew) hearing.words(timeline.startOf(transcript.startMs), endMs)
    if (transcript.kind === 'interim') return
    hearing.covered(endMs)
    log.finaliseTo(Math.min(log.sent, times.offsetAt(endMs)))
    timeline.forget(times.msAt(log.finalised))
    this.packets?.forget(log.finalised)
  }

  private settled({ point, cause }: FinalizeRequest, complete: boolean): void {
    const { hearing, transcripts } = this
    const atMs = Math.round(this.times.msAt(point))
    if (complete) {
      hearing.covered(atMs)
      this.log.finaliseTo(this.times.offsetAt(hearing.forgettableTo(atMs)))
    } else {
      hearing.unanswered(atMs)
    }
    if (cause !== null) {
      const hadText = transcripts.hasText
      transcripts.endUtterance()
      const voiceEndMs = cause === 'silence' && hearing.voiceEndMs > 0 ? Math.round(hearing.voiceEndMs) : atMs
      if (hadText || cause === 'finalize') this.ports.endpoint({ atMs: Math.min(atMs, voiceEndMs), cause })
    }
    this.rest()
  }

  private suspend(): void {
    this.suspended = true
    if (this.open) this.bridge.request(this.options.turns.mode === 'auto' ? 'silence' : null)
    this.keepTime()
    this.rest()
  }

  /** Gives back what nobody needs: the memory when no audio comes, and without a client the stream as well. */
  private rest(): void {
    const absent = this.sinceAudioMs >= FORGET_MS
    if (!this.suspended && !absent) return
    if (this.bridge.pending || this.transcripts.interimOpen || this.hearing.outstanding) return
    if (!absent && !this.hearing.settled) return
    this.log.clear()
    if (this.suspended) this.bridge.supervisor.sleep()
  }

  private keepTime(): void {
    if (this.ticking || this.closed) return
    this.ticking = true
    this.lastTickMs = this.options.clock.now()
    this.options.ticker.add(this)
  }
}
