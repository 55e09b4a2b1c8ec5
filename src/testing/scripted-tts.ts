import type { AudioFormat } from '../audio/format.js'
import type {
  ProviderFailure,
  TimedText,
  TtsCapabilities,
  TtsProvider,
  TtsRequest,
  TtsSink,
  TtsStream,
} from '../providers/contracts.js'
import type { Cancel, Clock } from '../util/clock.js'
import { speechOf } from './spoken-text.js'

/** How a connection misbehaves. Audio positions are milliseconds of sound over all its contexts. */
export interface TtsFault {
  /** Closes with this instead of opening. */
  readonly refuse?: ProviderFailure | undefined
  readonly neverOpens?: boolean | undefined
  /** Throws out of `connect`, or out of `speak`. */
  readonly throws?: 'connect' | 'speak' | undefined
  /** Closes with `failure` once this much audio was sent. */
  readonly closeAtMs?: number | undefined
  /** Default: class `connection`. */
  readonly failure?: ProviderFailure | undefined
  /** Takes text and sends no more audio once this much was sent; 0: none at all. */
  readonly muteAtMs?: number | undefined
  /** How much audio of a context still comes after its `cancel`. */
  readonly lateAudioMs?: number | undefined
  /** Never finishes a cancelled context. */
  readonly keepsCancelled?: boolean | undefined
  /** Reports every `done` twice. */
  readonly doubleDone?: boolean | undefined
  /** The failure of a context with this text. */
  readonly rejects?: ((text: string) => ProviderFailure | undefined) | undefined
  /** Reports `done` for this text without any audio. */
  readonly silentFor?: ((text: string) => boolean) | undefined
}

export interface ScriptedTtsOptions {
  readonly clock: Clock
  /** Default `scripted-tts`. */
  readonly name?: string | undefined
  /** Default: 16 kHz mono linear16. What is not linear16 mono is produced as if it were. */
  readonly formats?: readonly AudioFormat[] | undefined
  /** Default `word`. */
  readonly alignment?: 'word' | 'char' | 'none' | undefined
  /** Default 4. */
  readonly contexts?: number | undefined
  /** Default 1000. */
  readonly maxTextChars?: number | undefined
  /** Default 0: none. */
  readonly keepAliveMs?: number | undefined
  readonly maxSessionMs?: number | undefined
  /** False: the stream has no `pause`. Default true. */
  readonly pausable?: boolean | undefined
  /** Duration of a character. Default 50. */
  readonly msPerChar?: number | undefined
  /** How much faster than it plays sound is made. Default 10. */
  readonly speed?: number | undefined
  /** Default 50. */
  readonly openMs?: number | undefined
  /** From text to its first audio. Default 100. */
  readonly startMs?: number | undefined
  /** Closes with class `idle` after this long without text. Default: never. */
  readonly idleMs?: number | undefined
  /** The fault of each connection, counted from 0. Default: none. */
  readonly fault?: ((connection: number) => TtsFault | undefined) | undefined
}

/** Sound sent at once, and what comes after the last word of a context. */
const frameMs = 100
const closing = ' '

/**
 * A synthesiser whose audio says in its samples which text it is (see `textOf`), on a clock of the test's, with every
 * way to fail that vendors have shown.
 */
export class ScriptedTts implements TtsProvider {
  readonly name: string
  readonly capabilities: TtsCapabilities
  /** Every connection so far, the oldest first. */
  readonly connections: ScriptedTtsStream[] = []
  readonly #options: ScriptedTtsOptions

  constructor(options: ScriptedTtsOptions) {
    this.#options = options
    this.name = options.name ?? 'scripted-tts'
    this.capabilities = {
      contexts: options.contexts ?? 4,
      alignment: options.alignment ?? 'word',
      maxTextChars: options.maxTextChars ?? 1000,
      keepAliveMs: options.keepAliveMs ?? 0,
      maxSessionMs: options.maxSessionMs,
      formats: options.formats ?? [{ encoding: 'linear16', sampleRate: 16_000, channels: 1 }],
    }
  }

  /** Connections that have not ended. */
  get openStreams(): number {
    return this.connections.filter(connection => !connection.ended).length
  }

  /** Contexts that have not been reported as done, over all connections. */
  get openContexts(): number {
    return this.connections.reduce((sum, connection) => sum + connection.openContexts, 0)
  }

  /** Every text that was given to it, in order. */
  get texts(): readonly string[] {
    return this.connections.flatMap(connection => connection.texts)
  }

  connect(request: TtsRequest, sink: TtsSink): TtsStream {
    const fault = this.#options.fault?.(this.connections.length) ?? {}
    if (fault.throws === 'connect') throw new Error('scripted: connect')
    const stream = new ScriptedTtsStream(request, sink, this.capabilities, this.#options, fault)
    this.connections.push(stream)
    return stream
  }
}

interface Context {
  readonly id: string
  readonly text: string
  /** Characters sent so far. */
  sent: number
  begun: boolean
  /** Takes the next frame back. */
  next: Cancel | undefined
  cancelled: boolean
  lateMs: number
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

  speak(text: string, { contextId }: { readonly contextId: string }): void {
    if (this.#isEnded) return
    if (this.#fault.throws === 'speak') throw new Error('scripted: speak')
    if (!this.#isOpen) return this.fail({ class: 'data', reason: 'text before open' })
    this.texts.push(text)
    if (text.length > this.#capabilities.maxTextChars) return this.fail({ class: 'data', reason: 'text too long' })
    const context: Context = {
      id: contextId,
      text: text + closing,
      sent: 0,
      begun: false,
      next: undefined,
      cancelled: false,
      lateMs: 0,
    }
    this.#contexts.set(contextId, context)
    if (this.#contexts.size > this.#capabilities.contexts) {
      return this.fail({ class: 'connection', reason: 'too many contexts' })
    }
    this.#idle()
    this.#plan(context, this.#options.startMs ?? 100)
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
    if (this.#isEnded) return
    this.#end()
    this.#sink.closed({})
  }

  abort(): void {
    this.close()
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

  #plan(context: Context, ms: number): void {
    context.next?.()
    context.next = this.#after(ms, () => (context.begun ? this.#produce(context) : this.#begin(context)))
  }

  #begin(context: Context): void {
    context.begun = true
    const spoken = context.text.slice(0, -closing.length)
    const rejection = this.#fault.rejects?.(spoken)
    if (rejection) return this.#done(context, rejection)
    if (this.#fault.silentFor?.(spoken)) return this.#done(context)
    this.#time(context)
    this.#produce(context)
  }

  #time({ id, text }: Context): void {
    const msPerChar = this.#msPerChar
    const { alignment } = this.#capabilities
    if (alignment === 'none') return
    const items: TimedText[] = []
    const parts = alignment === 'char' ? text.matchAll(/./gsu) : text.matchAll(/\S+/gu)
    for (const part of parts) {
      items.push({
        text: part[0],
        startMs: part.index * msPerChar,
        endMs: (part.index + part[0].length) * msPerChar,
      })
    }
    this.#sink.timing(id, items)
  }

  /** Sends the next frame of a context, and plans the one after it. */
  #produce(context: Context): void {
    if (this.#isEnded || this.#isPaused || !this.#contexts.has(context.id) || this.#isMute()) return
    if (context.cancelled && context.lateMs <= 0) {
      if (!this.#fault.keepsCancelled) this.#done(context)
      return
    }
    const chars = Math.max(1, Math.round(frameMs / this.#msPerChar))
    const piece = context.text.slice(context.sent, context.sent + chars)
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
    if (context.sent >= context.text.length) this.#done(context)
    else this.#plan(context, pieceMs / (this.#options.speed ?? 10))
  }

  #isMute(): boolean {
    const { muteAtMs } = this.#fault
    return muteAtMs !== undefined && this.#audioMs >= muteAtMs
  }

  #done(context: Context, failure?: ProviderFailure): void {
    if (this.#isEnded || !this.#contexts.delete(context.id)) return
    this.#sink.done(context.id, failure)
    if (this.#fault.doubleDone) this.#sink.done(context.id, failure)
  }

  #idle(): void {
    const { idleMs } = this.#options
    this.#cancelIdle?.()
    if (idleMs !== undefined) {
      this.#cancelIdle = this.#after(idleMs, () => this.fail({ class: 'idle', reason: 'no text' }))
    }
  }

  #end(): void {
    this.#isEnded = true
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
