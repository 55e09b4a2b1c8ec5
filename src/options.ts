import type { Authenticate } from './admission.js'
import type { Agent } from './conversation/agent.js'
import type { HistoryItem } from './conversation/history.js'
import { defaultTurnOptions, type TurnOptions } from './conversation/turn-options.js'
import { type BackpressureOptions, defaultBackpressure, defaultPacing, type PacingOptions } from './downlink/options.js'
import type { LoadLimits } from './load.js'
import type { ConfigMessage } from './protocol/messages.js'
import type { ProviderChoice, SttSource, TtsSource } from './providers/catalogue.js'
import type { SttOptions, TtsOptions } from './providers/contracts.js'
import type {
  ClientRights,
  KeepAliveOptions,
  RecoveryOptions,
  ResumeOptions,
  SessionLimits,
} from './session/settings.js'
import type { SessionStore } from './session/store.js'
import type { SessionOrigin, SessionReport, VoiceSession } from './session/voice-session.js'
import type { UpgradeRequest } from './upgrade.js'
import type { Clock } from './util/clock.js'
import type { Logger } from './util/logger.js'
import { type Loose, withDefaults } from './util/loose.js'

type MaybePromise<T> = T | Promise<T>

/** A call that is about to begin, before any provider connects. */
export interface ConfigureCall<Principal> {
  readonly principal: Principal
  readonly request: UpgradeRequest
  /** What the client asks for: validated in shape, not to be trusted in meaning. */
  readonly wanted: ConfigMessage
  readonly metadata: Readonly<Record<string, unknown>>
  readonly origin: SessionOrigin
  /** Of the session this one continues; empty for a new one. */
  readonly history: readonly HistoryItem[]
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal
}

/** What `configure` decides for one call; each member wins over what the client wants and over the handler's own. */
export interface CallConfig<Principal, Data> {
  /** Recognisers in failover order. */
  readonly stt?: readonly ProviderChoice<SttOptions>[] | undefined
  readonly tts?: readonly ProviderChoice<TtsOptions>[] | undefined
  readonly agent?: Agent<VoiceSession<Principal, Data>> | undefined
  /** Spoken first; never when a session is continued. */
  readonly greeting?: string | undefined
  /** What was said before this call. */
  readonly history?: readonly HistoryItem[] | undefined
  readonly turns?: Loose<TurnOptions> | undefined
  readonly limits?: Loose<SessionLimits> | undefined
  /** Becomes `session.data`. */
  readonly data?: Data | undefined
}

export interface HandlerLimits extends SessionLimits, LoadLimits {
  /** Sessions at once, detached ones included. Default 10,000. */
  readonly maxSessions: number
  /** Sessions of one address at once. Default: unlimited, because behind a proxy everyone has one address. */
  readonly perIp: number
  /** Sessions of one principal at once. Default: unlimited. */
  readonly perPrincipal: number
  /** Text messages of a client, in characters. Default 65,536. */
  readonly textBytes: number
  /** Binary messages of a client. Default 262,144: 8 s at 16 kHz. */
  readonly binaryBytes: number
  /** Text messages of a client a second; twice as many may come at once. Default 50. */
  readonly messagesPerSecond: number
  /** What the audio logs of all sessions may hold together. Default 268,435,456. */
  readonly ringBytes: number
  /** Default 50: above it audio latency collapses, and every further session makes it worse for all. */
  readonly maxLoopDelayMs: number
  /** Default 0.9. Above 1: never refuse for it. */
  readonly maxUtilisation: number
  /** New sessions a second this server can take, from which restart hints are worked out. Default 500. */
  readonly acceptsPerSecond: number
}

/**
 * Options of `createVoiceHandler`. Their order is also the order of inference: `authenticate` gives the principal,
 * `configure` the data, and everything below sees both.
 */
export interface VoiceHandlerOptions<Principal = unknown, Data = unknown> {
  /** Says who connects. Default: anybody may, as principal `null`, with a warning. */
  readonly authenticate?: Authenticate<Principal> | undefined
  /** Decides what one call gets. Default: what the client wants, within `clientMay`. */
  readonly configure?:
    | ((call: ConfigureCall<Principal>) => MaybePromise<CallConfig<Principal, Data> | undefined | void>)
    | undefined
  /** Recognisers in failover order. */
  readonly stt?: readonly SttSource[] | undefined
  /** Synthesisers in failover order. */
  readonly tts?: readonly TtsSource[] | undefined
  /** The conversation. Default: none, the application or the client says what is spoken. */
  readonly agent?: Agent<VoiceSession<Principal, Data>> | undefined
  /** Runs once per session, synchronously, before providers connect. */
  readonly onSession?: ((session: VoiceSession<Principal, Data>) => void) | undefined
  /** Runs once per session when it is over; `drain()` waits for it. */
  readonly onSessionEnd?:
    | ((session: VoiceSession<Principal, Data>, report: SessionReport) => MaybePromise<void>)
    | undefined
  readonly clientMay?: Loose<ClientRights> | undefined
  readonly keepAlive?: Loose<KeepAliveOptions> | undefined
  readonly backpressure?: Loose<BackpressureOptions> | undefined
  readonly pacing?: Loose<PacingOptions> | undefined
  /** False: a session ends with its socket. */
  readonly resume?: Loose<ResumeOptions> | false | undefined
  readonly recovery?: Loose<RecoveryOptions> | undefined
  readonly turns?: Loose<TurnOptions> | undefined
  readonly limits?: Loose<HandlerLimits> | undefined
  /** Browser origins besides the server's own. `'*'` allows any. Default: none. */
  readonly origins?: readonly string[] | undefined
  /** Proxies in front whose `X-Forwarded-For` counts: how many, or which. Default 0. */
  readonly trustProxy?: number | ((address: string) => boolean) | undefined
  /** Where ended sessions' histories are kept. Default: in this process. */
  readonly store?: SessionStore | undefined
  /** Default: warnings and errors to the console. */
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
  /** Uniform in [0, 1); only for jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined
}

export const defaultClientRights: ClientRights = {
  speak: 'without-agent',
  userText: true,
  event: true,
  chooseProvider: true,
  credentials: false,
}

export const defaultKeepAlive: KeepAliveOptions = { intervalMs: 25_000, timeoutMs: 10_000, loadBalancerIdleMs: 60_000 }

export const defaultRecovery: RecoveryOptions = { budgetMs: 30_000, onSttLost: 'fail', onTtsLost: 'continue' }

export const defaultResume: ResumeOptions = { windowMs: 30_000, replayWindowMs: 8000, historyTtlMs: 30 * 60_000 }

export const defaultLimits: HandlerLimits = {
  sessionMs: 60 * 60_000,
  idleMs: 120_000,
  ttsChars: 5000,
  maxSessions: 10_000,
  perIp: Number.POSITIVE_INFINITY,
  perPrincipal: Number.POSITIVE_INFINITY,
  textBytes: 64 * 1024,
  binaryBytes: 256 * 1024,
  messagesPerSecond: 50,
  ringBytes: 256 * 1024 * 1024,
  acceptsPerSecond: 500,
  maxLoopDelayMs: 50,
  maxUtilisation: 0.9,
}

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly clientMay: ClientRights
  readonly keepAlive: KeepAliveOptions
  readonly backpressure: BackpressureOptions
  readonly pacing: PacingOptions
  readonly resume: ResumeOptions | false
  readonly recovery: RecoveryOptions
  readonly turns: TurnOptions
  readonly limits: HandlerLimits
}

/** Fills the defaults in. An explicit `undefined` counts as absent. */
export function resolveOptions(options: VoiceHandlerOptions): ResolvedOptions {
  return {
    clientMay: withDefaults(defaultClientRights, options.clientMay),
    keepAlive: withDefaults(defaultKeepAlive, options.keepAlive),
    backpressure: withDefaults(defaultBackpressure, options.backpressure),
    pacing: withDefaults(defaultPacing, options.pacing),
    resume: options.resume === false ? false : withDefaults(defaultResume, options.resume),
    recovery: withDefaults(defaultRecovery, options.recovery),
    turns: withDefaults(defaultTurnOptions, options.turns),
    limits: withDefaults(defaultLimits, options.limits),
  }
}
