import type { AudioFormat } from '../audio/format.js'
import type {
  ProviderFailure,
  StreamClosed,
  SttCapabilities,
  SttOptions,
  SttSink,
  SttStream,
  Transcript,
} from '../providers/contracts.js'
import type { ConnectionAttempt } from '../providers/health.js'
import type { Cancel, Clock } from '../util/clock.js'
import { messageOf } from '../util/errors.js'
import type { SttCandidate } from './ports.js'

const CONNECT_TIMEOUT_MS = 5000

export interface ConnectionSpec {
  readonly candidate: SttCandidate
  readonly attempt: ConnectionAttempt
  /** What the provider is sent. */
  readonly format: AudioFormat
  readonly baseOffsetMs: number
}

/** Hears what a connection does. Nothing comes from one that was retired, and `closed` is the last of all. */
export interface ConnectionOwner {
  opened(connection: SttConnection): void
  /** @param slow it was given up because it did not open in time. */
  closed(connection: SttConnection, failure: ProviderFailure, slow: boolean): void
  transcript(connection: SttConnection, transcript: Transcript): void
  speechStarted(connection: SttConnection, atMs: number): void
  eagerEnd(connection: SttConnection, event: { readonly text: string } | null): void
  finalized(connection: SttConnection): void
  drained(connection: SttConnection): void
  /** It said something that carries no words. */
  progress(connection: SttConnection): void
  warning(connection: SttConnection, event: { readonly code: string; readonly message: string }): void
}

/**
 * One stream of a provider, held at arm's length: what it throws becomes a failure, what it says too early waits, what
 * it says too late is dropped, and it closes exactly once whatever it does.
 */
export class SttConnection implements SttSink {
  readonly candidate: SttCandidate
  readonly attempt: ConnectionAttempt
  readonly format: AudioFormat
  /** May be given audio. */
  writable = false
  /** Its end was asked for. */
  finishing = false
  private readonly spec: ConnectionSpec
  private readonly owner: ConnectionOwner
  private readonly clock: Clock
  private readonly abortion: AbortController = new AbortController()
  private state: 'idle' | 'connecting' | 'open' | 'over' = 'idle'
  private stream: SttStream | undefined
  /** What came before `connect` returned. */
  private early: (() => void)[] | undefined
  private cancelConnectTimeout: Cancel | undefined
  private cancelKeepAlive: Cancel | undefined
  private pushedSinceBeat = false
  private pushing = false
  private drainedInPush = false

  constructor(spec: ConnectionSpec, owner: ConnectionOwner, clock: Clock) {
    this.spec = spec
    this.candidate = spec.candidate
    this.attempt = spec.attempt
    this.format = spec.format
    this.owner = owner
    this.clock = clock
  }

  get provider(): string {
    return this.candidate.provider.name
  }

  get capabilities(): SttCapabilities {
    return this.candidate.provider.capabilities
  }

  get canFinalize(): boolean {
    return this.capabilities.finalize !== 'none' && this.stream?.finalize !== undefined
  }

  connect(): void {
    const { candidate, format, baseOffsetMs } = this.spec
    const { options, credentials } = candidate
    this.state = 'connecting'
    this.cancelConnectTimeout = this.clock.after(CONNECT_TIMEOUT_MS, () => {
      this.fail({ class: 'connection', reason: `did not open within ${CONNECT_TIMEOUT_MS} ms` }, true)
    })
    this.early = []
    try {
      const request = { format, baseOffsetMs, signal: this.abortion.signal, credentials, options }
      this.stream = candidate.provider.connect(request, this)
    } catch (thrown) {
      this.early = undefined
      return this.fail(thrownFailure('connect', thrown))
    }
    const early = this.early
    this.early = undefined
    if (this.state !== 'connecting') return this.abandon()
    for (const event of early) event()
  }

  /** The bytes are valid only during the call. */
  push(audio: Uint8Array): void {
    this.pushedSinceBeat = true
    this.pushing = true
    this.drainedInPush = false
    try {
      const writable = this.stream!.push(audio)
      this.pushing = false
      if (this.state === 'open') this.writable = writable || this.drainedInPush
    } catch (thrown) {
      this.pushing = false
      this.fail(thrownFailure('push', thrown))
    }
  }

  finalize(): void {
    this.call('finalize', stream => stream.finalize?.())
  }

  /** True when the running stream took the new options. */
  update(options: SttOptions): boolean {
    let taken = false
    this.call('update', stream => {
      taken = stream.update?.(options) ?? false
    })
    return taken
  }

  /** Ends it gracefully: its last results still come, then `closed`. */
  finish(): void {
    this.writable = false
    this.finishing = true
    this.call('close', stream => stream.close())
  }

  /** Ends it as failed. */
  giveUp(failure: ProviderFailure): void {
    this.fail(failure)
  }

  /** Nothing of it is wanted any more: no event follows. */
  retire(): void {
    if (this.state === 'over') return
    this.end()
    this.abandon()
  }

  open(): void {
    if (this.postpone(() => this.open()) || this.state !== 'connecting') return
    this.state = 'open'
    this.writable = true
    this.cancelConnectTimeout?.()
    this.startKeepAlive()
    this.attempt.opened()
    this.owner.opened(this)
  }

  transcript(transcript: Transcript): void {
    if (this.postpone(() => this.transcript(transcript)) || this.state !== 'open') return
    this.attempt.result()
    this.owner.transcript(this, transcript)
  }

  speechStarted(event: { readonly atMs: number }): void {
    if (this.postpone(() => this.speechStarted(event)) || this.state !== 'open') return
    this.attempt.result()
    this.owner.speechStarted(this, event.atMs)
  }

  eagerEnd(event: { readonly text: string }): void {
    if (this.state === 'open') this.owner.eagerEnd(this, event)
  }

  resumed(): void {
    if (this.state === 'open') this.owner.eagerEnd(this, null)
  }

  progress(): void {
    if (this.state === 'open') this.owner.progress(this)
  }

  finalized(): void {
    if (this.state !== 'open') return
    this.attempt.result()
    this.owner.finalized(this)
  }

  warning(event: { readonly code: string; readonly message: string }): void {
    if (this.state !== 'over') this.owner.warning(this, event)
  }

  drain(): void {
    if (this.state !== 'open' || this.finishing) return
    this.drainedInPush = true
    if (this.pushing || this.writable) return
    this.writable = true
    this.owner.drained(this)
  }

  closed(event: StreamClosed): void {
    if (this.postpone(() => this.closed(event)) || this.state === 'over') return
    // The stream is gone: there is nothing left to abort.
    this.stream = undefined
    this.fail(event.failure ?? { class: 'connection', reason: 'closed without being asked' })
  }

  /** Keeps what happens inside `connect` until the stream is known. */
  private postpone(event: () => void): boolean {
    this.early?.push(event)
    return this.early !== undefined
  }

  private fail(failure: ProviderFailure, slow = false): void {
    if (this.state === 'over') return
    this.end()
    this.abandon()
    this.owner.closed(this, failure, slow)
  }

  private end(): void {
    this.state = 'over'
    this.writable = false
    this.cancelConnectTimeout?.()
    this.cancelKeepAlive?.()
  }

  /** Ends the stream itself, now or, inside `connect`, as soon as it is known. */
  private abandon(): void {
    const { stream } = this
    this.stream = undefined
    if (!this.abortion.signal.aborted) this.abortion.abort()
    try {
      stream?.abort()
    } catch {
      // It is being thrown away: what it thinks of that changes nothing.
    }
  }

  private startKeepAlive(): void {
    const { keepAliveMs } = this.capabilities
    if (keepAliveMs <= 0 || !this.stream?.keepAlive) return
    // Every other beat without audio: at most `keepAliveMs` after the last audio, and no more often than that.
    let idleBeats = 0
    this.cancelKeepAlive = this.clock.every(keepAliveMs / 2, () => {
      idleBeats = this.pushedSinceBeat ? 0 : idleBeats + 1
      this.pushedSinceBeat = false
      if (idleBeats % 2 === 1) this.call('keepAlive', stream => stream.keepAlive?.())
    })
  }

  private call(what: string, fn: (stream: SttStream) => void): void {
    if (!this.stream) return
    try {
      fn(this.stream)
    } catch (thrown) {
      this.fail(thrownFailure(what, thrown))
    }
  }
}

function thrownFailure(what: string, cause: unknown): ProviderFailure {
  return { class: 'connection', reason: `${what} threw: ${messageOf(cause)}`, cause }
}
