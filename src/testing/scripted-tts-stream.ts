import type {
  ProviderFailure,
  TimedText,
  TtsCapabilities,
  TtsRequest,
  TtsSink,
  TtsSpeakOptions,
  TtsStream,
} from '../providers/contracts.js'
import type { Cancel, Clock } from '../util/clock.js'
import type { ScriptedTtsOptions, TtsFault } from './scripted-tts-options.js'
import { speechOf } from './spoken-text.js'

/** Sound sent at once, and what comes after the last word of a context. */
const frameMs = 100
const closing = ' '

interface Context {
  readonly id: string
  text: string
  /** Characters that may be sent: what was flushed. */
  ready: number
  /** Characters sent so far. */
  sent: number
  /** Characters whose times were sent. */
  timed: number
  begun: boolean
  ended: boolean
  cancelled: boolean
  /** Audio still to come after it was cancelled. */
  lateMs: number
  /** Takes the next frame back. */
  next: Cancel | undefined
}

/** One connection of a `ScriptedTts`, as the test sees it. */
export class ScriptedTtsStream implements TtsStream {
  readonly request: TtsRequest
  readonly texts: string[] = []
  /** Heard positions given with `cancel`, by context. */
  readonly cancelled: Map<string, number | undefined> = new Map()
  readonly pause?: () => void
  readonly resume?: () => void
  readonly #sink: TtsSink
  readonly #clock: Clock
  readonly #capabilities: TtsCapabilities
  readonly #options: ScriptedTtsOptions
  readonly #fault: TtsFault
  readonly #contexts: Map<string, Context> = new Map()
  readonly #timers: Set<Cancel> = new Set()
  #audioMs = 0
  #keepAlives = 0
  #cancelIdle: Cancel | undefined
  #isOpen = false
  #isPaused = false
  #isClosing = false
  #isEnded = false

  /** Made by `ScriptedTts.connect`. */
  constructor(
    request: TtsRequest,
    sink: TtsSink,
    capabilities: TtsCapabilities,
    options: ScriptedTtsOptions,
    fault: TtsFault,
  ) {
    this.request = request
    this.#sink = sink
    this.#clock = options.clock
    this.#capabilities = capabilities
    this.#options = options
    this.#fault = fault
    if (options.pausable ?? true) {
      this.pause = () => {
        this.#isPaused = true
      }
      this.resume = () => {
        this.#isPaused = false
        for (const context of this.#contexts.values()) if (context.begun) this.#plan(context, 0)
      }
    }
    request.signal.addEventListener('abort', this.#onAbort)
    if (!fault.neverOpens) this.#after(options.openMs ?? 50, () => this.#open())
  }

  get ended(): boolean {
    return this.#isEnded
  }

  get paused(): boolean {
    return this.#isPaused
  }

  get openContexts(): number {
    return this.#contexts.size
  }

  get keepAlives(): number {
    return this.#keepAlives
  }

  speak(text: string, { contextId, flush = true, end = false }: TtsSpeakOptions): void {
    if (this.#isEnded || this.#isClosing) return
    if (this.#fault.throws === 'speak') throw new Error('scripted: speak')
    if (!this.#isOpen) return this.fail({ class: 'data', reason: 'text before open' })
    if (text.length > this.#capabilities.maxTextChars) return this.fail({ class: 'data', reason: 'text too long' })
    if (text !== '') this.texts.push(text)
    const context = this.#contexts.get(contextId) ?? this.#openContext(contextId)
    if (this.#contexts.size > this.#capabilities.contexts) {
      return this.fail({ class: 'connection', reason: 'too many contexts' })
    }
    this.#idle()
    context.text += end ? text + closing : text
    context.ended ||= end
    if (flush || end) context.ready = context.text.length
    if (context.ready > context.sent && !context.next) this.#plan(context, this.#options.startMs ?? 100)
  }

  cancel(contextId: string, heard?: { readonly playedMs: number }): void {
    const context = this.#contexts.get(contextId)
    if (!context) return
    this.cancelled.set(contextId, heard?.playedMs)
    context.cancelled = true
    context.lateMs = this.#fault.lateAudioMs ?? 0
    if (!this.#fault.keepsCancelled && context.lateMs === 0) this.#after(0, () => this.#done(context))
  }

  keepAlive(): void {
    this.#keepAlives++
    this.#idle()
  }

  close(): void {
    this.#isClosing = true
    if (this.#contexts.size === 0) this.abort()
  }

  abort(): void {
    if (this.#isEnded) return
    this.#end()
    this.#sink.closed({})
  }

  /** Ends the connection as the vendor would. */
  fail(failure: ProviderFailure = { class: 'connection', reason: 'scripted' }): void {
    if (this.#isEnded) return
    this.#end()
    this.#sink.closed({ failure })
  }

  #open(): void {
    if (this.#fault.refuse) return this.fail(this.#fault.refuse)
    this.#isOpen = true
    this.#idle()
    this.#sink.open()
  }

  #openContext(id: string): Context {
    const none = { text: '', ready: 0, sent: 0, timed: 0, lateMs: 0, next: undefined }
    const context: Context = { id, ...none, begun: false, ended: false, cancelled: false }
    this.#contexts.set(id, context)
    return context
  }

  #plan(context: Context, ms: number): void {
    context.next?.()
    context.next = this.#after(ms, () => {
      context.next = undefined
      if (context.begun || this.#begin(context)) this.#produce(context)
    })
  }

  /** Whether there is anything to speak. */
  #begin(context: Context): boolean {
    context.begun = true
    const text = context.text.trim()
    const rejection = this.#fault.rejects?.(text)
    const isSilent = this.#fault.silentFor?.(text) || !/[\p{L}\p{N}]/u.test(text)
    if (rejection || isSilent) this.#done(context, rejection)
    return !rejection && !isSilent
  }

  #time(context: Context): void {
    const msPerChar = this.#msPerChar
    const { alignment } = this.#capabilities
    const from = context.timed
    context.timed = context.ready
    if (alignment === 'none' || from === context.ready) return
    const text = context.text.slice(from, context.ready)
    const items: TimedText[] = []
    for (const { 0: part, index } of text.matchAll(alignment === 'char' ? /./gsu : /\S+/gu)) {
      const startMs = (from + index) * msPerChar
      items.push({ text: part, startMs, endMs: startMs + part.length * msPerChar })
    }
    this.#sink.timing(context.id, items)
  }

  /** Sends the next frame of a context, and plans the one after it. */
  #produce(context: Context): void {
    if (this.#isEnded || this.#isPaused || !this.#contexts.has(context.id) || this.#isMute()) return
    if (context.cancelled && context.lateMs <= 0) {
      if (!this.#fault.keepsCancelled) this.#done(context)
      return
    }
    this.#time(context)
    const chars = Math.max(1, Math.round(frameMs / this.#msPerChar))
    const piece = context.text.slice(context.sent, Math.min(context.ready, context.sent + chars))
    const pieceMs = piece.length * this.#msPerChar
    const samplesPerChar = (this.request.format.sampleRate * this.#msPerChar) / 1000
    const audio = speechOf(piece, samplesPerChar, context.sent)
    context.sent += piece.length
    if (context.cancelled) context.lateMs -= pieceMs
    this.#audioMs += pieceMs
    this.#sink.audio(context.id, audio)
    if (this.#isEnded) return
    const { closeAtMs, failure } = this.#fault
    if (closeAtMs !== undefined && this.#audioMs >= closeAtMs) return this.fail(failure)
    if (context.sent < context.ready) this.#plan(context, pieceMs / (this.#options.speed ?? 10))
    else if (context.ended) this.#done(context)
  }

  #isMute(): boolean {
    const { muteAtMs } = this.#fault
    return muteAtMs !== undefined && this.#audioMs >= muteAtMs
  }

  #done(context: Context, failure?: ProviderFailure): void {
    if (this.#isEnded || !this.#contexts.delete(context.id)) return
    this.#sink.done(context.id, failure)
    if (this.#fault.doubleDone) this.#sink.done(context.id, failure)
    if (this.#isClosing) this.close()
  }

  #idle(): void {
    const { idleMs } = this.#options
    this.#cancelIdle?.()
    if (idleMs !== undefined) {
      this.#cancelIdle = this.#after(idleMs, () => this.fail({ class: 'idle', reason: 'no text' }))
    }
  }

  readonly #onAbort = () => this.abort()

  #end(): void {
    this.#isEnded = true
    this.request.signal.removeEventListener('abort', this.#onAbort)
    this.#contexts.clear()
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }

  #after(ms: number, fn: () => void): Cancel {
    const stop = this.#clock.after(ms, () => {
      this.#timers.delete(cancel)
      fn()
    })
    const cancel = () => {
      this.#timers.delete(cancel)
      stop()
    }
    this.#timers.add(cancel)
    return cancel
  }

  get #msPerChar(): number {
    return this.#options.msPerChar ?? 50
  }
}
