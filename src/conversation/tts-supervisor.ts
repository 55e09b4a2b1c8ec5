import type { ConnectionAttempt } from '../providers/breaker.js'
import { QUICK_FAILURE_MS } from '../providers/breaker.js'
import type { ProviderFailure, TimedText } from '../providers/contracts.js'
import { FailoverChain } from '../providers/failover.js'
import type { ProviderHealth } from '../providers/health.js'
import type { Cancel, Clock } from '../util/clock.js'
import { VoiceError } from '../util/errors.js'
import type { Logger } from '../util/logger.js'
import type { ConversationPorts, TtsCandidate } from './ports.js'
import { TtsConnection, type TtsConnectionSink } from './tts-connection.js'
import { chooseFormat, isUsable } from './tts-format.js'

export interface TtsSupervisorOptions {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly health: ProviderHealth
  readonly logger: Logger
  /** What the listener gets at first, in Hz. */
  readonly sampleRate?: number | undefined
}

/** Whoever has text to speak, and what a supervisor tells them. */
export interface TtsUser {
  /** There is text that waits for a connection. */
  readonly working: boolean
  /** A connection is there, or one may be asked for again. */
  ready(): void
  /** The connection in use is gone with everything that was given to it. */
  broken(): void
  /** Nothing is left to try. */
  lost(): void
  audio(contextId: string, audio: Uint8Array): void
  timing(contextId: string, items: readonly TimedText[]): void
  done(contextId: string, failure: ProviderFailure | undefined): void
}

/** A stream is replaced beside the conversation once it has reached this share of the age its provider allows. */
const rolloverShare = 0.8

/**
 * Keeps one synthesiser connected while there is something to say: the retries, the failover chain, the way back to the
 * preferred provider, and the planned replacement of streams that grow too old or have the wrong format.
 */
export class TtsSupervisor implements TtsConnectionSink {
  private readonly options: TtsSupervisorOptions
  private readonly ports: Pick<ConversationPorts, 'leg'>
  private user: TtsUser | undefined
  private candidates: readonly TtsCandidate[] = []
  private chain: FailoverChain<TtsCandidate> | undefined
  private live: TtsConnection | undefined
  /** Opened beside the live one, to take its place when nothing is in flight. */
  private spare: TtsConnection | undefined
  private lastProvider: string | undefined
  private wantedRate: number | undefined
  private cancelRetry: Cancel | undefined
  private warming = false
  private isLost = true
  private isDown = false
  private everServed = false
  /** There are candidates, but none can be used. */
  private isMisfit = false
  private failoverCount = 0

  constructor(
    candidates: readonly TtsCandidate[],
    options: TtsSupervisorOptions,
    ports: Pick<ConversationPorts, 'leg'>,
  ) {
    this.options = options
    this.ports = ports
    this.wantedRate = options.sampleRate
    this.replace(candidates)
  }

  /** Nothing is left to try: what is said can only go out as text. */
  get lost(): boolean {
    return this.isLost
  }

  /** How often another provider took over. */
  get failovers(): number {
    return this.failoverCount
  }

  /** The longest text that every candidate takes at once. */
  get maxTextChars(): number {
    return Math.min(...this.candidates.map(({ provider }) => provider.capabilities.maxTextChars))
  }

  get connection(): TtsConnection | undefined {
    return this.live
  }

  /** Serves `user` from now on. Before that it only keeps a connection ready. */
  serve(user: TtsUser): void {
    this.user = user
  }

  /** Uses other providers from now on. Not while anything is in flight. */
  replace(candidates: readonly TtsCandidate[]): void {
    this.release()
    this.candidates = candidates.filter(({ provider }) => {
      if (isUsable(provider.capabilities)) return true
      this.options.logger.warn({ provider: provider.name }, 'offers no format that can be decoded and is not used')
      return false
    })
    this.isLost = this.candidates.length === 0
    this.isMisfit = this.isLost && candidates.length > 0
    const { clock, random, health } = this.options
    this.chain = this.isLost
      ? undefined
      : new FailoverChain(this.candidates, { leg: 'tts', clock, random, health, differs })
  }

  /** The sample rate the listener gets. A connection that gives no more than that is ready at the next `turnover`. */
  rate(sampleRate: number): void {
    this.wantedRate = sampleRate
    this.prepare()
  }

  /** Connects ahead of the first text. */
  warm(): void {
    if (this.isMisfit) return this.lose('', { class: 'data', reason: 'no synthesiser offers a format we can decode' })
    if (this.live || this.isLost) return
    this.warming = true
    this.need()
  }

  /** The open connection. Without one it begins to connect, and `ready` or `broken` follows. */
  need(): TtsConnection | undefined {
    if (!this.live) this.connect()
    return this.live?.open ? this.live : undefined
  }

  /** Nothing is in flight: the moment to change over to a better connection, and to prepare one. */
  turnover(): void {
    const { spare } = this
    if (spare?.open && !this.isOutdated(spare)) return this.promote(spare)
    this.prepare()
  }

  /** Audio came over the live connection. */
  served(): void {
    const { live } = this
    if (!live) return
    live.attempt.result()
    if (this.isDown) this.reportLive(live.provider)
  }

  /** The live connection answers, but not with what it was asked for. */
  reject(failure: ProviderFailure): void {
    const { live } = this
    if (!live) return
    live.attempt.failed(failure)
    live.close()
    this.recover(live, failure, false)
  }

  /** Closes what is open. The next text connects again. */
  release(): void {
    this.cancelRetry?.()
    this.cancelRetry = undefined
    this.warming = false
    const { live, spare } = this
    this.live = undefined
    this.spare = undefined
    live?.close()
    spare?.close()
  }

  /** Speaks no more. */
  giveUp(): void {
    this.release()
    this.isLost = true
    this.isMisfit = false
  }

  opened(connection: TtsConnection): void {
    if (connection !== this.live) return
    const warmed = this.warming
    this.warming = false
    if (!this.everServed || (this.isDown && (warmed || !this.isWorking))) this.reportLive(connection.provider)
    this.user?.ready()
  }

  audio(connection: TtsConnection, contextId: string, audio: Uint8Array): void {
    if (connection === this.live) this.user?.audio(contextId, audio)
  }

  timing(connection: TtsConnection, contextId: string, items: readonly TimedText[]): void {
    if (connection === this.live) this.user?.timing(contextId, items)
  }

  done(connection: TtsConnection, contextId: string, failure: ProviderFailure | undefined): void {
    if (connection === this.live) this.user?.done(contextId, failure)
  }

  failed(connection: TtsConnection, failure: ProviderFailure, slow: boolean): void {
    if (connection === this.spare) {
      this.spare = undefined
      connection.attempt.failed(failure)
      this.chain?.declined(connection.candidate, failure)
    } else if (connection === this.live) {
      // A stream that we kept waiting until it broke did nothing wrong.
      if (connection.paused) connection.attempt.ended()
      else connection.attempt.failed(failure)
      this.recover(connection, connection.paused ? undefined : failure, slow)
    }
  }

  private get isWorking(): boolean {
    return this.user?.working ?? false
  }

  /** @param failure absent when the provider is not to blame. */
  private recover(connection: TtsConnection, failure: ProviderFailure | undefined, slow: boolean): void {
    this.live = undefined
    // Without anything to say the next text finds out whether it can be said.
    const urgent = this.isWorking || this.warming
    let delayMs: number | null = 0
    if (failure && !isPlanned(failure, connection.attempt.ageMs)) {
      delayMs = this.chain?.failed(failure, connection.attempt.ageMs, !slow) ?? null
      if (delayMs === null) return this.lose(connection.provider, failure)
      if (urgent) this.reportDown(connection.provider, failure)
    }
    if (urgent) this.retryIn(delayMs)
    this.user?.broken()
  }

  private retryIn(delayMs: number): void {
    this.cancelRetry?.()
    this.cancelRetry = this.options.clock.after(delayMs, () => {
      this.cancelRetry = undefined
      if (this.warming) this.need()
      this.user?.ready()
    })
  }

  private connect(): void {
    const { spare } = this
    if (spare) return this.promote(spare)
    if (this.cancelRetry || this.isLost) return
    const next = this.chain?.next()
    if (!next) return this.lose(this.lastProvider ?? '', undefined)
    this.live = this.open(next.candidate, next.attempt)
    this.took(this.live)
    this.live.connect()
  }

  private promote(spare: TtsConnection): void {
    const { live } = this
    this.live = spare
    this.spare = undefined
    this.chain?.use(spare.candidate)
    live?.close()
    this.took(spare)
  }

  private took({ provider }: TtsConnection): void {
    if (this.lastProvider !== undefined && this.lastProvider !== provider) this.failoverCount++
    this.lastProvider = provider
  }

  /** Opens what is to take the live connection's place when that has had its time. */
  private prepare(): void {
    const { live, spare } = this
    if (!live?.open || (spare && !this.isOutdated(spare))) return
    spare?.close()
    const preferred = this.chain?.preferred()
    if (preferred) this.spare = this.open(preferred.candidate, preferred.attempt)
    else this.spare = this.isOutdated(live) ? this.again(live.candidate) : undefined
    this.spare?.connect()
  }

  private open(candidate: TtsCandidate, attempt: ConnectionAttempt): TtsConnection {
    const format = chooseFormat(candidate.provider.capabilities, this.wantedRate)
    return new TtsConnection({ ...this.options, candidate, attempt, format }, this)
  }

  /** Another connection to the same provider, unless it is in trouble. */
  private again(candidate: TtsCandidate): TtsConnection | undefined {
    const ownCredentials = candidate.credentials !== undefined
    const attempt = this.options.health.attempt('tts', candidate.provider.name, { ownCredentials })
    return attempt ? this.open(candidate, attempt) : undefined
  }

  private isOutdated({ candidate, attempt, format }: TtsConnection): boolean {
    const { capabilities } = candidate.provider
    const tooOld = (attempt.ageMs ?? 0) > rolloverShare * (capabilities.maxSessionMs ?? Number.POSITIVE_INFINITY)
    return tooOld || chooseFormat(capabilities, this.wantedRate) !== format
  }

  private lose(provider: string, failure: ProviderFailure | undefined): void {
    this.giveUp()
    this.isDown = true
    this.ports.leg({ state: 'lost', provider, error: unavailable(failure) })
    this.user?.lost()
  }

  private reportDown(provider: string, failure: ProviderFailure): void {
    if (this.isDown) return
    this.isDown = true
    this.ports.leg({ state: 'down', provider, error: unavailable(failure) })
  }

  private reportLive(provider: string): void {
    this.isDown = false
    this.everServed = true
    this.ports.leg({ state: 'live', provider })
  }
}

/** Another vendor may accept what one rejects as malformed: voices and models have their own names everywhere. */
function differs(): boolean {
  return true
}

/** A stream that had its time, or that nobody used, ends without anybody having failed. */
function isPlanned(failure: ProviderFailure, livedMs: number | undefined): boolean {
  return (failure.class === 'lifetime' || failure.class === 'idle') && (livedMs ?? 0) >= QUICK_FAILURE_MS
}

/** The message is for the client and says nothing of the reason, which is the vendor's. */
function unavailable(failure: ProviderFailure | undefined): VoiceError {
  return new VoiceError('speech synthesis is not available', {
    code: 'tts_unavailable',
    class: 'PROVIDER',
    scope: 'provider',
    retryable: true,
    retryAfterMs: failure?.retryAfterMs,
    cause: failure,
  })
}
