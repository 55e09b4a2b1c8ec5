import type {
  ProviderFailure,
  StreamInfo,
  SttRequest,
  SttSink,
  SttStream,
  Transcript,
} from '../../src/providers/contracts.js'
import type { Cancel, Clock } from '../../src/util/clock.js'
import { AudioClock } from './audio-clock.js'

/** One request to a recogniser that ends with its audio. Created anew for every stretch of speech. */
export interface RecognitionCall {
  /** Bytes that have not left the process, as far as visible. */
  readonly bufferedBytes: number
  /** The bytes are valid only during the call. False: taken, wait for `drain`. */
  push(audio: Uint8Array): boolean
  /** No more audio comes: the last results, then `ended`. */
  end(): void
  /** Nothing more is wanted. */
  abort(): void
}

/** What a call reports, never inside a call of the owner's. Times count from its first audio. */
export interface RecognitionCallEvents {
  ready(info?: StreamInfo): void
  transcript(transcript: Transcript): void
  speechStarted(atMs: number): void
  processed(ms: number): void
  drain(): void
  warning(event: { readonly code: string; readonly message: string }): void
  /** Once, last. Without a failure everything was heard. */
  ended(failure?: ProviderFailure): void
}

export type BeginCall = (events: RecognitionCallEvents) => RecognitionCall

export interface RecognitionCallsOptions {
  readonly clock: Clock
  readonly request: SttRequest
  /** Loads what calls are made with. */
  load(): Promise<BeginCall>
  /** What it means when that fails. */
  loadFailure(error: unknown): ProviderFailure
  /** Nothing of the stream is in use any more. */
  released?(): void
}

/** How long the last results of a call may take. */
const lastResultsMs = 5000
/** More than this is not kept while the client is being loaded: 8 s of 16 kHz audio. */
const maxEarlyBytes = 256 * 1024

interface Leg {
  readonly call: RecognitionCall
  /** Stream time of its first audio. */
  readonly baseMs: number
  /** Of a leg that must wait for the end of an earlier one. */
  readonly held: (() => void)[]
  /** How many `finalize` its end answers. */
  finalizes: number
  /** It was given audio. */
  used: boolean
  over: boolean
  failure: ProviderFailure | undefined
  cancelPatience: Cancel | undefined
}

/**
 * A recognition stream of a vendor who finalises only what has ended: every `finalize` ends a call, and the next audio
 * begins another one. A stream on which nothing is said has no call, so nothing is billed and nothing times out.
 */
export class RecognitionCalls implements SttStream {
  private readonly options: RecognitionCallsOptions
  private readonly sink: SttSink
  private readonly clock: AudioClock
  private begin: BeginCall | undefined
  /** What was asked before the client was loaded. */
  private early: (() => void)[] = []
  private earlyBytes = 0
  /** In the order of their audio. The first one speaks. */
  private readonly legs: Leg[] = []
  private current: Leg | undefined
  private announced = false
  /** What the sink must not hear before `open`. */
  private readonly untold: (() => void)[] = []
  private closing = false
  private over = false

  constructor(options: RecognitionCallsOptions, sink: SttSink) {
    this.options = options
    this.sink = sink
    this.clock = new AudioClock(options.request.format)
    const { signal } = options.request
    signal.addEventListener('abort', this.onAbort, { once: true })
    if (signal.aborted) this.abort()
    else this.load()
  }

  private load(): void {
    const { options } = this
    options
      .load()
      .then(begin => this.loaded(begin))
      .catch((error: unknown) => this.finish(options.loadFailure(error)))
  }

  get bufferedBytes(): number {
    return this.legs.reduce((sum, { call }) => sum + call.bufferedBytes, this.earlyBytes)
  }

  push(audio: Uint8Array): boolean {
    if (this.closing || this.over || audio.length === 0) return true
    if (this.begin) return this.send(this.begin, audio)
    const kept = new Uint8Array(audio)
    this.early.push(() => this.begin && this.send(this.begin, kept))
    this.earlyBytes += kept.length
    return this.earlyBytes < maxEarlyBytes
  }

  finalize(): void {
    if (this.closing || this.over) return
    if (!this.begin) return void this.early.push(() => this.finalize())
    if (this.current?.used) this.endCurrent()
    const last = this.legs.findLast(({ used }) => used)
    if (last) last.finalizes++
    else this.soon(() => this.sink.finalized())
  }

  /** Ends the call, for which nobody pays then; the next audio begins another one. */
  keepAlive(): void {
    if (this.announced && !this.closing) this.endCurrent()
  }

  close(): void {
    if (this.closing || this.over) return
    this.closing = true
    if (this.begin) this.sayGoodbye()
  }

  abort(): void {
    this.finish(undefined)
  }

  private readonly onAbort = (): void => this.abort()

  private loaded(begin: BeginCall): void {
    if (this.over) return
    this.begin = begin
    const wasFull = this.earlyBytes >= maxEarlyBytes
    this.earlyBytes = 0
    // Also without audio: whether the vendor can be reached is wanted to be known now.
    this.current = this.start(begin)
    for (const act of this.early.splice(0)) act()
    if (this.closing) this.sayGoodbye()
    else if (wasFull) this.soon(() => this.sink.drain())
  }

  private send(begin: BeginCall, audio: Uint8Array): boolean {
    this.current ??= this.start(begin)
    this.current.used = true
    this.clock.push(audio.length)
    return this.current.call.push(audio)
  }

  private sayGoodbye(): void {
    this.endCurrent()
    this.settle()
  }

  private endCurrent(): void {
    const leg = this.current
    if (!leg) return
    this.current = undefined
    if (!leg.used) return this.drop(leg)
    leg.call.end()
    leg.cancelPatience = this.options.clock.after(lastResultsMs, () => {
      leg.call.abort()
      this.ended(leg, { class: 'connection', reason: 'the last results did not come' })
    })
  }

  /** A call that heard nothing has nothing to say, and a vendor may take its end for a mistake. */
  private drop(leg: Leg): void {
    leg.over = true
    leg.call.abort()
    this.settle()
  }

  private start(begin: BeginCall): Leg {
    const tell = (event: () => void): void => {
      if (this.over || leg.over) return
      if (this.legs[0] === leg) event()
      else leg.held.push(event)
    }
    const call = begin({
      ready: info => this.ready(info),
      transcript: transcript => tell(() => this.sink.transcript(moved(transcript, leg.baseMs))),
      speechStarted: atMs => tell(() => this.sink.speechStarted({ atMs: atMs + leg.baseMs })),
      processed: ms => tell(() => this.sink.progress({ processedMs: ms + leg.baseMs })),
      drain: () => {
        if (!this.over && leg === this.current) this.sink.drain()
      },
      warning: event => tell(() => this.sink.warning(event)),
      ended: failure => this.ended(leg, failure),
    })
    const baseMs = this.clock.pushedMs
    const leg: Leg = { call, baseMs, held: [], ...unused }
    this.legs.push(leg)
    return leg
  }

  private ready(info: StreamInfo | undefined): void {
    if (this.announced || this.over) return
    this.announced = true
    this.sink.open(info)
    for (const tell of this.untold.splice(0)) this.soon(tell)
  }

  private ended(leg: Leg, failure: ProviderFailure | undefined): void {
    if (leg.over || this.over) return
    leg.over = true
    leg.cancelPatience?.()
    // Who hangs up without being asked has not heard everything.
    leg.failure = failure ?? (leg === this.current ? hungUp : undefined)
    this.settle()
  }

  /** Takes leave of the legs that are over, in order. */
  private settle(): void {
    for (let leg = this.legs[0]; leg?.over && !this.over; leg = this.legs[0]) {
      if (leg.failure) return this.finish(this.closing ? undefined : leg.failure)
      this.legs.shift()
      for (; leg.finalizes > 0; leg.finalizes--) this.sink.finalized()
      const next = this.legs[0]
      for (const event of next?.held.splice(0) ?? []) if (!this.over) event()
    }
    if (this.closing && this.legs.length === 0) this.finish(undefined)
  }

  private finish(failure: ProviderFailure | undefined): void {
    if (this.over) return
    this.over = true
    this.early = []
    this.earlyBytes = 0
    for (const leg of this.legs.splice(0)) {
      leg.cancelPatience?.()
      leg.call.abort()
    }
    this.options.request.signal.removeEventListener('abort', this.onAbort)
    this.options.released?.()
    // The owner may be in the middle of a call, or not have its stream yet.
    queueMicrotask(() => this.sink.closed({ failure }))
  }

  private soon(tell: () => void): void {
    if (!this.announced) return void this.untold.push(tell)
    queueMicrotask(() => {
      if (!this.over) tell()
    })
  }
}

const unused = { finalizes: 0, used: false, over: false, failure: undefined, cancelPatience: undefined }

const hungUp: ProviderFailure = { class: 'connection', reason: 'the vendor ended the stream' }

function moved(transcript: Transcript, byMs: number): Transcript {
  if (byMs === 0) return transcript
  const { startMs, endMs, words } = transcript
  return {
    ...transcript,
    startMs: startMs + byMs,
    endMs: endMs + byMs,
    words: words?.map(word => ({ ...word, startMs: word.startMs + byMs, endMs: word.endMs + byMs })),
  }
}
