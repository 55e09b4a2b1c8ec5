import type { AudioEncoding, AudioFormat } from '../audio/format.js'
import type { Agent } from '../conversation/agent.js'
import type { HistoryItem } from '../conversation/history.js'
import type { TtsCandidate } from '../conversation/ports.js'
import type { TurnOptions } from '../conversation/turn-options.js'
import type { ConfigMessage } from '../protocol/messages.js'
import type { ProviderHealth } from '../providers/health.js'
import type { SttCandidate } from '../uplink/ports.js'
import type { SlabPool } from '../uplink/slab-pool.js'
import type { Clock } from '../util/clock.js'
import type { Deadlines } from '../util/deadlines.js'
import type { VoiceError } from '../util/errors.js'
import type { Logger } from '../util/logger.js'
import type { Ticker } from '../util/ticker.js'
import type { Link } from './link.js'
import type { Catalogues } from './plan.js'
import type { Session } from './session.js'
import type { SessionLimits, SessionSettings } from './settings.js'
import type { SessionStore } from './store.js'
import type { Ticket } from './ticket.js'
import type { SessionOrigin, SessionReport, VoiceSession } from './voice-session.js'

/** What the sessions of one handler share. */
export interface SessionRuntime {
  readonly clock: Clock
  /** Uniform in [0, 1). Jitter only, never secrets. */
  readonly random: () => number
  /** The 20 ms beat that paces audio. */
  readonly ticker: Ticker
  readonly deadlines: Deadlines
  readonly slabs: SlabPool
  readonly health: ProviderHealth
  readonly store: SessionStore
  readonly logger: Logger
  readonly settings: SessionSettings
  readonly catalogues: Catalogues
  /** Starts over on a link whose session has ended for it. */
  reconfigure(link: Link, ticket: Ticket, config: ConfigMessage, history: readonly HistoryItem[]): void
  /** The session is over and holds nothing any more. */
  ended(session: Session, report: SessionReport): void
  /** An error that the session had no listener for. */
  unheard(error: VoiceError, session: Session): void
}

/** One session as its setup worked it out. */
export interface SessionSpec {
  readonly id: string
  readonly streamId: string
  readonly principal: unknown
  /** Taken once: the application may change its principal. */
  readonly principalKey: string
  readonly data: unknown
  readonly saved: unknown
  readonly metadata: Readonly<Record<string, unknown>>
  readonly origin: SessionOrigin
  readonly history: readonly HistoryItem[]
  readonly config: ConfigMessage
  readonly audioIn: AudioFormat
  readonly audioOut: {
    readonly encoding: Exclude<AudioEncoding, 'opus'>
    readonly sampleRates: readonly number[]
    readonly maxLeadMs: number
  }
  /** What admitted it. */
  readonly ticket: Ticket
  /** Empty: no recognition. */
  readonly stt: readonly SttCandidate[]
  /** Empty: no synthesis. */
  readonly tts: readonly TtsCandidate[]
  readonly agent: Agent<VoiceSession> | undefined
  readonly greeting: string | undefined
  readonly turns: TurnOptions
  readonly limits: SessionLimits
}
