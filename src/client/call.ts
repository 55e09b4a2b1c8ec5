import type { CloseVerdict } from '../protocol/close-codes.js'
import type { ErrorMessage, ReadyMessage, ResumedMessage, ServerMessage } from '../protocol/messages.js'
import { VoiceError } from '../util/errors.js'
import type { Logger } from '../util/logger.js'
import { camelize } from './camel.js'
import type { Connection, Loss } from './connection.js'
import type { ClientState, PassedOn, ReadyEvent, VoiceEvent } from './events.js'
import { keepLink, type LinkKeeper, type LinkOptions } from './link-keeper.js'
import { type Liveness, watchLiveness } from './liveness.js'
import type { SessionConfig, VoiceClientOptions } from './options.js'
import { type PlaybackTracker, trackPlayback } from './playback-tracker.js'
import { createUplink, type Uplink } from './uplink.js'

/** What opens a session again. */
export interface SessionKey {
  readonly session_id: string
  readonly resume_token: string
}

export interface CallOptions extends LinkOptions, Pick<VoiceClientOptions, 'player'> {
  readonly config: SessionConfig
  readonly logger: Logger
}

/** One call, from `connect` to its single terminal event, over as many connections and sessions as it takes. */
export interface Call {
  readonly ready: Promise<ReadyEvent>
  readonly done: Promise<void>
  readonly uplink: Uplink
  readonly tracker: PlaybackTracker
  readonly liveness: Liveness
  readonly keeper: LinkKeeper
  state(): ClientState
  /** Proof that the session was ours. */
  key(): SessionKey | undefined
  /** Nothing more is sent or received. */
  closing(): boolean
  start(): void
  /** Says goodbye; `done` settles when that was answered or is overdue. */
  close(reason: string): void
  /** Messages of the application that will not take effect, or may not have. */
  reportDropped(count: number, why: string): void
}

/**
 * @param state before the call.
 * @param key of a session that ended, whose history this one continues.
 * @param listener is told everything that happens, and nothing after the terminal event.
 */
export function createCall(
  options: CallOptions,
  state: ClientState,
  key: SessionKey | undefined,
  listener: (event: VoiceEvent) => void,
): Call {
  const { sample_rate = 16_000, channels = 1, encoding = 'linear16' } = options.config.stt_config ?? {}
  const config = { type: 'config', audio_out: { sample_rates: [48_000, 24_000, 16_000] }, ...options.config }
  /** How long the server holds the session; 0 before there is one. */
  let holdMs = 0
  let silenceMs = 0
  let lastSeq = 0
  let serverDegraded = false
  let stalled = false
  /** Why the application closed the call. */
  let closing: string | undefined
  let over = false
  let settle: readonly [resolve: (event: ReadyEvent) => void, reject: (error: VoiceError) => void]
  const ready = new Promise<ReadyEvent>((...both) => {
    settle = both
  })
  // Whoever listens to events instead must not be punished with an unhandled rejection.
  ready.catch(() => {})
  let finish: () => void
  const done = new Promise<void>(resolve => {
    finish = resolve
  })

  const uplink = createUplink({ sampleRate: sample_rate, channels, encoding }, (from, to, reason) =>
    tell({ type: 'gap', from, to, ms: uplink.ring.toMs(to - from), reason }),
  )
  const tracker = trackPlayback(options.player, options.clock)
  const keeper = keepLink(options, {
    holdMs: () => holdMs,
    opened,
    received,
    kept(link) {
      attach(link, serverDegraded)
      uplink.start(link.socket)
      work('resumed')
    },
    stop,
    probe: () => liveness.probe(),
    wait,
    end,
  })
  const liveness = watchLiveness(options.clock, uplink, tracker, {
    lastSeq: () => lastSeq,
    stalled(given) {
      stalled = given
      work(stalled ? 'uplink_stalled' : 'uplink_recovered')
    },
    slow: behindMs => tell({ type: 'uplink_slow', behindMs }),
    dead: keeper.dead,
  })

  function tell(event: VoiceEvent): void {
    if (!over) listener(event)
  }

  function failure(message: Omit<ErrorMessage, 'type'>): VoiceError {
    const scope = message.class === 'PROVIDER' ? 'provider' : 'client'
    return new VoiceError(message.message, { ...message, scope, retryAfterMs: message.retry_after_ms })
  }

  function reportDropped(count: number, why: string): void {
    const message = `${count} dropped: ${why}`
    if (count > 0)
      tell({
        type: 'error',
        error: failure({ code: 'messages_dropped', message, class: 'CONNECTION', retryable: true }),
      })
  }

  function enter(next: ClientState, reason: string, provider?: string): void {
    const previous = state
    state = next
    if (state !== previous) tell({ type: 'state', state, previous, reason, provider })
  }

  /** Either end can find an active session degraded. */
  function work(reason: string, provider?: string): void {
    if (closing === undefined) enter(serverDegraded || stalled ? 'degraded' : 'active', reason, provider)
  }

  function opened(link: Connection, given: string | null | undefined): void {
    const token = given ?? undefined
    link.send(
      holdMs > 0
        ? {
            type: 'resume',
            token,
            ...key,
            last_seq: lastSeq,
            audio_in: { start: uplink.ring.start(), end: uplink.ring.end() },
            playback: tracker.report(),
            outage_ms: keeper.outageMs(),
            attempt: Math.max(0, keeper.attempts() - 1),
            config,
          }
        : { ...config, token, previous_session: key },
    )
    enter('configuring', holdMs > 0 ? 'resume' : 'config')
  }

  function received(link: Connection, data: string | ArrayBuffer): void {
    liveness.heard()
    try {
      if (typeof data === 'string') receive(link, JSON.parse(data))
      else if (keeper.attached()) {
        const chunk = tracker.audio(new Uint8Array(data))
        if (chunk) tell({ type: 'audio', ...chunk })
      }
    } catch (error) {
      options.logger.error({ error }, 'message or player failed')
    }
  }

  function receive(link: Connection, message: ServerMessage & { readonly seq?: number }): void {
    const { seq } = message
    if (keeper.attached()) {
      // Handled on an earlier connection.
      if (seq && seq <= lastSeq) return
      lastSeq = seq ?? lastSeq
      handle(link, message)
    } else if (message.type === 'ready') begin(link, message)
    else if (message.type === 'resumed') resume(link, message)
    else if (message.type === 'redirect') keeper.redirect(message.endpoint)
    // A numbered error is one of the old link, and will be repeated.
    else if (message.type === 'ack' || (message.type === 'error' && !seq)) handle(link, message)
  }

  function handle(link: Connection, message: ServerMessage): void {
    switch (message.type) {
      case 'ack':
        return liveness.confirm(message.audio_in, message.t, message.cseq)
      case 'ping':
        return link.send({ type: 'pong', t: message.t })
      case 'state':
        serverDegraded = message.state === 'degraded'
        return work(message.reason, message.provider)
      case 'error':
        keeper.warned(message)
        return tell({ type: 'error', error: failure(message) })
      case 'clear':
        return clear(message.through, message.reason, link)
      case 'stt_result':
        return tell({ ...camelize(message), type: 'transcript' })
      case 'pong':
        return
      case 'goaway':
        keeper.move(options.random() * message.window_ms, message.endpoint)
    }
    tracker.follow(message)
    tell(camelize(message as PassedOn))
  }

  function clear(through: string, reason: string, link?: Connection): void {
    const cleared = tracker.clear(through)
    link?.send({ type: 'cleared', ...cleared })
    tell({ type: 'clear', through, reason, ...camelize(cleared) })
  }

  function attach(link: Connection, degraded: boolean): void {
    keeper.answered()
    liveness.start(link, silenceMs)
    serverDegraded = degraded
    stalled = false
  }

  /** A new session, also when the old one was asked for and is gone. */
  function begin(link: Connection, message: ReadyMessage): void {
    const { resumeToken: resume_token, ...event } = camelize(message)
    key = { session_id: message.session_id, resume_token }
    holdMs = message.resume_window_ms
    silenceMs = message.ping_interval_ms + message.pong_timeout_ms
    lastSeq = 0
    uplink.ring.windowMs = message.replay_window_ms || uplink.ring.windowMs
    tracker.reset()
    attach(link, false)
    const dropped = uplink.restart(link.socket)
    work('ready')
    settle[0](event)
    tell(event)
    reportDropped(dropped, 'session gone')
  }

  function resume(link: Connection, message: ResumedMessage): void {
    const { lost, tts } = message
    const { from } = message.audio_in
    const { ring } = uplink
    key = { session_id: key!.session_id, resume_token: message.resume_token }
    // Counting on from there would move every later byte, so only a new session helps.
    if (from > ring.end()) {
      holdMs = 0
      return keeper.dead('bad offset')
    }
    const outageMs = keeper.outageMs()
    const heldFrom = Math.max(from, ring.start())
    tracker.follow(message)
    attach(link, message.state === 'degraded')
    uplink.resume(link.socket, from, message.cseq, lost)
    work('resumed')
    tell({
      type: 'resumed',
      outageMs,
      replayedMs: ring.toMs(ring.end() - heldFrom),
      lostMs: ring.toMs(heldFrom - Math.min(from, lost?.from ?? from)),
      eventsLost: message.events_lost,
    })
    if (tts?.action === 'discard') clear(tts.utterance_id, tts.action)
  }

  function stop(): void {
    uplink.stop()
    liveness.stop()
  }

  function wait({ code, reason }: Loss, delayMs: number): void {
    enter(holdMs > 0 ? 'reconnecting' : 'connecting', reason)
    tell({ type: 'reconnecting', attempt: keeper.attempts(), delayMs, code, reason, outageMs: keeper.outageMs() })
  }

  function end({ code, reason: cause }: Loss, verdict: CloseVerdict['class']): void {
    const reason = closing ?? cause
    const normal = verdict === 'NORMAL'
    const type = normal ? 'closed' : 'failed'
    closing = reason
    const error = failure({
      code: `call_${type}`,
      message: `the call ${type}: ${code} ${reason}`,
      class: normal ? 'CONNECTION' : verdict,
      retryable: verdict === 'CONNECTION',
    })
    enter(type, reason)
    tell(type === 'closed' ? { type, code, reason } : { type, code, reason, error })
    over = true
    settle[1](error)
    finish()
  }

  return {
    ready,
    done,
    uplink,
    tracker,
    liveness,
    keeper,
    reportDropped,
    state: () => state,
    key: () => key,
    closing: () => closing !== undefined,
    start() {
      keeper.start()
      enter('connecting', 'connect')
    },
    close(reason) {
      if (closing !== undefined) return
      closing = reason
      keeper.attached()?.send({ type: 'bye', reason })
      stop()
      enter('closing', reason)
      keeper.close()
    },
  }
}
