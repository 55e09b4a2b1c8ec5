/// <reference lib="esnext.disposable" preserve="true" />
import { classifyClose as classifyByCode } from '../protocol/close-codes.js'
import { type Cancel, systemClock } from '../util/clock.js'
import { Emitter } from '../util/emitter.js'
import { type Call, createCall } from './call.js'
import { createEventQueue, type EventQueue } from './event-queue.js'
import type { ClientState, ReadyEvent, VoiceEvent, VoiceEvents, VoiceEventType } from './events.js'
import type { VoiceClientOptions } from './options.js'
import type { OutboxMessage } from './outbox.js'
import { browserPlatform } from './platform.js'
import type { PlayerPosition } from './player.js'
import { defaultPolicy } from './reconnect.js'

export interface SpeakOptions {
  /** New in the session, at most 128 characters. Default: a random one. */
  readonly utteranceId?: string | undefined
  /** False: more text follows soon, the server may wait for it. Default true. */
  readonly flush?: boolean | undefined
  /** False: neither the user's voice nor `interrupt` stops it. Default true. */
  readonly allowInterruption?: boolean | undefined
}

export interface ClientStats {
  /** Smoothed round trip; 0 before the first. */
  readonly rttMs: number
  /** Since the connection was lost; 0 while there is one. */
  readonly outageMs: number
  /** Captured sound that the server does not have yet. */
  readonly behindMs: number
  /** Messages that the server has not confirmed. */
  readonly unconfirmedMessages: number
}

/**
 * A conversation with a voice-ws server that survives its connections: captured sound and messages reach the server
 * exactly once and in order, across any number of reconnects, for as long as the server holds the session.
 */
export interface VoiceClient extends AsyncDisposable {
  readonly state: ClientState
  readonly sessionId: string | null
  /** Null before the first call. */
  readonly stats: ClientStats | null
  /**
   * Begins a call. Resolves when the server is ready, rejects with a `VoiceError` when the call ends before, and with a
   * `TypeError` when the runtime has no WebSocket. While there is a call it returns that call's promise. After
   * `failed` the new session continues the conversation of the old one.
   */
  connect(): Promise<ReadyEvent>
  /** Ends the call. Resolves when the goodbye was answered, after 2 s at the latest. Never rejects. */
  close(options?: { readonly reason?: string | undefined }): Promise<void>
  /**
   * Captured sound in the format of `config.stt_config`, copied. Without a connection it is kept for replay, without a call it
   * is dropped. Never throws.
   */
  sendAudio(pcm: ArrayBuffer | ArrayBufferView): void
  /** Replaces the sound given to `sendAudio` by silence, which keeps recognition prompt. Opus packets are dropped. */
  setMuted(muted: boolean): void
  /** Asks the server to say something. Returns the id of the utterance. */
  speak(text: string, options?: SpeakOptions): string
  /** A turn of the user that was typed. */
  sendText(text: string): void
  /** The user has finished speaking: push to talk. */
  finalize(): void
  /** Stops what is being said and what is queued; with an id, only up to that utterance. */
  interrupt(utteranceId?: string): void
  /** A message for the application on the server. Throws a `TypeError` when `data` is not JSON. */
  send(name: string, data?: unknown): void
  /** How far the application's own player is. Without such reports speech is taken to be heard as fast as it is spoken. */
  reportPlayback(position: PlayerPosition): void
  /** Moves to another connection now, for example after a change of network. */
  reconnect(): void
  /** Returns its undo. What a listener throws is logged and harms nothing else. */
  on<T extends VoiceEventType>(type: T, listener: (event: VoiceEvents[T]) => void): Cancel
  /** Rejects when the call ends before the event. */
  once<T extends VoiceEventType>(type: T): Promise<VoiceEvents[T]>
  /**
   * Every event in order, until the call has ended. At most 1,024 wait for a slow reader; beyond that the oldest interim
   * transcript is dropped, or else the oldest event.
   */
  events<T extends VoiceEventType = VoiceEventType>(options?: {
    readonly types?: readonly T[] | undefined
  }): AsyncIterableIterator<VoiceEvents[T], undefined>
}

/** Creates a client. It opens nothing until `connect`, so it can be created anywhere. */
export function createVoiceClient(options: VoiceClientOptions): VoiceClient {
  const { config = {}, logger = console, random = Math.random } = options
  const emitter = new Emitter<VoiceEvents>((error, event) => logger.error({ error, event }, 'a listener failed'))
  const queues = new Set<EventQueue>()
  let call: Call | undefined
  let muted = false

  function tell(event: VoiceEvent): void {
    const { type } = event
    if (type === 'error' && !emitter.hasListeners(type)) logger.warn({ error: event.error }, type)
    emitter.emit(type, event as never)
    for (const queue of queues) queue.push(event)
    if (type !== 'closed' && type !== 'failed') return
    for (const queue of queues) queue.end()
    queues.clear()
  }

  /** The call, while it can be spoken into. */
  function live(): Call | undefined {
    return call?.closing() ? undefined : call
  }

  function post(message: OutboxMessage): void {
    const current = live()
    if (!current) throw new Error(`${message.type}: not connected`)
    current.reportDropped(current.uplink.send(message), 'too many')
  }

  function close({ reason = '' }: { readonly reason?: string | undefined } = {}): Promise<void> {
    call?.close(reason)
    return call?.done ?? Promise.resolve()
  }

  function events<T extends VoiceEventType = VoiceEventType>({
    types,
  }: {
    readonly types?: readonly T[] | undefined
  } = {}): AsyncIterableIterator<VoiceEvents[T], undefined> {
    const queue = createEventQueue(types, () => queues.delete(queue))
    queues.add(queue)
    return queue as AsyncIterableIterator<never, undefined>
  }

  return {
    close,
    events,
    get state() {
      return call?.state() ?? 'idle'
    },
    get sessionId() {
      return call?.key()?.session_id ?? null
    },
    get stats() {
      if (!call) return null
      const { keeper, liveness, uplink } = call
      return {
        rttMs: liveness.rttMs(),
        outageMs: keeper.outageMs(),
        behindMs: uplink.behindMs(),
        unconfirmedMessages: uplink.outbox.size(),
      }
    },
    connect() {
      const current = live()
      if (current) return current.ready
      const { WebSocket = (globalThis as Pick<VoiceClientOptions, 'WebSocket'>).WebSocket } = options
      if (!WebSocket)
        return Promise.reject(new TypeError("WebSocket: this runtime has none; use 'voice-ws/client/node' or pass one"))
      const state = call?.state() ?? 'idle'
      // The goodbye of the last call is not waited for.
      if (state === 'closing') call?.keeper.end()
      const previous = state === 'failed' ? call?.key() : undefined
      const { classifyClose: classify = classifyByCode, platform = browserPlatform(), clock = systemClock } = options
      const policy = { ...defaultPolicy, ...options.reconnect }
      call = createCall(
        { ...options, WebSocket, logger, config, policy, classify, platform, clock, random },
        state,
        previous,
        tell,
      )
      call.start()
      return call.ready
    },
    [Symbol.asyncDispose]: () => close(),
    sendAudio(audio) {
      const current = live()
      if (!current) return
      const pcm = ArrayBuffer.isView(audio)
        ? new Uint8Array(audio.buffer, audio.byteOffset, audio.byteLength)
        : new Uint8Array(audio)
      current.liveness.captured()
      current.uplink.push(pcm, muted)
    },
    setMuted(given) {
      muted = given
    },
    speak(text, { utteranceId, flush = true, allowInterruption = true } = {}) {
      const utterance_id = utteranceId ?? `c-${random().toString(36).slice(2)}`
      post({ type: 'speak', text, utterance_id, flush, allow_interruption: allowInterruption })
      return utterance_id
    },
    sendText: text => post({ type: 'user_text', text }),
    finalize: () => post({ type: 'finalize' }),
    interrupt: utterance_id => post({ type: 'clear', utterance_id }),
    send: (name, data = null) => post({ type: 'event', name, data }),
    reportPlayback: position => call?.tracker.hear(position),
    reconnect: () => live()?.keeper.move(0),
    on: (type, listener) => emitter.on(type, listener),
    async once(type) {
      for await (const event of events({ types: [type] })) return event
      throw new Error(`no ${type} before the end`)
    },
  }
}
