import type { ProviderFailure, SttCapabilities, Transcript } from '../providers/contracts.js'
import type { Cancel, Clock } from '../util/clock.js'
import type { FeedSource } from './audio-feed.js'
import { type EndCause, Finalization, type FinalizeRequest } from './finalization.js'
import type { LegChange } from './ports.js'
import { ServingStream } from './serving-stream.js'
import type { ConnectionOwner, SttConnection } from './stt-connection.js'
import { type ReplaceReason, SttSupervisor, type SupervisorOptions } from './stt-supervisor.js'
import type { TranscriptSource } from './transcripts.js'
import { blockedFailure, Watchdog } from './watchdog.js'

/** Beyond this the stream is being caught up, and its silence means nothing. */
const BEHIND_MS = 500
/** A voice may have gone on for this long before it is noticed. */
const UNNOTICED_MS = 100
/** How long the last results of a stream that was asked to end may take. */
const DRAIN_MS = 1000

export interface BridgePorts {
  transcript(source: TranscriptSource, transcript: Transcript): void
  /** Session time. */
  speechStarted(atMs: number): void
  eagerEnd(event: { readonly text: string } | null): void
  settled(request: FinalizeRequest, complete: boolean): void
  /** A stream serves: it may have audio to catch up. */
  served(): void
  /** The stream in use is gone, and with it what it had not made final. */
  gone(): void
  leg(change: LegChange): void
  /** Milliseconds of voice heard so far. */
  readonly speechMs: number
  /** Words were spoken, or may have been, that are not final. */
  readonly outstanding: boolean
}

/** Carries the audio of the log to whichever stream serves, and its results back. */
export class SttBridge implements ConnectionOwner {
  readonly supervisor: SttSupervisor
  private readonly clock: Clock
  private readonly source: FeedSource
  private readonly options: SupervisorOptions
  private readonly ports: BridgePorts
  private readonly finalization: Finalization
  private readonly watchdog: Watchdog = new Watchdog()
  private stream: ServingStream | null = null
  private lastCapabilities: SttCapabilities | null = null
  /** The stream is taken for deaf: its replacement will be asked. */
  private awaitsOther = false
  /** No audio from here on goes to a stream that is about to be replaced. */
  private drainTo = Number.POSITIVE_INFINITY
  private cancelDrain: Cancel | undefined

  constructor(options: SupervisorOptions, ports: BridgePorts) {
    this.options = options
    this.clock = options.clock
    this.source = options.source
    this.ports = ports
    this.finalization = new Finalization(options.clock, {
      ask: request => this.ask(request),
      settled: (request, complete) => this.settled(request, complete),
    })
    this.supervisor = new SttSupervisor(options, this, this.supervisorPorts())
  }

  /** A request for the end of the user's words is on its way. */
  get ending(): boolean {
    return this.finalization.ending
  }

  get pending(): boolean {
    return this.finalization.pending
  }

  /** Of the stream in use, or of the last one while there is none. */
  get capabilities(): SttCapabilities | null {
    return this.lastCapabilities
  }

  /** The stream in use tells when speech begins. */
  get hears(): boolean {
    return this.stream?.capabilities.speechStarted ?? false
  }

  /** A stream is open. */
  get serving(): boolean {
    return this.stream !== null
  }

  /** There is more to send than a live stream would have. */
  get behind(): boolean {
    const { log, times } = this.source
    return times.msAt(log.written) - times.msAt(log.sent) > BEHIND_MS
  }

  /** Sends what can be sent. Once per frame. */
  flush(): void {
    const { stream, source } = this
    if (!stream) return this.supervisor.wake()
    const isLess = source.log.written - source.log.sent < stream.feed.chunkBytes
    if (!isLess || this.finalization.pending || this.drainTo !== Number.POSITIVE_INFINITY) this.pump(stream, 'none')
  }

  /** Sends also what is less than a message, where the provider takes it so short (`long`), or in any case (`all`). */
  flushRest(how: 'long' | 'all'): void {
    if (this.stream) this.pump(this.stream, how)
  }

  /** Wants the results of everything up to now. */
  request(cause: EndCause): void {
    const { log, times } = this.source
    const { written, sent } = log
    if (this.supervisor.over) return this.ports.settled({ point: written, cause }, true)
    // The end of a silence may already be the beginning of a word.
    const point = cause === 'silence' ? Math.max(sent, times.offsetAt(times.msAt(written) - UNNOTICED_MS)) : written
    this.finalization.request(point, cause)
    if (this.stream) this.pump(this.stream, 'none')
    else if (!this.ports.outstanding) this.finalization.reached(point)
    else this.supervisor.wake()
  }

  /** Asks for a final where speech has gone on without one; another stream must follow one that cannot be asked. */
  force(): void {
    const { log } = this.source
    if (this.stream?.connection.canFinalize) {
      this.finalization.request(log.sent, null)
      return this.finalization.reached(log.sent)
    }
    // Held back from here on, at a pause as a rule, so that no word is cut in two.
    this.drainTo = log.sent
    if (!this.supervisor.replace('unfinalisable')) this.drainTo = Number.POSITIVE_INFINITY
  }

  /** Once per beat of the shared ticker while there is something to wait for. */
  tick(nowMs: number, elapsedMs: number, attached: boolean): void {
    const { stream } = this
    if (!stream) return
    stream.feed.pace.refill(elapsedMs)
    this.pump(stream, 'none')
    if (stream !== this.stream) return
    const busy = this.supervisor.replacing || (stream.connection.writable && this.behind)
    if (!attached || busy) this.watchdog.pause(nowMs)
    else this.watch(nowMs, stream)
  }

  /** Time must be watched although no audio comes. */
  get watched(): boolean {
    const { stream } = this
    if (!stream) return false
    return this.watchdog.armed(this.ports.speechMs) || !stream.feed.pace.allows || stream.blocked
  }

  close(): void {
    this.finalization.close()
    this.cancelDrain?.()
    this.watchdog.close()
    this.supervisor.close()
    this.stream = null
  }

  opened(connection: SttConnection): void {
    this.supervisor.opened(connection)
  }

  closed(connection: SttConnection, failure: ProviderFailure, slow: boolean): void {
    this.supervisor.closed(connection, failure, slow)
  }

  transcript(connection: SttConnection, transcript: Transcript): void {
    const stream = this.heard(connection)
    if (!stream) return
    this.ports.transcript(stream.results, transcript)
    if (transcript.kind === 'interim') return
    // Only an answer says that nothing more comes; without one, results that cover all of it must do.
    if (!stream.answers && !this.ports.outstanding) this.finalization.answered()
    if (!this.busy) this.supervisor.quiet()
  }

  speechStarted(connection: SttConnection, atMs: number): void {
    const stream = this.heard(connection)
    if (stream) this.ports.speechStarted(stream.feed.timeline.startOf(atMs))
  }

  eagerEnd(connection: SttConnection, event: { readonly text: string } | null): void {
    if (this.heard(connection)) this.ports.eagerEnd(event)
  }

  finalized(connection: SttConnection): void {
    if (this.heard(connection)?.answered()) this.finalization.answered()
  }

  progress(connection: SttConnection): void {
    this.heard(connection)
  }

  drained(connection: SttConnection): void {
    if (connection === this.stream?.connection) this.pump(this.stream, 'none')
  }

  warning(connection: SttConnection, event: { readonly code: string; readonly message: string }): void {
    this.options.logger.warn({ provider: connection.provider, code: event.code }, `recognition: ${event.message}`)
  }

  private get busy(): boolean {
    return this.ports.outstanding || this.finalization.pending
  }

  private supervisorPorts(): ConstructorParameters<typeof SttSupervisor>[2] {
    const bridge = this
    return {
      serving: connection => this.serve(connection),
      ready: () => {
        this.flush()
        this.ports.served()
      },
      gone: () => this.lose(),
      replaceable: reason => this.handOver(reason),
      irreplaceable: reason => {
        if (reason === 'deaf') this.watchdog.drop()
        this.awaitsOther = false
        this.stopDraining()
      },
      retired: attempt => {
        if (!this.watchdog.investigates(attempt)) attempt.ended()
      },
      get busy() {
        return bridge.busy
      },
      leg: change => {
        this.ports.leg(change)
        if (change.state === 'lost') this.finalization.giveUp()
      },
    }
  }

  /** Everything that is not final goes to the new stream. */
  private serve(connection: SttConnection): void {
    if (this.stream) this.lose()
    this.stream = new ServingStream(connection, this.source)
    this.lastCapabilities = connection.capabilities
    this.source.log.setGrid(this.stream.feed.chunkBytes)
    this.watchdog.pause(this.clock.now())
  }

  private lose(): void {
    this.stream = null
    this.awaitsOther = false
    this.stopDraining()
    this.source.log.rewind()
    this.finalization.rewind()
    this.ports.gone()
  }

  private stopDraining(): void {
    this.cancelDrain?.()
    this.drainTo = Number.POSITIVE_INFINITY
  }

  private pump(stream: ServingStream, flush: 'none' | 'long' | 'all'): void {
    const { log } = this.source
    const point = this.finalization.stopAt
    const stopAt = Math.min(point, this.drainTo)
    stream.feed.pump(Math.min(log.written, stopAt), stopAt <= log.written ? 'all' : flush)
    if (!this.finalization.pending || this.awaitsOther || stream !== this.stream || stream.feed.busy) return
    this.finalization.reached(log.sent)
    // What follows the point at which the stream was asked.
    if (stream === this.stream && this.finalization.stopAt !== point) this.pump(stream, flush)
  }

  /** A replacement is open: it hears again what is not final, unless the stream makes it so by ending. */
  private handOver(reason: ReplaceReason): void {
    if (reason !== 'unfinalisable' || !this.ports.outstanding) return this.supervisor.takeOver()
    this.cancelDrain = this.clock.after(DRAIN_MS, () => this.supervisor.takeOver())
    this.stream?.connection.finish()
  }

  private ask(request: FinalizeRequest): boolean {
    const { stream, ports } = this
    if (!stream) return false
    if (!ports.outstanding && !(stream.answers && request.cause === 'finalize')) return false
    stream.ask()
    return true
  }

  private settled(request: FinalizeRequest, complete: boolean): void {
    if (!complete && this.isDeaf()) return this.finalization.request(request.point, request.cause)
    this.ports.settled(request, complete)
    if (!this.busy) this.supervisor.quiet()
  }

  /** The stream in use, if that is who speaks; it has just shown that it hears. */
  private heard(connection: SttConnection): ServingStream | null {
    const { stream } = this
    if (stream?.connection !== connection) return null
    stream.heardSinceAsked = true
    this.watchdog.event(this.clock.now(), this.ports.speechMs, connection.attempt)
    return stream
  }

  /** Whether the stream, which always answers, said nothing at all when it was asked; another one hears it all then. */
  private isDeaf(): boolean {
    const { stream } = this
    if (!stream || stream.heardSinceAsked || !stream.answers) return false
    return this.watchdog.accuse(stream.connection.attempt) && this.suspect(stream.connection)
  }

  private suspect(connection: SttConnection): boolean {
    const { logger } = this.options
    const line = [{ provider: connection.provider }, 'no answer to speech; another stream will hear it'] as const
    // An hour of music is worth one line.
    if (this.watchdog.misled) logger.debug(...line)
    else logger.warn(...line)
    this.awaitsOther = true
    if (this.supervisor.replace('deaf')) return true
    this.awaitsOther = false
    this.watchdog.drop()
    return false
  }

  private watch(nowMs: number, { connection, capabilities, blocked }: ServingStream): void {
    if (this.watchdog.blocked(nowMs, blocked)) return connection.giveUp(blockedFailure)
    const suspicious = this.watchdog.suspects(nowMs, this.ports.speechMs, capabilities.interims, connection.attempt)
    if (suspicious) this.suspect(connection)
  }
}
