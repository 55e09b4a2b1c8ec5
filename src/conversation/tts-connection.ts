import type { AudioFormat } from '../audio/format.js'
import type { ConnectionAttempt } from '../providers/breaker.js'
import type { ProviderFailure, TimedText, TtsSink, TtsStream } from '../providers/contracts.js'
import type { Cancel, Clock } from '../util/clock.js'
import { messageOf } from '../util/errors.js'
import type { Logger } from '../util/logger.js'
import type { TtsCandidate } from './ports.js'
import { StallTimer } from './stall-timer.js'

/** How long a synthesiser may take to accept a connection. */
const connectTimeoutMs = 5000
/** How long one that was given text may send no audio. A working one begins within half a second. */
const muteMs = 5000

/** What a connection reports. Nothing after `failed`, nor after it was closed. */
export interface TtsConnectionSink {
  opened(connection: TtsConnection): void
  audio(connection: TtsConnection, contextId: string, audio: Uint8Array): void
  timing(connection: TtsConnection, contextId: string, items: readonly TimedText[]): void
  done(connection: TtsConnection, contextId: string, failure: ProviderFailure | undefined): void
  /** It ended by itself. `slow`: it took its time without failing outright. */
  failed(connection: TtsConnection, failure: ProviderFailure, slow: boolean): void
}

export interface TtsConnectionOptions {
  readonly candidate: TtsCandidate
  readonly attempt: ConnectionAttempt
  readonly format: AudioFormat
  readonly clock: Clock
  readonly logger: Logger
}

/** One stream of a synthesiser with its deadlines, its open contexts and its keep-alive. */
export class TtsConnection {
  readonly candidate: TtsCandidate
  readonly attempt: ConnectionAttempt
  readonly format: AudioFormat
  private readonly clock: Clock
  private readonly logger: Logger
  private readonly sink: TtsConnectionSink
  private readonly controller: AbortController = new AbortController()
  private readonly mute: StallTimer
  /** Contexts the synthesiser has not finished, and whether their audio is still wanted. */
  private readonly contexts: Map<string, boolean> = new Map()
  private wanted = 0
  private stream: TtsStream | undefined
  private cancelTimeout: Cancel | undefined
  private cancelKeepAlive: Cancel | undefined
  private isOpen = false
  private isPaused = false
  private isOver = false

  constructor(options: TtsConnectionOptions, sink: TtsConnectionSink) {
    this.candidate = options.candidate
    this.attempt = options.attempt
    this.format = options.format
    this.clock = options.clock
    this.logger = options.logger
    this.sink = sink
    this.mute = new StallTimer(options.clock, muteMs, () => this.silent())
  }

  get provider(): string {
    return this.candidate.provider.name
  }

  get open(): boolean {
    return this.isOpen
  }

  /** It was told to wait: what it does meanwhile is not its fault. */
  get paused(): boolean {
    return this.isPaused
  }

  /** Another context may be opened. One that was cancelled counts until the synthesiser has let go of it. */
  get free(): boolean {
    return this.contexts.size < this.candidate.provider.capabilities.contexts
  }

  /** Begins to connect. */
  connect(): void {
    const { provider, options, credentials } = this.candidate
    this.cancelTimeout = this.clock.after(connectTimeoutMs, () =>
      this.fail({ class: 'connection', reason: `not open after ${connectTimeoutMs} ms` }, true),
    )
    // What the provider reports before it has returned its stream is passed on once the stream is there.
    const early: (() => void)[] = []
    let returned = false
    const sink = this.streamSink(fn => (returned ? fn() : early.push(fn)))
    try {
      this.stream = provider.connect(
        { format: this.format, signal: this.controller.signal, credentials, options },
        sink,
      )
    } catch (error) {
      return this.threw(error)
    }
    returned = true
    for (const fn of early) fn()
  }

  speak(contextId: string, text: string): void {
    this.contexts.set(contextId, true)
    this.wanted++
    this.watch()
    this.attemptCall(() => this.stream?.speak(text, { contextId, flush: true, end: true }))
  }

  /** Nothing of the context is wanted any more. */
  cancel(contextId: string, playedMs: number): void {
    if (!this.contexts.get(contextId)) return
    this.contexts.set(contextId, false)
    this.wanted--
    if (this.wanted === 0) this.mute.stop()
    this.attemptCall(() => this.stream?.cancel(contextId, { playedMs }))
  }

  /** Somebody waits for a context to become free. */
  awaitFree(): void {
    if (this.wanted === 0) this.mute.touch()
  }

  pause(): void {
    if (this.isPaused || !this.stream?.pause) return
    this.isPaused = true
    this.mute.stop()
    this.attemptCall(() => this.stream?.pause?.())
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.watch()
    this.attemptCall(() => this.stream?.resume?.())
  }

  /** Not needed any more. Says nothing about the provider. */
  close(): void {
    if (this.isOver) return
    this.stop()
    this.attempt.ended()
    // A vendor that is said goodbye to gives the place free at once; but what it still says is not worth waiting for.
    if (this.contexts.size === 0) this.quietly(() => this.stream?.close())
    else this.abandon()
  }

  /** Waits for audio, from now on. */
  private watch(): void {
    if (this.wanted > 0 && !this.isPaused) this.mute.touch()
  }

  private streamSink(deliver: (fn: () => void) => void): TtsSink {
    return {
      open: () => deliver(() => this.opened()),
      audio: (contextId, audio) => {
        if (this.isOver) return
        this.watch()
        this.sink.audio(this, contextId, audio)
      },
      timing: (contextId, items) => {
        if (!this.isOver) this.sink.timing(this, contextId, items)
      },
      done: (contextId, failure) => {
        if (!this.isOver) this.done(contextId, failure)
      },
      warning: ({ code, message }) => this.logger.warn({ provider: this.provider, code }, message),
      closed: ({ failure }) => deliver(() => this.fail(failure ?? this.unasked(), false)),
    }
  }

  private opened(): void {
    if (this.isOver || this.isOpen) return
    this.isOpen = true
    this.cancelTimeout?.()
    this.cancelTimeout = undefined
    this.attempt.opened()
    const { keepAliveMs } = this.candidate.provider.capabilities
    if (keepAliveMs > 0 && this.stream?.keepAlive) {
      this.cancelKeepAlive = this.clock.every(keepAliveMs, () => this.attemptCall(() => this.stream?.keepAlive?.()))
    }
    this.sink.opened(this)
  }

  private done(contextId: string, failure: ProviderFailure | undefined): void {
    const wanted = this.contexts.get(contextId)
    if (wanted === undefined) return
    this.contexts.delete(contextId)
    if (wanted) this.wanted--
    if (this.wanted === 0) this.mute.stop()
    this.watch()
    this.sink.done(this, contextId, failure)
  }

  /** A close without a reason: an idle connection may end like that, a working one not. */
  private unasked(): ProviderFailure {
    return { class: this.contexts.size === 0 ? 'idle' : 'connection', reason: 'closed without being asked' }
  }

  private silent(): void {
    this.fail({ class: 'connection', reason: `no audio for ${muteMs} ms` }, true)
  }

  private threw(error: unknown): void {
    this.fail({ class: 'connection', reason: `the provider threw: ${messageOf(error)}`, cause: error }, false)
  }

  private fail(failure: ProviderFailure, slow: boolean): void {
    if (this.isOver) return
    this.stop()
    this.abandon()
    this.sink.failed(this, failure, slow)
  }

  private abandon(): void {
    this.controller.abort()
    this.quietly(() => this.stream?.abort())
  }

  private stop(): void {
    this.isOver = true
    this.mute.stop()
    this.cancelTimeout?.()
    this.cancelKeepAlive?.()
  }

  private attemptCall(fn: () => void): void {
    if (this.isOver) return
    try {
      fn()
    } catch (error) {
      this.threw(error)
    }
  }

  private quietly(fn: () => void): void {
    try {
      fn()
    } catch (error) {
      this.logger.warn({ provider: this.provider, err: error }, 'a synthesis stream threw while it was ended')
    }
  }
}
