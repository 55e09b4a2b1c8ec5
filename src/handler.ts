/// <reference lib="esnext.disposable" preserve="true" />
import { Admission } from './admission.js'
import { Capacity } from './capacity.js'
import { type DrainOptions, type DrainResult, drainSessions } from './drain.js'
import type { LoadProbe } from './load.js'
import { type ConfigureCall, type HandlerLimits, resolveOptions, type VoiceHandlerOptions } from './options.js'
import { retryHint } from './protocol/close-codes.js'
import { Catalogue, sttOf, ttsOf } from './providers/catalogue.js'
import { ProviderHealth, type ProviderStatus } from './providers/health.js'
import { GuardedStore } from './session/guarded-store.js'
import type { LinkOptions } from './session/link.js'
import { type Catalogues, PlanError, planSession } from './session/plan.js'
import { recallSession } from './session/recall.js'
import type { SessionRuntime } from './session/runtime.js'
import { Session } from './session/session.js'
import { type CreateRequest, Setup, type SetupFailure, type SetupPorts } from './session/setup.js'
import { type CallDecision, specOf } from './session/spec.js'
import { MemoryStore, type SessionRecord } from './session/store.js'
import type { Ticket } from './session/ticket.js'
import type { SessionReport, VoiceSession } from './session/voice-session.js'
import type { SocketSink, VoiceSocket } from './socket.js'
import type { Accept, AdmitOptions, Reject, UpgradeRequest, VoiceMount } from './upgrade.js'
import { SlabPool } from './uplink/slab-pool.js'
import { type Cancel, systemClock } from './util/clock.js'
import { Deadlines } from './util/deadlines.js'
import { Emitter } from './util/emitter.js'
import { appError, type VoiceError } from './util/errors.js'
import { consoleLogger, type Logger } from './util/logger.js'
import { Ticker } from './util/ticker.js'
import { validateOptions } from './validate-options.js'

/** The beat that paces audio: one frame of 20 ms. */
const tickMs = 20
export interface HandlerEvents {
  /** An error that no session's own listener took. */
  error: { readonly error: VoiceError; readonly sessionId: string | undefined }
  /** A provider's breaker opened, let one session probe, or closed again. */
  provider: ProviderStatus
}

export interface HandlerStats {
  /** Sessions now, by state. */
  readonly sessions: Readonly<Record<string, number>>
  readonly accepted: number
  readonly ended: number
  /** Resume attempts with a wrong, used or unknown token. */
  readonly resumesRefused: number
  readonly audioLogBytes: number
}

export interface HandlerHealth {
  /** `draining` and `overloaded` servers should get no new connections. */
  readonly status: 'ok' | 'overloaded' | 'draining'
  readonly sessions: number
  readonly providers: readonly ProviderStatus[]
}

/** Voice for a server: mount it with an adapter, or call `admit` and `open` from a transport of your own. */
export interface VoiceHandler<Principal = unknown, Data = unknown> extends VoiceMount, AsyncDisposable {
  readonly sessions: ReadonlyMap<string, VoiceSession<Principal, Data>>
  stats(): HandlerStats
  health(): HandlerHealth
  /** Refuses new sessions and sends the others away. Idempotent. Never touches the HTTP server. */
  drain(options?: DrainOptions): Promise<DrainResult>
  /** Ends every session at once. */
  close(): Promise<void>
  on<E extends keyof HandlerEvents>(event: E, listener: (payload: HandlerEvents[E]) => void): Cancel
}

/**
 * Makes the handler that owns voice sessions. It opens nothing and runs no timer until the first socket.
 *
 * @throws {TypeError} naming the option that is wrong, its value and the remedy.
 */
export function createVoiceHandler<Principal = null, Data = undefined>(
  options: VoiceHandlerOptions<Principal, Data>,
): VoiceHandler<Principal, Data> {
  return new Handler(options as unknown as VoiceHandlerOptions) as unknown as VoiceHandler<Principal, Data>
}

class Handler implements VoiceHandler, SetupPorts {
  readonly sessions: ReadonlyMap<string, Session>
  readonly limits: HandlerLimits
  readonly logger: Logger
  readonly setups: Set<Setup> = new Set()
  readonly #options: VoiceHandlerOptions
  readonly #live: Map<string, Session> = new Map()
  readonly #catalogues: Catalogues
  readonly #runtime: SessionRuntime
  readonly #linkOptions: LinkOptions
  readonly #admission: Admission<unknown>
  readonly #events: Emitter<HandlerEvents>
  readonly #capacity: Capacity
  readonly #endings: Set<Promise<void>> = new Set()
  #draining: Promise<DrainResult> | undefined
  #isClosed = false
  #accepted = 0
  #ended = 0
  #resumesRefused = 0

  constructor(options: VoiceHandlerOptions) {
    const resolved = resolveOptions(options)
    validateOptions(options, resolved)
    const { clock = systemClock, random = Math.random, logger = consoleLogger } = options
    const { limits, keepAlive } = resolved
    const deadlines = new Deadlines(clock)
    this.#options = options
    this.sessions = this.#live
    this.limits = limits
    this.logger = logger
    this.#capacity = new Capacity(limits, clock)
    this.#events = new Emitter((error, event) => logger.error({ err: error }, `a listener of '${event}' threw`))
    this.#catalogues = {
      stt: new Catalogue('stt', (options.stt ?? []).map(sttOf)),
      tts: new Catalogue('tts', (options.tts ?? []).map(ttsOf)),
    }
    this.#runtime = {
      clock,
      random,
      logger,
      deadlines,
      ticker: new Ticker(clock, tickMs),
      slabs: new SlabPool(limits.ringBytes),
      health: new ProviderHealth({ clock, random, onChange: status => this.#events.emit('provider', status) }),
      store: options.store ? new GuardedStore(options.store, clock, logger) : new MemoryStore(clock),
      settings: resolved,
      catalogues: this.#catalogues,
      reconfigure: (link, ticket, config, history) =>
        Setup.again(link, ticket, this, this.#linkOptions, config, history),
      ended: (session, report) => this.#onEnded(session, report),
      unheard: (error, session) => this.#report(error, session.id),
    }
    this.#linkOptions = { clock, deadlines, keepAlive: { ...keepAlive, random }, limits }
    this.#admission = new Admission({
      authenticate: options.authenticate,
      origins: options.origins ?? [],
      trustProxy: options.trustProxy ?? 0,
      clock,
      logger,
      busy: (address, protocol) => this.#capacity.refuseUpgrade(address, protocol, this.#admission.pending),
    })
    if (!options.authenticate) logger.warn({}, 'no authenticate option: anybody who reaches this server may talk to it')
  }

  admit(request: UpgradeRequest, options?: AdmitOptions): Promise<Accept | Reject> {
    return this.#admission.admit(request, options)
  }

  open(socket: VoiceSocket, accept: Accept): SocketSink {
    const ticket = this.#isClosed ? null : this.#admission.redeem(accept)
    if (!ticket) return refuseSocket(socket)
    try {
      return Setup.open(socket, ticket, this, this.#linkOptions)
    } catch (error) {
      // A mount's own `dialect` may fail.
      this.setupFailed(error)
      return refuseSocket(socket)
    }
  }

  watchLoad(probe: LoadProbe): void {
    this.#capacity.watch(probe)
  }

  on<E extends keyof HandlerEvents>(event: E, listener: (payload: HandlerEvents[E]) => void): Cancel {
    return this.#events.on(event, listener)
  }

  stats(): HandlerStats {
    const sessions: Record<string, number> = {}
    for (const { state } of this.#live.values()) sessions[state] = (sessions[state] ?? 0) + 1
    return {
      sessions,
      accepted: this.#accepted,
      ended: this.#ended,
      resumesRefused: this.#resumesRefused,
      audioLogBytes: this.#runtime.slabs.usedBytes,
    }
  }

  health(): HandlerHealth {
    const status = this.#draining ? 'draining' : this.#capacity.overloaded ? 'overloaded' : 'ok'
    return { status, sessions: this.#live.size, providers: this.#runtime.health.snapshot() }
  }

  drain(options: DrainOptions = {}): Promise<DrainResult> {
    this.#capacity.shut()
    this.#draining ??= this.#drain(options)
    return this.#draining
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#capacity.shut()
    this.#draining ??= Promise.resolve({ ended: 0, moved: 0, terminated: 0 })
    for (const setup of [...this.setups]) setup.close(1001, 'server closing')
    for (const session of [...this.#live.values()]) session.close({ code: 1001, reason: 'server closing' })
    await this.#allEnded()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  authenticate(ticket: Ticket, token: string | undefined) {
    return this.#admission.authenticate(ticket.request, token, 'message')
  }

  find(id: string): Session | undefined {
    return this.#live.get(id)
  }

  recall(id: string, token: string, principal: unknown) {
    return this.#live.has(id) ? Promise.resolve(null) : recallSession(this.#runtime.store, id, token, principal)
  }

  giveBack(record: SessionRecord): void {
    // A store that fails says so itself.
    this.#runtime.store.put(record).catch(() => {})
  }

  resumeRefused(): void {
    this.#resumesRefused++
  }

  setupFailed(error: unknown): void {
    this.#report(appError('a connection could not be set up', error), undefined)
  }

  async create(request: CreateRequest): Promise<Session | SetupFailure> {
    const { clientMay } = this.#runtime.settings
    let session: Session
    try {
      const full = this.#refusal(request)
      if (full) return full
      const decision = ((await this.#configure(request)) ?? {}) as CallDecision
      if (request.signal.aborted) return clientLeft
      // Others may have been quicker.
      const fullNow = this.#refusal(request)
      if (fullNow) return fullNow
      const plan = planSession(request.config, decision, this.#catalogues, clientMay)
      const spec = specOf(request, decision, plan, this.#runtime.settings, this.#options.agent as never)
      session = new Session(spec, this.#runtime)
    } catch (error) {
      if (error instanceof PlanError) return { closeCode: 4400, code: 'bad_config', message: error.message }
      this.#report(appError('configure failed', error), undefined)
      return { closeCode: 1011, code: 'configure_failed', message: 'the session could not be configured' }
    }
    this.#register(session)
    try {
      this.#options.onSession?.(session)
    } catch (error) {
      this.#report(appError('onSession threw', error), session.id)
      session.close({ code: 1011, reason: 'internal' })
      return { closeCode: 1011, code: 'internal', message: 'the session could not be set up' }
    }
    return session
  }

  #refusal({ ticket, principal }: CreateRequest): SetupFailure | null {
    return this.#capacity.refuseSession(ticket.remoteAddress, principal)
  }

  #configure({ ticket, principal, config, previous, signal }: CreateRequest) {
    const call: ConfigureCall<unknown> = {
      principal,
      request: ticket.request,
      wanted: config,
      metadata: config.metadata ?? {},
      origin: previous ? 'continued' : 'new',
      history: previous ?? [],
      signal,
    }
    return this.#options.configure?.(call)
  }

  #register(session: Session): void {
    this.#accepted++
    this.#live.set(session.id, session)
    this.#capacity.enter(session)
  }

  #onEnded(session: Session, report: SessionReport): void {
    this.#ended++
    this.#live.delete(session.id)
    this.#capacity.leave(session)
    const { onSessionEnd } = this.#options
    if (!onSessionEnd) return
    const ending: Promise<void> = Promise.resolve()
      .then(() => onSessionEnd(session, report))
      .catch(error => this.#report(appError('onSessionEnd failed', error), session.id))
      .finally(() => this.#endings.delete(ending))
    this.#endings.add(ending)
  }

  #report(error: VoiceError, sessionId: string | undefined): void {
    if (this.#events.hasListeners('error')) this.#events.emit('error', { error, sessionId })
    else this.#runtime.logger.warn({ err: error, code: error.code, session: sessionId }, error.message)
  }

  async #drain(options: DrainOptions): Promise<DrainResult> {
    const { acceptsPerSecond } = this.limits
    const { clock } = this.#runtime
    const allEnded = () => this.#allEnded()
    const result = await drainSessions(this.#live, { ...options, clock, acceptsPerSecond, allEnded })
    // Until now one of them could still have resumed.
    for (const setup of [...this.setups]) setup.close(1012, retryHint(this.#capacity.retryMs()))
    return result
  }

  #allEnded(): Promise<unknown> {
    return Promise.all(this.#endings)
  }
}

/** Nobody hears it. */
const clientLeft: SetupFailure = { closeCode: 1001, code: 'internal', message: 'the client left' }

/** An accept that was used, has expired or is somebody else's opens nothing. */
function refuseSocket(socket: VoiceSocket): SocketSink {
  socket.close(1011, 'not admitted')
  return { message() {}, drain() {}, pong() {}, closed() {} }
}
