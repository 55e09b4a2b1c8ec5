import type { GapReason, ReadyMessage, ServerMessage, SessionState, SttResultMessage } from '../protocol/messages.js'
import type { VoiceError } from '../util/errors.js'
import type { Camelized } from './camel.js'
import type { AudioChunk } from './player.js'

/** `idle` before the first `connect`; the others as the server names them. `closed` and `failed` are final. */
export type ClientState = 'idle' | SessionState

/** What the server said in answer to `connect`, or to a `resume` whose session is gone. */
export type ReadyEvent = Omit<Camelized<ReadyMessage>, 'resumeToken'>

/** The user's words. Times count from the first captured sample of the session. */
export interface TranscriptEvent extends Omit<Camelized<SttResultMessage>, 'type'> {
  readonly type: 'transcript'
}

/** Messages of the server that reach the application as they are, in camelCase. */
export type PassedOn = Exclude<
  ServerMessage,
  {
    readonly type:
      | 'ready'
      | 'resumed'
      | 'stt_result'
      | 'state'
      | 'error'
      | 'ack'
      | 'redirect'
      | 'ping'
      | 'pong'
      | 'clear'
  }
>

/** Everything that happens, told apart by `type`. */
export type VoiceEvent =
  | {
      readonly type: 'state'
      readonly state: ClientState
      readonly previous: ClientState
      readonly reason: string
      /** The provider that is down, or up again. */
      readonly provider?: string | undefined
    }
  | ReadyEvent
  /** The session goes on after an outage. */
  | {
      readonly type: 'resumed'
      readonly outageMs: number
      /** Captured sound that is sent again. */
      readonly replayedMs: number
      /** Captured sound that nobody will hear; a `gap` tells which. */
      readonly lostMs: number
      /** More messages were missed than the server had kept; a `snapshot` follows. */
      readonly eventsLost: boolean
    }
  /** The connection is lost. The next attempt is made in `delayMs`: never, while the page is suspended. */
  | {
      readonly type: 'reconnecting'
      /** 1, 2, ... since the last stable connection. */
      readonly attempt: number
      readonly delayMs: number
      /** Why the connection or the last attempt ended. */
      readonly code: number
      readonly reason: string
      readonly outageMs: number
    }
  /** Captured sound that did not reach the server, in bytes of the session's uplink. */
  | {
      readonly type: 'gap'
      readonly from: number
      readonly to: number
      readonly ms: number
      readonly reason: GapReason
    }
  /** The network takes sound more slowly than it is captured. Once per episode. */
  | { readonly type: 'uplink_slow'; readonly behindMs: number }
  | TranscriptEvent
  | ({ readonly type: 'audio' } & AudioChunk)
  /** Drop whatever is held up to and including this utterance. The client's `player` has done so already. */
  | {
      readonly type: 'clear'
      readonly through: string
      readonly reason: string
      /** Where what was being heard was cut off. */
      readonly utteranceId: string
      readonly playedMs: number
    }
  | Camelized<PassedOn>
  | { readonly type: 'error'; readonly error: VoiceError }
  /** The end, as agreed. */
  | { readonly type: 'closed'; readonly code: number; readonly reason: string }
  /** The end, because of a failure. */
  | { readonly type: 'failed'; readonly code: number; readonly reason: string; readonly error: VoiceError }

export type VoiceEventType = VoiceEvent['type']
export type VoiceEvents = { readonly [T in VoiceEventType]: Extract<VoiceEvent, { readonly type: T }> }
