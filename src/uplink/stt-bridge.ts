import type { ProviderFailure, SttCapabilities, Transcript } from '../providers/contracts.js'
import type { Cancel, Clock } from '../util/clock.js'
import { AudioFeed, type FeedSource } from './audio-feed.js'
import { type EndCause, Finalization, type FinalizeRequest } from './finalization.js'
import type { LegChange } from './ports.js'
import type { ConnectionOwner, SttConnection } from './stt-connection.js'
import { type ReplaceReason, SttSupervisor, type SupervisorOptions } from './stt-supervisor.js'
import { TranscriptSource } from './transcripts.js'
import { blockedFailure, Watchdog } from './watchdog.js'

/** Beyond this the stream is being caught up, and its silence means nothing. */
const BEHIND_MS = 500
/** A voice may have gone on for this long before it is noticed. */
const UNNOTICED_MS = 100
/** What recognisers that cannot be asked take for the end of an utterance. */
const ENDING_SILENCE_MS = 1000
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
  private feed: AudioFeed | null = null
  private connection: SttConnection | null = null
  private results: TranscriptSource | null = null
  private lastCapabilities: SttCapabilities | null = null
  /** Requests for results that the stream has not answered. */
  private unanswered = 0
  private heardSinceAsked = false
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
    return this.connection?.capabilities.speechStarted ?? false
  }

  /** A stream is open. */
  get serving(): boolean {
    return this.connection !== null
  }

  /** There is more to send than a live stream would have. */
  get behind(): boolean {
    const { log, times } = this.source
    return times.msAt(log.written) - times.msAt(log.sent) > BEHIND_MS
  }

  /** Sends what can be sent. Once per frame. */
  flush(): void {
    if (this.feed) this.pump(this.feed, 'none')
    else this.supervisor.wake()
  }

  /** Sends also what is less than a message, where the provider takes it so short (`long`), or in any case (`all`). */
  flushRest(how: 'long' | 'all'): void {
    if (this.feed) this.pump(this.feed, how)
  }

  /** Wants the results of everything up to now. */
  request(cause: EndCause): void {
    const { log, times } = this.source
    const { written, sent } = log
    if (this.supervisor.over) return this.ports.settled({ point: written, cause }, true)
    // The end of a silence may already be the beginning of a word.
    const point = cause === 'silence' ? Math.max(sent, times.offsetAt(times.msAt(written) - UNNOTICED_MS)) : written
    this.finalization.request(point, cause)
    if (this.feed) this.pump(this.feed, 'none')
    else if (!this.ports.outstanding) this.finalization.reached(point)
    else this.supervisor.wake()
  }

  /** Asks for a final where speech has gone on without one; another stream must follow one that cannot be asked. */
  force(): void {
    const { log } = this.source
    if (this.connection?.canFinalize) {
      this.finalization.request(log.sent, null)
      return this.finalization.reached(log.sent)
    }
    // Held back from here on, at a pause as a rule, so that no word is cut in two.
    this.drainTo = log.sent
    if (!this.supervisor.replace('unfinalisable')) this.drainTo = Number.POSITIVE_INFINITY
  }

  /** Once per beat of the shared ticker while there is something to wait for. */
  tick(nowMs: number, elapsedMs: number, attached: boolean): void {
    const { connection, feed } = this
    if (!connection || !feed) return
    feed.pace.refill(elapsedMs)
    this.pump(feed, 'none')
    if (connection !== this.connection) return
    const busy = this.supervisor.replacing || (connection.writable && this.behind)
    if (!attached || busy) return this.watchdog.pause(nowMs)
    this.watch(nowMs, connection)
  }

  /** Time must be watched although no audio comes. */
  get watched(): boolean {
    const { connection, feed } = this
    if (!connection || !feed) return false
    return this.watchdog.armed(this.ports.speechMs) || !feed.pace.allows || this.blocked(connection)
  }

  close(): void {
    this.finalization.close()
    this.cancelDrain?.()
    this.watchdog.close()
    this.supervisor.close()
    this.feed = null
    this.connection = null
  }

  opened(connection: SttConnection): void {
    this.supervisor.opened(connection)
  }

  closed(connection: SttConnection, failure: ProviderFailure, slow: boolean): void {
    this.supervisor.closed(connection, failure, slow)
  }

  transcript(connection: SttConnection, transcript: Transcript): void {
    if (!this.heard(connection) || !this.results) return
    this.ports.transcript(this.results, transcript)
    const final = transcript.kind !== 'interim'
    // Only an acknowledgement says that nothing more comes; without one, results that cover all of it must do.
    if (final && connection.capabilities.finalize !== 'ack' && !this.ports.outstanding) this.finalization.answered()
    if (final && !this.busy) this.supervisor.quiet()
  }

  speechStarted(connection: SttConnection, atMs: number): void {
    if (this.heard(connection) && this.feed) this.ports.speechStarted(this.feed.timeline.startOf(atMs))
  }

  eagerEnd(connection: SttConnection, event: { readonly text: string } | null): void {
    if (this.heard(connection)) this.ports.eagerEnd(event)
  }

  finalized(connection: SttConnection): void {
    if (!this.heard(connection)) return
    this.unanswered = Math.max(0, this.unanswered - 1)
    if (this.unanswered === 0 || connection.capabilities.finalize !== 'ack') this.finalization.answered()
  }

  progress(connection: SttConnection): void {
    this.heard(connection)
  }

  drained(connection: SttConnection): void {
    if (connection === this.connection && this.feed) this.pump(this.feed, 'none')
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
    const { log, times } = this.source
    if (this.connection) this.lose()
    this.connection = connection
    this.lastCapabilities = connection.capabilities
    this.feed = new AudioFeed(connection, this.source)
    this.results = new TranscriptSource(connection.provider, this.feed.timeline, times.msAt(log.finalised))
    this.source.log.setGrid(this.feed.chunkBytes)
    this.watchdog.pause(this.clock.now())
  }

  private lose(): void {
    const { log } = this.source
    this.connection = null
    this.feed = null
    this.results = null
    this.unanswered = 0
    this.awaitsOther = false
    this.stopDraining()
    log.rewind()
    this.finalization.rewind()
    this.ports.gone()
  }

  private stopDraining(): void {
    this.cancelDrain?.()
    this.drainTo = Number.POSITIVE_INFINITY
  }

  private pump(feed: AudioFeed, flush: 'none' | 'long' | 'all'): void {
    const { log } = this.source
    const point = this.finalization.stopAt
    const stopAt = Math.min(point, this.drainTo)
    feed.pump(Math.min(log.written, stopAt), stopAt <= log.written ? 'all' : flush)
    if (!this.finalization.pending || this.awaitsOther || feed !== this.feed || feed.busy) return
    this.finalization.reached(log.sent)
    // What follows the point at which the stream was asked.
    if (feed === this.feed && this.finalization.stopAt !== point) this.pump(feed, flush)
  }

  /** A replacement is open: it hears again what is not final, unless the stream makes it so by ending. */
  private handOver(reason: ReplaceReason): void {
    if (reason !== 'unfinalisable' || !this.ports.outstanding) return this.supervisor.takeOver()
    this.cancelDrain = this.clock.after(DRAIN_MS, () => this.supervisor.takeOver())
    this.connection?.finish()
  }

  private ask(request: FinalizeRequest): boolean {
    const { connection, ports } = this
    if (!connection) return false
    const ack = connection.capabilities.finalize === 'ack'
    this.heardSinceAsked = false
    if (!ports.outstanding && !(ack && request.cause === 'finalize')) return false
    if (connection.canFinalize) {
      this.unanswered++
      connection.finalize()
    } else {
      this.feed?.addSilence(ENDING_SILENCE_MS)
    }
    return true
  }

  private settled(request: FinalizeRequest, complete: boolean): void {
    if (!complete && this.isDeaf()) return this.finalization.request(request.point, request.cause)
    this.ports.settled(request, complete)
    if (!this.busy) this.supervisor.quiet()
  }

  /** Whether the stream is the one in use; it has just shown that it hears. */
  private heard(connection: SttConnection): boolean {
    if (connection !== this.connection) return false
    this.heardSinceAsked = true
    this.watchdog.event(this.clock.now(), this.ports.speechMs, connection.attempt)
    return true
  }

  /** Whether the stream, which always answers, said nothing at all when it was asked; another one hears it all then. */
  private isDeaf(): boolean {
    const { connection } = this
    if (!connection || this.heardSinceAsked || connection.capabilities.finalize !== 'ack') return false
    return this.watchdog.accuse(connection.attempt) && this.suspect(connection)
  }

  private suspect(connection: SttConnection): boolean {
    this.options.logger.warn({ provider: connection.provider }, 'no answer to speech; another stream will hear it')
    this.awaitsOther = true
    if (this.supervisor.replace('deaf')) return true
    this.awaitsOther = false
    this.watchdog.drop()
    return false
  }

  private blocked(connection: SttConnection): boolean {
    return !connection.writable && this.source.log.sent < this.source.log.written
  }

  private watch(nowMs: number, connection: SttConnection): void {
    if (this.watchdog.blocked(nowMs, this.blocked(connection))) return connection.giveUp(blockedFailure)
    const { interims } = connection.capabilities
    if (this.watchdog.suspects(nowMs, this.ports.speechMs, interims, connection.attempt)) this.suspect(connection)
  }
}
