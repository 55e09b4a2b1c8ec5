import type {
  ProviderFailure,
  StreamInfo,
  TimedText,
  TtsRequest,
  TtsSink,
  TtsSpeakOptions,
  TtsStream,
} from '../../src/providers/contracts.js'
import type { Cancel, Clock } from '../../src/util/clock.js'
import { Respelling } from './respelling.js'

/** Everything that is said in one context. */
export interface ContextCall {
  /** Whole sentences, as a rule. */
  speak(text: string): void
  /** No more text comes: the last audio, then `ended`. */
  end(): void
  /** Nothing more is wanted. */
  abort(): void
  pause?(): void
  resume?(): void
}

/** What a call reports, never inside a call of the owner's. */
export interface ContextEvents {
  audio(audio: Uint8Array): void
  timing(items: readonly TimedText[]): void
  warning(event: { readonly code: string; readonly message: string }): void
  /** Once, last. */
  ended(failure?: ProviderFailure): void
}

export type BeginContext = (events: ContextEvents) => ContextCall

export interface SpeechContextsOptions {
  readonly clock: Clock
  readonly request: TtsRequest
  /** Loads and connects what calls are made with. What `failed` is told ends the stream. */
  load(
    failed: (failure: ProviderFailure) => void,
  ): Promise<{ readonly begin: BeginContext; readonly info?: StreamInfo }>
  /** What it means when that fails. */
  loadFailure(error: unknown): ProviderFailure
  /** Nothing of the stream is in use any more. */
  released?(): void
}

/** How long what was given before `close` may take to be spoken. */
const lastWordsMs = 10_000

interface Context {
  readonly call: ContextCall
  /** Text that waits for a flush. */
  text: string
  ended: boolean
}

/** A synthesis stream of a vendor who wants a call of its own for every context. */
export class SpeechContexts implements TtsStream {
  private readonly options: SpeechContextsOptions
  private readonly sink: TtsSink
  private readonly respelling: Respelling
  private begin: BeginContext | undefined
  /** What was asked before there was anything to make calls with. */
  private early: (() => void)[] = []
  private readonly contexts: Map<string, Context> = new Map()
  private paused = false
  private closing = false
  private over = false
  /** Ends the stream as soon as nothing is being said. */
  private failure: ProviderFailure | undefined
  private cancelLastWords: Cancel | undefined

  constructor(options: SpeechContextsOptions, sink: TtsSink) {
    this.options = options
    this.sink = sink
    const { signal, options: wanted } = options.request
    this.respelling = new Respelling(wanted.pronunciations)
    signal.addEventListener('abort', this.onAbort, { once: true })
    if (signal.aborted) this.abort()
    else this.load()
  }

  speak(text: string, options: TtsSpeakOptions): void {
    if (this.closing || this.over || this.failure) return
    const { begin } = this
    if (!begin) return void this.early.push(() => this.speak(text, options))
    const { contextId, flush = true, end = false } = options
    const open = this.contexts.get(contextId)
    if (open?.ended) return
    const said = this.respelling.apply(open ? text : text.trimStart())
    if (said === '' && !open) return end ? this.soon(() => this.sink.done(contextId)) : undefined
    const context = open ?? this.start(begin, contextId)
    context.text += said
    if (flush || end) flushed(context)
    if (end) ended(context)
  }

  flush(contextId: string): void {
    const context = this.contexts.get(contextId)
    if (context) flushed(context)
    else if (!this.begin && !this.over) this.early.push(() => this.flush(contextId))
  }

  cancel(contextId: string): void {
    const context = this.contexts.get(contextId)
    if (!context) {
      if (!this.begin && !this.over) this.early.push(() => this.cancel(contextId))
      return
    }
    this.contexts.delete(contextId)
    context.call.abort()
    this.soon(() => this.done(contextId))
  }

  pause(): void {
    this.paused = true
    for (const { call } of this.contexts.values()) call.pause?.()
  }

  resume(): void {
    this.paused = false
    for (const { call } of this.contexts.values()) call.resume?.()
  }

  /** Speaks what it was given, then goes. */
  close(): void {
    if (this.closing || this.over) return
    if (!this.begin && this.early.length > 0) return void this.early.push(() => this.close())
    this.closing = true
    this.resume()
    for (const context of this.contexts.values()) {
      flushed(context)
      ended(context)
    }
    if (this.contexts.size === 0) return this.finish(undefined)
    this.cancelLastWords = this.options.clock.after(lastWordsMs, () => this.finish(undefined))
  }

  abort(): void {
    this.finish(undefined)
  }

  private readonly onAbort = (): void => this.abort()

  private load(): void {
    const { options } = this
    options
      .load(failure => this.finish(this.closing ? undefined : failure))
      .then(({ begin, info }) => this.loaded(begin, info))
      .catch((error: unknown) => this.finish(options.loadFailure(error)))
  }

  private loaded(begin: BeginContext, info: StreamInfo | undefined): void {
    if (this.over) return
    this.begin = begin
    this.sink.open(info)
    for (const act of this.early.splice(0)) act()
  }

  private start(begin: BeginContext, id: string): Context {
    const wanted = (): boolean => !this.over && this.contexts.get(id) === context
    const call = begin({
      audio: audio => {
        if (wanted()) this.sink.audio(id, audio)
      },
      timing: items => {
        if (wanted() && items.length > 0) this.sink.timing(id, items)
      },
      warning: event => {
        if (!this.over) this.sink.warning(event)
      },
      ended: failure => {
        if (wanted()) this.ended(id, failure)
      },
    })
    const context: Context = { call, text: '', ended: false }
    this.contexts.set(id, context)
    if (this.paused) call.pause?.()
    return context
  }

  /** What is wrong with a text is wrong with no other; anything else is wrong with all that come after it. */
  private ended(id: string, failure: ProviderFailure | undefined): void {
    if (failure && failure.class !== 'data') return this.broken(id, failure)
    this.contexts.delete(id)
    this.done(id, failure)
  }

  /** What is being said already is said to its end, or it would be said twice. */
  private broken(id: string, failure: ProviderFailure): void {
    let reached = false
    for (const [one, { call }] of [...this.contexts]) {
      reached ||= one === id
      if (!reached) continue
      this.contexts.delete(one)
      call.abort()
    }
    this.failure ??= failure
    this.finishIfSilent()
  }

  private done(id: string, failure?: ProviderFailure): void {
    this.sink.done(id, failure)
    this.finishIfSilent()
  }

  private finishIfSilent(): void {
    if (this.contexts.size > 0 || !(this.closing || this.failure)) return
    this.finish(this.closing ? undefined : this.failure)
  }

  private finish(failure: ProviderFailure | undefined): void {
    if (this.over) return
    this.over = true
    this.early = []
    this.cancelLastWords?.()
    for (const { call } of this.contexts.values()) call.abort()
    this.contexts.clear()
    this.options.request.signal.removeEventListener('abort', this.onAbort)
    this.options.released?.()
    // The owner may be in the middle of a call, or not have its stream yet.
    queueMicrotask(() => this.sink.closed({ failure }))
  }

  private soon(tell: () => void): void {
    queueMicrotask(() => {
      if (!this.over) tell()
    })
  }
}

function flushed(context: Context): void {
  const { text } = context
  context.text = ''
  if (text.trim() !== '') context.call.speak(text)
}

function ended(context: Context): void {
  if (context.ended) return
  context.ended = true
  context.call.end()
}
