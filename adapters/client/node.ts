import { WebSocket } from 'ws'
import {
  createVoiceClient as createCoreClient,
  type VoiceClient,
  type VoiceClientOptions,
  type WebSocketConstructor,
} from '../../src/client/index.js'
import { systemClock } from '../../src/util/clock.js'

export * from '../../src/client/index.js'

export interface NodeVoiceClientOptions extends Omit<VoiceClientOptions, 'WebSocket'> {
  /** Of the upgrade request, such as `Authorization: Bearer ...` for servers that authenticate there. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** What the client needs to know of a close, and what only Node can see of a refused upgrade. */
interface Refusal {
  readonly code: number
  readonly reason: string
  readonly retryAfterMs?: number | undefined
}

/** As often as the server pings, and as long as it waits. */
const pingEveryMs = 25_000
const pongWithinMs = 10_000

/**
 * A voice client on the `ws` package. Unlike a browser it reads the answer to a refused upgrade (401 asks for another
 * token, 503 is honoured with its `Retry-After`), cuts dead sockets at once, and pings the server.
 */
export function createVoiceClient(options: NodeVoiceClientOptions): VoiceClient {
  const { headers = {}, clock = systemClock } = options

  class NodeSocket extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { headers, perMessageDeflate: false })
      this.on('unexpected-response', (_request, { statusCode = 0, headers }) => {
        // The client learns more from this than from the close that follows.
        this.onclose?.(refusal(statusCode, headers['retry-after']) as never)
        this.terminate()
      })
      this.on('open', () => this.#watch())
    }

    /** Finds a dead peer although the call is silent. */
    #watch(): void {
      let answered = true
      let stopDeadline = () => {}
      const stopPings = clock.every(pingEveryMs, () => {
        answered = false
        this.ping()
        stopDeadline = clock.after(pongWithinMs, () => answered || this.terminate())
      })
      this.on('pong', () => {
        answered = true
      })
      this.on('close', () => {
        stopPings()
        stopDeadline()
      })
    }
  }

  return createCoreClient({ ...options, WebSocket: NodeSocket satisfies WebSocketConstructor })
}

/** The close code that says the same as the status of a refused upgrade. */
function refusal(status: number, retryAfter: string | undefined): Refusal {
  const reason = `HTTP ${status}`
  if (status >= 401 && status <= 403) return { code: 4000 + status, reason }
  if (status === 429 || status === 503) return { code: 1013, reason, retryAfterMs: retryAfterMs(retryAfter) }
  // A gateway whose server is just restarting; anything else is no voice endpoint.
  return { code: status >= 500 ? 1014 : 1002, reason }
}

/** Seconds or a date (RFC 9110 section 10.2.3). */
function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}
