import type { CloseVerdict } from '../protocol/close-codes.js'
import type { ErrorMessage } from '../protocol/messages.js'
import type { Cancel, Clock } from '../util/clock.js'
import { messageOf } from '../util/errors.js'
import { createAlarm } from './alarm.js'
import { type Connection, connect, type Loss, type WebSocketConstructor } from './connection.js'
import { createEndpoints } from './endpoints.js'
import type { VoiceClientOptions } from './options.js'
import type { Platform } from './platform.js'
import { early, judge, type ReconnectPolicy, reconnectDelayMs } from './reconnect.js'

export interface LinkOptions extends Pick<VoiceClientOptions, 'url' | 'getToken' | 'reconnect'> {
  readonly policy: ReconnectPolicy
  readonly classify: (code: number, reason: string) => CloseVerdict
  readonly WebSocket: WebSocketConstructor
  readonly platform: Platform
  readonly clock: Clock
  readonly random: () => number
}

export interface LinkPorts {
  /** How long the server holds the session without a connection; 0 while there is none to hold. */
  holdMs(): number
  /** The link is open and waits for the first message. Until `answered` nothing else may be sent. */
  opened(link: Connection, token: string | null | undefined): void
  /** From the link, or from the one it replaces. */
  received(link: Connection, data: string | ArrayBuffer): void
  /** The link that was to be replaced serves on. */
  kept(link: Connection): void
  /** Nothing may be sent any more. */
  stop(): void
  /** Asks the server for a sign of life, and for how much it has. */
  probe(): void
  /** There is no link, and the next attempt is made in `delayMs`. */
  wait(loss: Loss, delayMs: number): void
  /** There will be no other link. Exactly once, last. */
  end(loss: Loss, verdict: CloseVerdict['class']): void
}

/** Keeps one connection usable for as long as that makes sense: replaces it when it is lost, and before it goes. */
export interface LinkKeeper {
  start(): void
  /** The link, while it may be written to. */
  attached(): Connection | undefined
  /** Since the connection was lost; 0 while there is one and before the first. */
  outageMs(): number
  /** Attempts since the last stable connection. */
  attempts(): number
  /** The server took the link. */
  answered(): void
  /** Opens another connection in `delayMs`. The present one serves until then. */
  move(delayMs: number, url?: string): void
  /** The server answers that the session is elsewhere. */
  redirect(url: string): void
  /** The server complained, which may explain what follows. */
  warned(error: ErrorMessage): void
  /** The link has died without a word. */
  dead(reason: string): void
  /** Ends, after the goodbye was answered or is overdue. */
  close(): void
  /** Ends now. */
  end(): void
}

export function keepLink(options: LinkOptions, ports: LinkPorts): LinkKeeper {
  /** A server has 10 s to connect the providers of a new session. */
  const configTimeoutMs = 12_000
  /** A connection that has been in use for so long makes the next loss the first. */
  const stableMs = 5000
  /** An `error` that ends a connection is followed by the close at once. */
  const errorExplainsMs = 1000
  const maxRedirects = 3

  const { WebSocket, classify, clock, platform, policy, random } = options
  const endpoints = createEndpoints(options.url, options.getToken)
  /** The connection in use, or the one that was asked to take over. */
  let link: Connection | undefined
  /** The link answered its first message. */
  let attached = false
  /** What the link replaces. Until the link is answered, it may still bring acknowledgements. */
  let old: Connection | undefined
  /** The attempt under way: its socket, once it has one. */
  let attempt: Partial<Connection> | undefined
  let token: string | null | undefined
  let plannedAtMs: number | undefined
  let lostAtMs: number | undefined
  const dialAlarm = createAlarm(clock)
  const giveUpAlarm = createAlarm(clock)
  const stableAlarm = createAlarm(clock)
  let unsubscribe: (Cancel | undefined)[] = []
  let suspended = false
  let over = false
  let attempts = 0
  let redirects = 0
  /** A `resume` that was given up may still arrive, late. */
  let unanswered = 0
  let lastError: ErrorMessage | undefined
  let errorAtMs = 0
  let lastKind: unknown
  let inARow = 0

  /** Infinite while there is no outage. */
  const outageAgeMs = () => (lostAtMs === undefined ? 1 / 0 : clock.now() - lostAtMs)
  const timeoutMs = () => early(outageAgeMs(), policy.timeoutMs)

  function move(delayMs: number, url?: string): void {
    if (url) endpoints.redirect(url)
    if (attempt || suspended) return
    plannedAtMs = clock.now() + delayMs
    dialAlarm(delayMs, dial)
  }

  function dial(): void {
    plannedAtMs = undefined
    // Without a network an attempt can only fail; its return starts the next one.
    if (platform.network?.online === false) return
    const mine: Partial<Connection> = {}
    attempt = mine
    endpoints.next().then(
      next => {
        if (mine !== attempt) return
        token = next[1]
        try {
          attempt = connect(WebSocket, next[0], timeoutMs(), clock, opened, received, lost)
        } catch (error) {
          undial()
          // A URL that no socket takes will not get better.
          if (!link) end({ code: 1006, reason: messageOf(error) }, 'DATA')
        }
      },
      error => {
        if (mine !== attempt) return
        undial()
        retry({ code: 1006, reason: messageOf(error) })
      },
    )
  }

  /** The attempt is over, one way or the other. */
  function undial(): void {
    dialAlarm()
    plannedAtMs = attempt = undefined
  }

  function opened(connection: Connection): void {
    undial()
    if (attached) {
      // Another server does not know what this one has heard: the answer comes before the other is ready.
      ports.probe()
      old = link
    } else if (link) forsake()
    detach()
    link = connection
    connection.expect(ports.holdMs() > 0 ? timeoutMs() : configTimeoutMs)
    ports.opened(connection, token)
  }

  function received(connection: Connection, data: string | ArrayBuffer): void {
    if ((connection === link || connection === old) && !over) ports.received(connection, data)
  }

  function lost(connection: Connection, loss: Loss): void {
    if (connection === link) lose(loss)
    else if (connection === old) old = undefined
    else if (connection === attempt) {
      undial()
      endpoints.failed(outageAgeMs())
      retry(loss)
    }
  }

  function lose(loss: Loss): void {
    if (over) return end(loss, 'NORMAL')
    if (!attached) forsake()
    // Who was refused elsewhere goes on here.
    if (attached || !old) release()
    else {
      link = old
      old = undefined
      ports.kept(link)
    }
    retry(loss)
  }

  /** There is no link any more. */
  function release(): void {
    detach()
    link?.drop()
    old?.drop()
    link = old = undefined
  }

  /** The link is given up without an answer. */
  function forsake(): void {
    link?.drop()
    endpoints.failed(outageAgeMs())
    unanswered++
  }

  function detach(): void {
    if (attached) {
      lostAtMs = clock.now()
      limit()
    }
    attached = false
    stableAlarm()
    ports.stop()
  }

  function limit(): void {
    // Timers hold no more: 24 days.
    giveUpAlarm(Math.min(policy.giveUpAfterMs, 2 ** 31 - 1), () => end({ code: 1006, reason: 'gave up' }, 'CONNECTION'))
  }

  function retry(loss: Loss): void {
    const error = clock.now() - errorAtMs <= errorExplainsMs ? lastError : undefined
    // A session taken over by our own earlier `resume`, delivered late, is not lost. One that another client took is.
    const ours = loss.code === 4409 && unanswered > 0
    if (ours) unanswered--
    const verdict = judge(classify, ours ? 1006 : loss.code, loss.reason, error)
    const refreshes = verdict.action === 'refresh'
    const kind = refreshes || loss.code
    inARow = kind === lastKind ? inARow + 1 : 1
    lastKind = kind
    const worthwhile = options.reconnect !== false && verdict.action !== 'stop' && inARow <= verdict.maxInARow
    if (!worthwhile || (refreshes && !endpoints.refresh())) {
      // A link that still serves is not given up because its replacement could not be reached.
      if (!link) end(loss, verdict.class)
      return
    }
    const { retryWithinMs } = verdict
    const retryAfterMs = loss.retryAfterMs ?? error?.retry_after_ms
    const capMs = outageAgeMs() < ports.holdMs() ? early(outageAgeMs(), policy.capMs) : policy.lateCapMs
    let delayMs = refreshes
      ? 0
      : reconnectDelayMs({ ...policy, capMs }, loss.code, retryAfterMs, retryWithinMs, attempts, random)
    // The window of a `goaway` holds also when the server is gone before it is over.
    if (plannedAtMs !== undefined && retryWithinMs === undefined) delayMs = plannedAtMs - clock.now()
    attempts++
    move(delayMs)
    if (!link) ports.wait(loss, delayMs)
  }

  /** What kept the next attempt waiting, or put the link in doubt, is over. */
  function stir(online: boolean): void {
    if (attached) ports.probe()
    else if (online && !link) {
      attempt?.drop?.()
      undial()
      move(random() * policy.baseMs)
    }
  }

  /** Goes as if the connection had broken now, and comes back when the page runs again. */
  function suspend(): void {
    if (suspended) return
    if (attached) link?.send({ type: 'bye', reason: 'suspend' })
    attempt?.drop?.()
    undial()
    release()
    suspended = true
    giveUpAlarm()
    ports.wait({ code: 1001, reason: 'suspended' }, 1 / 0)
  }

  function wake(): void {
    if (suspended) limit()
    suspended = false
    stir(true)
  }

  /** Nothing happens by itself any more. */
  function rest(): void {
    over = true
    attempt?.drop?.()
    undial()
    giveUpAlarm()
    stableAlarm()
    for (const undo of unsubscribe) undo?.()
    unsubscribe = []
  }

  function end(loss: Loss, verdict: CloseVerdict['class']): void {
    release()
    rest()
    ports.end(loss, verdict)
  }

  return {
    outageMs: () => (lostAtMs === undefined ? 0 : outageAgeMs()),
    move,
    attached: () => (attached ? link : undefined),
    attempts: () => attempts,
    start() {
      const { network, lifecycle } = platform
      unsubscribe = [network?.subscribe(stir), lifecycle?.subscribe(running => (running ? wake() : suspend()))]
      limit()
      move(0)
    },
    answered() {
      attached = true
      link?.expect()
      old?.drop()
      old = lostAtMs = undefined
      redirects = 0
      giveUpAlarm()
      stableAlarm(stableMs, () => {
        attempts = unanswered = 0
        lastKind = undefined
      })
    },
    redirect(url) {
      if (redirects++ >= maxRedirects || !endpoints.redirect(url))
        return lose({ code: 1012, reason: 'redirect refused' })
      release()
      move(0)
    },
    warned(error) {
      lastError = error
      errorAtMs = clock.now()
    },
    dead: reason => lose({ code: 1006, reason }),
    close() {
      rest()
      if (link) link.close()
      else end({ code: 1000, reason: '' }, 'NORMAL')
    },
    end: () => end({ code: 1000, reason: '' }, 'NORMAL'),
  }
}
