import type { LoadProbe } from './load.js'
import type { Dialect } from './protocol/dialect.js'
import type { SocketSink, VoiceSocket } from './socket.js'
import type { Logger } from './util/logger.js'

/** A request to open a voice connection, as plain data that stays valid. */
export interface UpgradeRequest {
  /** Path and query as the client sent them, or a full URL where the transport has one. */
  readonly url: string
  readonly method: string
  /** Names in lower case; repeated headers joined with `, `. */
  readonly headers: ReadonlyMap<string, string>
  /** The subprotocols offered, in order. */
  readonly protocols: readonly string[]
  readonly remoteAddress?: string | undefined
  /** Aborted when the client leaves before it is answered. */
  readonly signal: AbortSignal
  /** Whatever the mount's `context` gave: the framework's own view of the request. */
  readonly context: unknown
  /** The transport's own request object. */
  readonly raw: unknown
}

declare const accepted: unique symbol

/** Leave to open one socket. Opaque, single-use, valid for 10 s. */
export interface Accept {
  readonly ok: true
  /** The subprotocol to answer with; `''`: answer with none. */
  readonly protocol: string
  readonly [accepted]?: never
}

/** A refusal, to be answered as plain HTTP before the upgrade. */
export interface Reject {
  readonly ok: false
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface AdmitOptions {
  /** Speaks another wire on this mount. Called once per socket. Default: chosen by subprotocol. */
  readonly dialect?: (() => Dialect) | undefined
}

/** What an adapter needs of a handler. Neither member ever throws or rejects. */
export interface VoiceMount {
  /** Decides about an upgrade: origin, authentication, limits, load. */
  admit(request: UpgradeRequest, options?: AdmitOptions): Promise<Accept | Reject>
  /** Takes over an open socket. Synchronous, so that no frame can precede its sink. */
  open(socket: VoiceSocket, accept: Accept): SocketSink
  /** Largest messages core takes, so that a transport's own limit can be set to twice that. */
  readonly limits: { readonly textBytes: number; readonly binaryBytes: number }
  /** Where adapters report wrong mounts. Default: warnings and errors go to the console. */
  readonly logger?: Logger | undefined
  /** Takes the way to measure how busy the process is, from adapters whose runtime can tell. The first one counts. */
  watchLoad?(probe: LoadProbe): void
}
