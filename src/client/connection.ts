import { VOICE_V1 } from '../protocol/subprotocol.js'
import type { Clock } from '../util/clock.js'
import { createAlarm } from './alarm.js'

/**
 * The part of the standard `WebSocket` that the client uses. Browsers, Node from version 22, Bun, Deno, workerd, React
 * Native and the `ws` package all have it.
 */
export interface WebSocketLike {
  binaryType: string
  readonly protocol: string
  /** React Native has none. */
  readonly bufferedAmount?: number | undefined
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  /** `ws` only: ends a dead connection at once instead of waiting for a goodbye. */
  terminate?(): void
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike

/** How a connection ended. */
export interface Loss {
  /** The close code; 1006 when this side gave the connection up. */
  readonly code: number
  readonly reason: string
  /** Not before so many milliseconds: `Retry-After` of a refused upgrade, where the runtime shows it. */
  readonly retryAfterMs?: number | undefined
}

/** One socket from its creation to its end. */
export interface Connection {
  readonly socket: WebSocketLike
  /** As JSON. */
  send(message: object): void
  /** Counts as lost unless called again in time; without a time it is trusted. */
  expect(timeoutMs?: number): void
  /** Says goodbye; `lost` follows. */
  close(): void
  /** Ends the socket and reports nothing any more. */
  drop(): void
}

/**
 * Opens a socket. Throws what its constructor throws: the URL is wrong.
 *
 * @param opened must set the next deadline.
 * @param lost exactly once, last, never inside a call that was made on the connection, and never after `drop`.
 */
export function connect(
  WebSocket: WebSocketConstructor,
  url: string,
  timeoutMs: number,
  clock: Clock,
  opened: (connection: Connection) => void,
  received: (connection: Connection, data: string | ArrayBuffer) => void,
  lost: (connection: Connection, loss: Loss) => void,
): Connection {
  const socket = new WebSocket(url, [VOICE_V1])
  const deadline = createAlarm(clock)
  let over = false

  const lose = (loss: Loss) => {
    if (over) return
    connection.drop()
    lost(connection, loss)
  }
  const connection: Connection = {
    socket,
    send: message => socket.send(JSON.stringify(message)),
    expect(ms) {
      deadline(ms, ms ? () => lose({ code: 1006, reason: 'timeout' }) : undefined)
    },
    close() {
      // Browsers wait up to a minute for a dead peer to answer.
      connection.expect(2000)
      socket.close(1000)
    },
    drop() {
      over = true
      connection.expect()
      socket.terminate?.()
      socket.close()
    },
  }

  socket.binaryType = 'arraybuffer'
  socket.onopen = () => {
    if (over) return
    if (socket.protocol === VOICE_V1) opened(connection)
    else lose({ code: 1002, reason: `no ${VOICE_V1}` })
  }
  socket.onmessage = ({ data }: { readonly data: string | ArrayBuffer }) => {
    if (!over) received(connection, data)
  }
  // What failed is not told to scripts; a close event follows. Without a listener `ws` would throw.
  socket.onerror = () => {}
  socket.onclose = lose
  connection.expect(timeoutMs)
  return connection
}
