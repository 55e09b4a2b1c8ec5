import type { AudioFormat } from '../audio/format.js'
import type { Vad } from '../audio/vad.js'
import type { GapReason } from '../protocol/messages.js'
import type { SttOptions, Transcript } from '../providers/contracts.js'
import type { ProviderHealth } from '../providers/health.js'
import type { Cancel, Clock } from '../util/clock.js'
import type { Logger } from '../util/logger.js'
import type { Ticker, Ticking } from '../util/ticker.js'
import { AudioIntake } from './audio-intake.js'
import { Endpointer, type TurnTaking } from './endpointer.js'
import type { FinalizeRequest } from './finalization.js'
import { Hearing } from './hearing.js'
import type { SttCandidate, UplinkPorts, UplinkStats } from './ports.js'
import { ReadGate } from './read-gate.js'
import type { SlabPool } from './slab-pool.js'
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
  readonly turns: TurnTaking
  /** Default: by energy. One given here decides when speech begins, whatever the provider says. */
  readonly vad?: Vad | undefined
  /** How much audio the client keeps for a replay, in milliseconds. Default 8000. */
  readonly replayWindowMs?: number | undefined
  readonly logger: Logger
}

/** After this long without audio, the rest of a message is sent. */
const REST_MS = 40
/** How often time is looked at while audio comes. */
const SERVE_MS = 100
/** After this long without audio the user is taken to have finished. */
const ABSENT_MS = 5000
/** And after this long without a client: until then it may come back with all that was said meanwhile. */
const DETACHED_MS = 8000
/** After this long without audio, results that are still owed will not come, and will not be asked for again. */
const FORGET_MS = 10_000

/** The way of the user's voice: from the link into the log, from there to a recogniser, and back as words. */
export class Uplink implements Ticking {
  private readonly options: UplinkOptions
  private readonly ports: UplinkPorts
  private readonly intake: AudioIntake
  private readonly gate: ReadGate
  private readonly speech: SpeechEvents
  private readonly hearing: Hearing
  private readonly transcripts: Transcripts
  private readonly bridge: SttBridge
  private readonly endpointer: Endpointer
  private candidates: readonly SttCandidate[]
  private turns: TurnTaking
  private attached = true
  private suspended = false
  private closed = false
  private ticking = false
  private lastTickMs = 0
  private sinceAudioMs = 0
  private unservedMs = 0
  private cancelSuspend: Cancel | undefined

  constructor(options: UplinkOptions, ports: UplinkPorts) {
    const { format, candidates, clock, slabs, turns, vad } = options
    this.options = options
    this.ports = ports
    this.candidates = candidates
    this.turns = turns
    this.intake = new AudioIntake(format, slabs, gap => ports.gap(gap))
    this.gate = new ReadGate(clock, wanted => ports.readsWanted(wanted))
    this.speech = new SpeechEvents(ports, () => !vad && this.bridge.hears)
    this.hearing = new Hearing({ format, onsetMs: turns.onsetMs, vad, listener: this.speech })
    this.transcripts = new Transcripts(transcript => ports.transcript(transcript))
    this.bridge = this.createBridge()
    this.endpointer = new Endpointer(turns, this.intake, this.hearing, this.transcripts, this.bridge)
  }

  /** Everything the client sent or skipped, over all its links: where a resumed link goes on. */
  get acceptedBytes(): number {
    return this.intake.log.written
  }

  /** Connects the first provider. */
  start(): void {
    this.bridge.supervisor.start()
  }

  /** Takes one audio message. The bytes are valid only during the call. */
  accept(audio: Uint8Array): void {
    const { bridge, intake } = this
    if (this.closed || audio.length === 0) return
    if (bridge.supervisor.over) return intake.discard(audio.length)
    this.sinceAudioMs = 0
    const samples = intake.append(audio, bridge.serving)
    this.gate.update(intake.full)
    this.hearing.push(samples, intake.positionMs)
    bridge.flush()
    if (this.closed) return
    this.endpointer.judge(this.attached)
    this.keepTime()
  }

  /** The client did not send, and will not, the audio between two offsets. */
  skip(fromByte: number, toByte: number, reason: GapReason): void {
    const { bridge, intake } = this
    if (this.closed || toByte <= this.acceptedBytes || fromByte > toByte) return
    if (bridge.supervisor.over) return intake.discard(toByte - this.acceptedBytes)
    const gapMs = intake.gapMs(toByte)
    if (!intake.fills(gapMs)) {
      bridge.flushRest('all')
      if (this.endpointer.open) bridge.request(null)
    }
    intake.skip(toByte, reason)
    this.hearing.skip(gapMs, intake.positionMs)
    bridge.flush()
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

  /**
   * The link is gone. While the client still has all that is said meanwhile, nothing is concluded from that: a sentence
   * cut in two is misheard on both sides of the cut. Then the user is taken to have finished.
   */
  detach(): void {
    if (this.closed || !this.attached) return
    this.attached = false
    this.bridge.flushRest('all')
    this.gate.open()
    const { clock, replayWindowMs = DETACHED_MS } = this.options
    this.cancelSuspend = clock.after(replayWindowMs, () => this.suspend())
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

  /** When turns end, from now on. */
  takeTurns(turns: TurnTaking): void {
    if (this.closed) return
    this.turns = turns
    this.endpointer.configure(turns)
    this.hearing.takeOnset(turns.onsetMs)
  }

  /** A turn ended: a moment to go back to the preferred provider. */
  turnBoundary(): void {
    if (!this.closed) this.bridge.supervisor.turnBoundary()
  }

  stats(): UplinkStats {
    const { log, lostBytes, positionMs } = this.intake
    const { failovers, reconnects, provider } = this.bridge.supervisor
    const acceptedMs = Math.round(positionMs)
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
    this.intake.log.clear()
    this.options.ticker.remove(this)
  }

  /** Called by the shared ticker while there is something to wait for. */
  tick(nowMs: number): void {
    const elapsedMs = nowMs - this.lastTickMs
    this.lastTickMs = nowMs
    this.sinceAudioMs += elapsedMs
    this.unservedMs += elapsedMs
    // Audio that comes moves the bridge along by itself, and what is cold in the cache costs as much to look at as a frame.
    if (this.sinceAudioMs < REST_MS && this.unservedMs < SERVE_MS && !this.bridge.behind) return
    if (this.sinceAudioMs >= REST_MS) this.bridge.flushRest('long')
    this.bridge.tick(nowMs, this.unservedMs, this.attached)
    this.unservedMs = 0
    if (this.closed || this.sinceAudioMs < ABSENT_MS) return
    if (this.attached) this.endpointer.conclude()
    if (this.sinceAudioMs < FORGET_MS || this.bridge.watched || this.bridge.pending) return
    this.rest()
    this.ticking = false
    this.options.ticker.remove(this)
  }

  private createBridge(): SttBridge {
    const { clock, random, health, logger, candidates } = this.options
    const uplink = this
    return new SttBridge(
      { candidates, clock, random, health, logger, source: this.intake },
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
          if (change.state === 'lost') this.intake.log.clear()
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

  private result(source: TranscriptSource, transcript: Transcript): void {
    const { hearing, bridge } = this
    const { log, times, packets } = this.intake
    const { timeline } = source
    const isNew = transcript.text !== '' && transcript.text !== source.last?.text
    const endMs = timeline.endOf(transcript.endMs)
    const mayEnd = this.turns.mode === 'auto' && this.attached && !bridge.pending
    this.transcripts.accept(source, transcript, mayEnd)
    if (isNew) hearing.words(timeline.startOf(transcript.startMs), endMs)
    if (transcript.kind === 'interim') return
    hearing.covered(endMs)
    log.finaliseTo(Math.min(log.sent, times.offsetAt(endMs)))
    timeline.forget(times.msAt(log.finalised))
    packets?.forget(log.finalised)
  }

  private settled({ point, cause }: FinalizeRequest, complete: boolean): void {
    const { hearing, transcripts } = this
    const { log, times } = this.intake
    const atMs = Math.round(times.msAt(point))
    if (complete) {
      hearing.covered(atMs)
      log.finaliseTo(times.offsetAt(hearing.forgettableTo(atMs)))
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
    this.endpointer.conclude()
    this.keepTime()
    this.rest()
  }

  /** Gives back what nobody needs: the memory when no audio comes, and without a client the stream as well. */
  private rest(): void {
    const absent = this.sinceAudioMs >= FORGET_MS
    if (!this.suspended && !absent) return
    if (this.bridge.pending || this.transcripts.interimOpen || this.hearing.outstanding) return
    if (!absent && !this.hearing.settled) return
    this.intake.log.clear()
    if (this.suspended) this.bridge.supervisor.sleep()
  }

  /** Before the first audio nothing can be late. */
  private keepTime(): void {
    if (this.ticking || this.closed || this.acceptedBytes === 0) return
    this.ticking = true
    this.lastTickMs = this.options.clock.now()
    this.options.ticker.add(this)
  }
}
