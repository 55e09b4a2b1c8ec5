import type { Agent } from '../conversation/agent.js'
import type { HistoryItem } from '../conversation/history.js'
import type { TurnOptions } from '../conversation/turn-options.js'
import { type Loose, withDefaults } from '../util/loose.js'
import { secureId } from '../util/random.js'
import type { Plan, ProviderChoices } from './plan.js'
import { principalKey } from './resume.js'
import type { SessionSpec } from './runtime.js'
import type { SessionLimits, SessionSettings } from './settings.js'
import type { CreateRequest } from './setup.js'
import type { VoiceSession } from './voice-session.js'

/** What the application decided for one call. */
export interface CallDecision extends ProviderChoices {
  readonly agent?: Agent<VoiceSession> | undefined
  readonly greeting?: string | undefined
  readonly history?: readonly HistoryItem[] | undefined
  readonly turns?: Loose<TurnOptions> | undefined
  readonly limits?: Loose<SessionLimits> | undefined
  readonly data?: unknown
}

/** Puts together what the client asked for, what the application decided and what the handler's options say. */
export function specOf(
  request: CreateRequest,
  decision: CallDecision,
  plan: Plan,
  settings: SessionSettings,
  agent: Agent<VoiceSession> | undefined,
): SessionSpec {
  const { config, previous } = request
  const id = secureId(16)
  return {
    id,
    streamId: config.stream_id ?? id,
    principal: request.principal,
    principalKey: principalKey(request.principal),
    data: decision.data,
    saved: undefined,
    metadata: config.metadata ?? {},
    origin: previous ? 'continued' : 'new',
    history: decision.history ?? previous ?? [],
    config,
    ticket: { ...request.ticket, verdict: { kind: 'principal', principal: request.principal } },
    ...plan,
    agent: decision.agent ?? agent,
    greeting: decision.greeting,
    turns: withDefaults(settings.turns, decision.turns),
    limits: withDefaults(settings.limits, decision.limits),
  }
}
