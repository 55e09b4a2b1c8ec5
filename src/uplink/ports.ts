import type { AudioFormat } from '../audio/format.js'
import type { GapReason } from '../protocol/messages.js'
import type { SttOptions, SttProvider, Word } from '../providers/contracts.js'
import type { VoiceError } from '../util/errors.js'

/** A recogniser a session may use, with what to ask of it. The order of a session's candidates is its failover order. */
export interface SttCandidate {
  readonly provider: SttProvider
  readonly options: SttOptions
  readonly credentials?: Readonly<Record<string, unknown>> | undefined
}

/** A transcript in session time. Its text continues after the last final of the same utterance. */
export interface SessionTranscript {
  readonly kind: 'interim' | 'final' | 'speech-final'
  readonly text: string
  /** Number of the utterance in the session, from 0. */
  readonly utterance: number
  readonly startMs: number
  readonly endMs: number
  readonly confidence?: number | undefined
  readonly language?: string | undefined
  readonly words?: readonly Word[] | undefined
  readonly provider: string
}

/** A stretch of the user's audio that no recogniser will hear, in uplink bytes and in milliseconds of sound. */
export interface AudioGap {
  readonly from: number
  readonly to: number
  readonly ms: number
  /** The client's own reason, or `log` when it fell out of our audio log. */
  readonly reason: GapReason | 'log'
}

/** `live`: serving. `down`: being recovered, audio is kept. `lost`: nothing left to try. */
export type LegState = 'live' | 'down' | 'lost'

export interface LegChange {
  readonly state: LegState
  /** The provider now serving, or the one that failed. */
  readonly provider: string
  /** Why it is down or lost. */
  readonly error?: VoiceError | undefined
}

/** What the uplink tells the rest of the session. All calls are synchronous; none may throw. */
export interface UplinkPorts {
  transcript(transcript: SessionTranscript): void
  /** Voice began. */
  speechStart(atMs: number): void
  /** Voice has lasted `onsetMs`: long enough to interrupt. Once per stretch of speech. */
  onset(atMs: number): void
  speechEnd(atMs: number): void
  /**
   * The user has finished, by silence or by `finalize()`, and every result of what was said has been delivered
   * or has had its time. A provider's own endpoint arrives as a `speech-final` transcript instead.
   */
  endpoint(event: { readonly atMs: number; readonly cause: 'silence' | 'finalize' }): void
  /** The provider guesses that the turn is over, or takes it back. */
  eagerEnd(event: { readonly text: string } | null): void
  leg(change: LegChange): void
  gap(gap: AudioGap): void
  /** More unsent audio than fits: stop or go on reading the socket. */
  readsWanted(wanted: boolean): void
}

/** Totals since the session began. */
export interface UplinkStats {
  readonly acceptedBytes: number
  readonly acceptedMs: number
  /** Bytes no recogniser heard, by gaps of either side. */
  readonly lostBytes: number
  /** Bytes now held for replay. */
  readonly heldBytes: number
  readonly failovers: number
  readonly reconnects: number
  readonly provider: string | null
}

export type { AudioFormat }
