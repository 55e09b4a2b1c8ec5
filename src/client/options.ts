import type { CloseVerdict } from '../protocol/close-codes.js'
import type { ConfigMessage } from '../protocol/messages.js'
import type { Clock } from '../util/clock.js'
import type { Logger } from '../util/logger.js'
import type { Loose } from '../util/loose.js'
import type { WebSocketConstructor } from './connection.js'
import type { EndpointSource } from './endpoints.js'
import type { Platform } from './platform.js'
import type { Player } from './player.js'
import type { ReconnectPolicy } from './reconnect.js'

/**
 * What the client asks of the session: the protocol's `config` message. The server decides. `stt_config` is also the
 * format of what is given to `sendAudio`: 16 kHz mono `linear16` by default.
 */
export type SessionConfig = Omit<
  Loose<ConfigMessage>,
  'type' | 'token' | 'previous_session' | 'stt_config' | 'tts_config' | 'audio_out'
> & {
  readonly stt_config?: Loose<ConfigMessage['stt_config']> | undefined
  readonly tts_config?: Loose<ConfigMessage['tts_config']> | undefined
  /** What the player can play. Default 48, 24 and 16 kHz, between which the server chooses by the state of the network. */
  readonly audio_out?: Loose<NonNullable<ConfigMessage['audio_out']>> | undefined
}

/**
 * A token for the server's `authenticate`, sent in the first message and never in the URL; null for none. Asked before
 * the first attempt, and once more with `expired` after the server refused it. A throw counts as a lost connection.
 */
export type TokenSource = (request: {
  readonly reason: 'initial' | 'expired'
}) => string | null | Promise<string | null>

export interface VoiceClientOptions {
  /** `wss://...`; several in order of preference; or a function. */
  readonly url: EndpointSource
  readonly getToken?: TokenSource | undefined
  readonly config?: SessionConfig | undefined
  /** Plays the speech. Without one the client emits `audio`, and `reportPlayback` tells what was heard of it. */
  readonly player?: Player | undefined
  /** False: the first loss is the end. */
  readonly reconnect?: Partial<ReconnectPolicy> | false | undefined
  /** What a close means. Default: `classifyClose` of `voice-ws/protocol`. */
  readonly classifyClose?: ((code: number, reason: string) => CloseVerdict) | undefined
  /** Default: the runtime's own. Node has one from version 22 on. */
  readonly WebSocket?: WebSocketConstructor | undefined
  /** Default: the events of the page, if there is one. */
  readonly platform?: Platform | undefined
  readonly clock?: Clock | undefined
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Default: the console. */
  readonly logger?: Logger | undefined
}
