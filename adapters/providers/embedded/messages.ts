import type { ProviderFailure, TimedText, Transcript } from '../../../src/providers/contracts.js'
import type { Voice } from './flite.js'

/**
 * What the main thread and the workers say to each other. A worker serves one or more streams; `stream` numbers are
 * never used again, so whatever arrives for one that is gone is old and is ignored.
 */

/** The first message of every worker. */
export type WorkerStartup = { readonly type: 'ready' } | { readonly type: 'failed'; readonly reason: string }

export type SpeechEvent = Transcript | { readonly kind: 'started'; readonly atMs: number }

export type ToRecogniser =
  | {
      readonly type: 'open'
      readonly stream: number
      readonly endpointMs: number
      readonly maxUtteranceMs: number
    }
  /** The bytes are transferred. */
  | { readonly type: 'audio'; readonly stream: number; readonly audio: Uint8Array }
  | { readonly type: 'finalize'; readonly stream: number }
  /** Last results, then `closed`. */
  | { readonly type: 'close'; readonly stream: number }
  /** Forget the stream, without an answer. */
  | { readonly type: 'abort'; readonly stream: number }

export type FromRecogniser =
  | { readonly type: 'opened'; readonly stream: number }
  /** `processedBytes` counts from the start of the stream: it is the credit of the sender too. */
  | {
      readonly type: 'heard'
      readonly stream: number
      readonly processedBytes: number
      readonly events: readonly SpeechEvent[]
    }
  | { readonly type: 'finalized'; readonly stream: number }
  | { readonly type: 'closed'; readonly stream: number }

/** `context` numbers are the main thread's, so that a cancelled context and its successor of the same name differ. */
export type ToSynthesiser =
  | { readonly type: 'open'; readonly stream: number; readonly voice: Voice; readonly speakingRate: number }
  | {
      readonly type: 'speak'
      readonly stream: number
      readonly context: number
      readonly text: string
      readonly flush: boolean
      readonly end: boolean
    }
  | { readonly type: 'cancel'; readonly stream: number; readonly context: number }
  | { readonly type: 'pause'; readonly stream: number; readonly paused: boolean }
  /** Speak what is there, then `closed`. */
  | { readonly type: 'close'; readonly stream: number }
  | { readonly type: 'abort'; readonly stream: number }

export type FromSynthesiser =
  | { readonly type: 'opened'; readonly stream: number }
  /** One clause; the bytes are transferred. */
  | { readonly type: 'audio'; readonly stream: number; readonly context: number; readonly audio: Uint8Array }
  | { readonly type: 'timing'; readonly stream: number; readonly context: number; readonly items: readonly TimedText[] }
  | {
      readonly type: 'done'
      readonly stream: number
      readonly context: number
      readonly failure?: ProviderFailure | undefined
    }
  | { readonly type: 'closed'; readonly stream: number }
