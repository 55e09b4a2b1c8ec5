import type { AudioFormat } from '../audio/format.js'

/**
 * Why a provider connection failed. `auth` and `quota` never heal by retrying, `rate` heals with time, `data` is a
 * bug or a wrong format, `lifetime` and `idle` are planned ends that count as no failure, `connection` is the rest.
 */
export type FailureClass = 'auth' | 'quota' | 'rate' | 'data' | 'lifetime' | 'idle' | 'connection'

export interface ProviderFailure {
  readonly class: FailureClass
  /** For logs and `onProviderEvent`, never for the client. No credentials, no URLs. */
  readonly reason: string
  readonly retryAfterMs?: number | undefined
  readonly httpStatus?: number | undefined
  readonly closeCode?: number | undefined
  readonly vendorCode?: string | undefined
  readonly requestId?: string | undefined
  readonly cause?: unknown
}

export interface Word {
  readonly text: string
  readonly startMs: number
  readonly endMs: number
  readonly confidence?: number | undefined
}

/** One result. All times count from the first byte pushed into the stream that gives it. */
export interface Transcript {
  /** An `interim` may still change, a `final` not; `speech-final` is a final that also ends the utterance. */
  readonly kind: 'interim' | 'final' | 'speech-final'
  readonly text: string
  /** True: replaces all of the utterance so far. False: continues after the utterance's last final. */
  readonly cumulative?: boolean | undefined
  readonly startMs: number
  readonly endMs: number
  /** 0 to 1. Absent when the provider does not say. */
  readonly confidence?: number | undefined
  readonly language?: string | undefined
  readonly words?: readonly Word[] | undefined
}

export interface SttCapabilities {
  readonly interims: boolean
  readonly words: boolean
  /** Gives `speechStarted`. */
  readonly speechStarted: boolean
  /** Ends utterances by itself (`speech-final`). */
  readonly endpointing: boolean
  /** `ack`: `finalize()` is answered by `sink.finalized()`; `best-effort`: perhaps; `none`: cannot. */
  readonly finalize: 'ack' | 'best-effort' | 'none'
  /** How often `keepAlive()` must be called while no audio is sent. 0: never. */
  readonly keepAliveMs: number
  /** The provider ends a stream at this age; the bridge rolls over before. */
  readonly maxSessionMs?: number | undefined
  /** Message sizes the provider takes, in milliseconds of audio. */
  readonly chunkMs: { readonly min: number; readonly ideal: number; readonly max: number }
  /** How much faster than real time audio may be sent while catching up. Default 2. */
  readonly maxRealtimeFactor?: number | undefined
  /** What `connect` accepts. The bridge converts anything else of PCM or G.711 to the best of these. */
  readonly formats: readonly AudioFormat[]
  /** BCP 47 tags; absent: any. `en` covers `en-US`. */
  readonly languages?: readonly string[] | undefined
  /** Models a client may choose with `clientMay.chooseProvider`; absent: none. */
  readonly models?: readonly string[] | undefined
}

export interface SttOptions {
  readonly language?: string | undefined
  readonly model?: string | undefined
  readonly punctuate?: boolean | undefined
  readonly keyterms?: readonly string[] | undefined
  /** Passed through untouched, for what only this provider has. */
  readonly vendor?: Readonly<Record<string, unknown>> | undefined
}

export interface SttRequest {
  readonly format: AudioFormat
  /** Session time of the first byte, in milliseconds. For logs: times in events stay relative to the stream. */
  readonly baseOffsetMs: number
  /** Aborted when the stream is no longer wanted. */
  readonly signal: AbortSignal
  /** The client's own credentials, only when the application allowed them. */
  readonly credentials?: Readonly<Record<string, unknown>> | undefined
  readonly options: SttOptions
}

export interface StreamInfo {
  readonly requestId?: string | undefined
}

export interface StreamClosed {
  /** Absent: it ended because we asked. */
  readonly failure?: ProviderFailure | undefined
}

/** What a recognition stream reports. After `connect`: exactly one `open` or `closed` first, `closed` exactly once and last. */
export interface SttSink {
  open(info?: StreamInfo): void
  transcript(transcript: Transcript): void
  speechStarted(event: { readonly atMs: number }): void
  /** The provider thinks the turn may be over; `resumed` takes it back. */
  eagerEnd?(event: { readonly text: string }): void
  resumed?(): void
  /** Audio up to here has been processed. */
  progress(event: { readonly processedMs: number }): void
  /** All audio pushed before the last `finalize()` has been transcribed. */
  finalized(): void
  warning(event: { readonly code: string; readonly message: string }): void
  /** Writable again after `push` returned false. */
  drain(): void
  closed(event: StreamClosed): void
}

/** One connection to a recogniser. It never reconnects: retry, replay and failover belong to the bridge. */
export interface SttStream {
  /** Bytes accepted by `push` that have not left the process, as far as visible. */
  readonly bufferedBytes: number
  /** The bytes are valid only during the call. False: not writable, the bytes were taken, wait for `sink.drain()`. */
  push(audio: Uint8Array): boolean
  /** Asks for the results of everything pushed so far. */
  finalize?(): void
  keepAlive?(): void
  /** True when the running stream took the new options. */
  update?(options: SttOptions): boolean
  /** Ends gracefully: last results, then `closed`. */
  close(): void
  /** Ends at once: `closed` and nothing else. */
  abort(): void
}

/** A recogniser. `connect` is synchronous and never throws: failures arrive through `sink.closed`. */
export interface SttProvider {
  readonly name: string
  readonly capabilities: SttCapabilities
  connect(request: SttRequest, sink: SttSink): SttStream
}

export interface TtsCapabilities {
  /** Contexts open at once on one stream; further ones wait in the bridge. */
  readonly contexts: number
  /** What `timing` gives. */
  readonly alignment: 'word' | 'char' | 'none'
  /** Longest text of one `speak`, in characters. */
  readonly maxTextChars: number
  readonly keepAliveMs: number
  readonly maxSessionMs?: number | undefined
  /** What `connect` can produce, preferred first. */
  readonly formats: readonly AudioFormat[]
  readonly languages?: readonly string[] | undefined
  readonly models?: readonly string[] | undefined
  /** Voices a client may choose with `clientMay.chooseProvider`; absent: any. */
  readonly voices?: readonly string[] | undefined
}

export interface TtsOptions {
  readonly voiceId?: string | undefined
  readonly model?: string | undefined
  readonly language?: string | undefined
  /** 1 is the voice's own speed. */
  readonly speakingRate?: number | undefined
  readonly pronunciations?: readonly { readonly word: string; readonly pronunciation: string }[] | undefined
  readonly vendor?: Readonly<Record<string, unknown>> | undefined
}

export interface TtsRequest {
  readonly format: AudioFormat
  readonly signal: AbortSignal
  readonly credentials?: Readonly<Record<string, unknown>> | undefined
  readonly options: TtsOptions
}

/** When a piece of text is spoken, in milliseconds from the first audio of its context. */
export interface TimedText {
  readonly text: string
  readonly startMs: number
  readonly endMs: number
}

/** What a synthesis stream reports. `done` comes exactly once per context, `closed` exactly once and last. */
export interface TtsSink {
  open(info?: StreamInfo): void
  /** Headerless audio in the requested format, any size. The bytes belong to core from now on. */
  audio(contextId: string, audio: Uint8Array): void
  timing(contextId: string, items: readonly TimedText[]): void
  done(contextId: string, failure?: ProviderFailure): void
  warning(event: { readonly code: string; readonly message: string }): void
  closed(event: StreamClosed): void
}

export interface TtsSpeakOptions {
  readonly contextId: string
  /** Speak what is buffered now. Default true. */
  readonly flush?: boolean | undefined
  /** No more text comes for this context. Default false. */
  readonly end?: boolean | undefined
}

/** One connection to a synthesiser. It never reconnects. */
export interface TtsStream {
  speak(text: string, options: TtsSpeakOptions): void
  flush?(contextId: string): void
  /** Nothing of the context is wanted any more. Audio that still arrives is dropped by the bridge. */
  cancel(contextId: string, heard?: { readonly playedMs: number }): void
  /** Stops taking audio from the vendor, so that a slow client costs the vendor's memory instead of ours. */
  pause?(): void
  resume?(): void
  keepAlive?(): void
  close(): void
  abort(): void
}

/** A synthesiser. `connect` is synchronous and never throws. */
export interface TtsProvider {
  readonly name: string
  readonly capabilities: TtsCapabilities
  connect(request: TtsRequest, sink: TtsSink): TtsStream
}
