import type { ProviderFailure } from '../providers/contracts.js'
import type { Connectable, FailoverChain } from '../providers/failover.js'
import type { ConnectionAttempt, ProviderHealth } from '../providers/health.js'
import type { Cancel, Clock } from '../util/clock.js'
import type { Logger } from '../util/logger.js'
import type { FeedSource } from './audio-feed.js'
import { Lifetime } from './lifetime.js'
import type { LegChange, SttCandidate } from './ports.js'
import { formatFor, sttChain } from './stt-chain.js'
import { type ConnectionOwner, SttConnection } from './stt-connection.js'
import { asFailure, isPlannedEnd, logEnd } from './stt-failure.js'
import { SttLeg } from './stt-leg.js'

/** Why a stream that serves is to be replaced by another. */
export type ReplaceReason = 'deaf' | 'preferred' | 'lifetime' | 'update' | 'unfinalisable'

/** Before another attempt to replace a stream that still serves. */
const REPLACE_RETRY_MS = 2000

export interface SupervisorOptions {
  readonly candidates: readonly SttCandidate[]
  readonly source: FeedSource
  readonly health: ProviderHealth
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly logger: Logger
}

export interface SupervisorPorts {
  /** This stream serves from now on; the last one, if any, is over. */
  serving(connection: SttConnection): void
  /** It may be used. */
  ready(): void
  /** The serving stream is gone and there is none yet to follow it. */
  gone(): void
  /** A replacement is open: `takeOver()` when the serving stream may end. */
  replaceable(reason: ReplaceReason): void
  /** No replacement could be had. */
  irreplaceable(reason: ReplaceReason): void
  /** The attempt of a stream that was replaced; the watchdog may still want to judge it. */
  retired(attempt: ConnectionAttempt): void
  /** Somebody has spoken and waits for the words. */
  readonly busy: boolean
  leg(change: LegChange): void
}

/** Sees to it that a stream serves: connects, retries, fails over, replaces streams before they end, and returns. */
export class SttSupervisor {
  failovers = 0
  reconnects = 0
  private readonly options: SupervisorOptions
  private readonly owner: ConnectionOwner
  private readonly ports: SupervisorPorts
  private readonly lifetime: Lifetime
  private chain: FailoverChain<SttCandidate>
  private readonly leg: SttLeg
  private serving: SttConnection | null = null
  /** Connecting, or open and waiting to take over. */
  private next: SttConnection | null = null
  private replaceReason: ReplaceReason | null = null
  /** Wanted at the next quiet moment. */
  private wanted: 'lifetime' | 'update' | null = null
  private asleep = false
  private cancelRetry: Cancel | undefined
  private lastProvider: string | null = null
  private lastFailed: { readonly provider: string; readonly failure: ProviderFailure } | undefined

  constructor(options: SupervisorOptions, owner: ConnectionOwner, ports: SupervisorPorts) {
    this.options = options
    this.owner = owner
    this.ports = ports
    this.chain = sttChain(options.candidates, options.source.format, options)
    this.leg = new SttLeg(change => ports.leg(change))
    this.lifetime = new Lifetime(options.clock, {
      ageing: () => this.want('lifetime'),
      ending: () => void this.replace('lifetime'),
    })
  }

  get provider(): string | null {
    return this.lastProvider
  }

  /** Nobody will ever recognise anything. */
  get over(): boolean {
    return this.leg.over
  }

  /** Another stream is about to take over. */
  get replacing(): boolean {
    return this.next !== null && this.serving !== null
  }

  start(): void {
    this.leg.phase = 'starting'
    this.connectNext()
  }

  /** Somebody needs the stream again that was let go. */
  wake(): void {
    if (!this.asleep || this.over) return
    this.asleep = false
    this.connectNext()
  }

  /** Lets the stream go until it is needed. */
  sleep(): void {
    if (this.leg.phase !== 'live' || this.asleep) return
    this.asleep = true
    this.dropNext()
    this.dropServing()
    this.ports.gone()
  }

  /** Replaces the serving stream by another, which connects beside it. */
  replace(reason: ReplaceReason): boolean {
    if (!this.serving || this.next || this.leg.phase !== 'live') return false
    const connectable = this.choose(reason)
    if (!connectable) return false
    if (reason === this.wanted) this.wanted = null
    this.replaceReason = reason
    this.connect(connectable)
    return true
  }

  /** The open replacement serves. */
  takeOver(): void {
    if (this.next && this.replaceReason) this.promote(this.next)
  }

  /** Nothing is being said: what was put off until now can be done. */
  quiet(): void {
    if (this.wanted) this.replace(this.wanted)
  }

  /** A turn ended: the preferred provider is used again if it may be. */
  turnBoundary(): void {
    if (this.wanted) this.quiet()
    else this.replace('preferred')
  }

  /** From the next quiet moment on, these are the candidates. */
  update(candidates: readonly SttCandidate[]): void {
    if (this.leg.phase === 'closed') return
    this.chain = sttChain(candidates, this.options.source.format, this.options)
    const { serving } = this
    if (serving) {
      if (!takes(serving, candidates[0])) this.want('update')
      return
    }
    if (this.asleep || this.leg.phase === 'new') return
    if (this.leg.phase === 'lost') this.leg.phase = 'down'
    this.dropNext()
    this.retryAfter(0)
  }

  opened(connection: SttConnection): void {
    if (connection !== this.next) return
    if (this.serving && this.replaceReason) this.ports.replaceable(this.replaceReason)
    else this.promote(connection)
  }

  /** A stream ended by itself. */
  closed(connection: SttConnection, failure: ProviderFailure, slow: boolean): void {
    const planned = connection.finishing || isPlannedEnd(failure, connection.attempt.ageMs)
    if (planned) connection.attempt.ended()
    else connection.attempt.failed(asFailure(failure))
    logEnd(this.options.logger, connection.provider, failure, planned)
    this.lastFailed = { provider: connection.provider, failure }
    if (connection === this.serving) this.servingClosed(connection, failure, planned)
    else if (connection === this.next) this.nextClosed(connection, asFailure(failure), slow)
  }

  close(): void {
    this.leg.phase = 'closed'
    this.stopRetry()
    this.dropNext()
    this.dropServing()
  }

  private servingClosed(connection: SttConnection, failure: ProviderFailure, planned: boolean): void {
    this.serving = null
    this.lifetime.stop()
    if (this.next?.writable) return this.promote(this.next)
    this.ports.gone()
    this.replaceReason = null
    if (!planned) return this.recover(connection, asFailure(failure), false)
    if (this.next) return
    this.asleep = failure.class === 'idle' && !this.ports.busy
    if (!this.asleep) this.retryAfter(0)
  }

  private nextClosed(connection: SttConnection, failure: ProviderFailure, slow: boolean): void {
    const reason = this.replaceReason
    this.next = null
    this.replaceReason = null
    if (!this.serving || !reason) return this.recover(connection, failure, slow)
    if (connection.candidate !== this.serving.candidate) this.chain.declined(connection.candidate, failure)
    if (reason === 'lifetime' || reason === 'update') this.retryReplacing(reason)
    this.ports.irreplaceable(reason)
  }

  /** No stream serves: the next attempt is made as the chain decides. */
  private recover(failed: SttConnection, failure: ProviderFailure, slow: boolean): void {
    const { chain } = this
    const delayMs = chain.use(failed.candidate) ? chain.failed(failure, failed.attempt.ageMs, !slow) : 0
    if (delayMs === null) return this.lose(failed.provider, failure)
    if (!this.next) this.retryAfter(delayMs)
    this.leg.down(failed.provider, failure)
  }

  private lose(provider: string, failure: ProviderFailure): void {
    this.dropNext()
    this.leg.lost(provider, failure)
  }

  private promote(connection: SttConnection): void {
    const { provider } = connection
    this.stopRetry()
    this.dropServing()
    this.next = null
    this.replaceReason = null
    this.wanted = null
    this.serving = connection
    this.chain.use(connection.candidate)
    if (this.lastProvider !== null) this.reconnects++
    if (this.lastProvider !== null && this.lastProvider !== provider) this.failovers++
    this.lastProvider = provider
    this.lifetime.start(connection.capabilities.maxSessionMs)
    this.ports.serving(connection)
    this.leg.live(provider)
    this.ports.ready()
  }

  private choose(reason: ReplaceReason): Connectable<SttCandidate> | null {
    switch (reason) {
      case 'deaf':
        return this.chain.alternative() ?? this.chain.next()
      case 'preferred':
        return this.chain.preferred()
      default:
        return this.chain.next()
    }
  }

  private connectNext(): void {
    const connectable = this.chain.next()
    if (connectable) this.connect(connectable)
    else if (this.lastFailed) this.lose(this.lastFailed.provider, this.lastFailed.failure)
  }

  private connect({ candidate, attempt }: Connectable<SttCandidate>): void {
    const { source, clock } = this.options
    const baseOffsetMs = source.times.msAt(source.log.finalised)
    const spec = { candidate, attempt, format: formatFor(candidate, source.format), baseOffsetMs }
    this.next = new SttConnection(spec, this.owner, clock)
    this.next.connect()
  }

  private want(what: 'lifetime' | 'update'): void {
    this.wanted = what
    if (!this.ports.busy) this.replace(what)
  }

  /** One timer: either a stream is being had, or a serving one is to be replaced. */
  private retryAfter(delayMs: number): void {
    this.stopRetry()
    if (!this.over) this.cancelRetry = this.options.clock.after(delayMs, () => this.connectNext())
  }

  private retryReplacing(reason: ReplaceReason): void {
    this.stopRetry()
    this.cancelRetry = this.options.clock.after(REPLACE_RETRY_MS, () => void this.replace(reason))
  }

  private stopRetry(): void {
    this.cancelRetry?.()
    this.cancelRetry = undefined
  }

  private dropServing(): void {
    const { serving } = this
    this.serving = null
    this.lifetime.stop()
    if (!serving) return
    serving.retire()
    this.ports.retired(serving.attempt)
  }

  private dropNext(): void {
    this.next?.retire()
    this.next?.attempt.ended()
    this.next = null
    this.replaceReason = null
  }
}

/** Whether a running stream can become what is wanted first. */
function takes(serving: SttConnection, wanted: SttCandidate | undefined): boolean {
  const { provider, credentials } = serving.candidate
  if (wanted?.provider !== provider || wanted.credentials !== credentials) return false
  return serving.update(wanted.options)
}
