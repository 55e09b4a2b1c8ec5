import type { Word } from '../providers/contracts.js'
import type { HistoryItem } from './history.js'

/** What an agent may yield: words to speak, or something to do. */
export type AgentPart =
  | string
  /** Speak what has been said so far without waiting for the end of a sentence. */
  | { readonly type: 'flush' }
  /** Adds an item to the history without speaking it: a tool call, a result, a note. */
  | { readonly type: 'record'; readonly role: string; readonly data: unknown }
  /** Sends an application event to the client. */
  | { readonly type: 'event'; readonly name: string; readonly data: unknown }
  /** Ends the session after everything said so far was heard. */
  | { readonly type: 'end' }

/** Why an agent's `signal` was aborted. */
export type AbortReason = 'barge_in' | 'superseded' | 'closed'

/** One turn of the user, as the agent gets it. */
export interface Turn<Session = unknown> {
  readonly id: string
  readonly text: string
  readonly words?: readonly Word[] | undefined
  readonly language?: string | undefined
  /** Session time, in milliseconds since `ready`. */
  readonly startMs: number
  readonly endMs: number
  /** `speech`: spoken; `text`: typed by the client; `app`: `session.userTurn()`. */
  readonly trigger: 'speech' | 'text' | 'app'
  /** Everything said so far; its last item is this turn. */
  readonly history: readonly HistoryItem[]
  readonly session: Session
  /** Aborted when nobody wants the answer any more; `signal.reason` is an `AbortReason`. */
  readonly signal: AbortSignal
}

export type AgentReply =
  | AsyncIterable<AgentPart>
  | Promise<string | AsyncIterable<AgentPart> | undefined | void>
  | string
  | undefined
  | void

/** The application's conversation: a turn of the user in, words out. */
export type Agent<Session = unknown> = (turn: Turn<Session>) => AgentReply
