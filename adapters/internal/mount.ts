import type { Dialect } from '../../src/protocol/dialect.js'
import { SinkGate } from '../../src/sink-gate.js'
import type { VoiceSocket } from '../../src/socket.js'
import type { Accept, Reject, UpgradeRequest, VoiceMount } from '../../src/upgrade.js'
import { consoleLogger, type Logger } from '../../src/util/logger.js'
import { contextFailed } from './rejection.js'

export interface DialectOption {
  /** Speaks another wire on this mount. Default: `voice.v1` or plain, by subprotocol. */
  readonly dialect?: (() => Dialect) | undefined
}

export function loggerOf(voice: VoiceMount): Logger {
  return voice.logger ?? consoleLogger
}

/** The largest message core takes. Transports allow twice that, so that core answers 1009 alike on all of them. */
export function maxMessageBytes({ limits }: VoiceMount): number {
  return Math.max(limits.textBytes, limits.binaryBytes)
}

/** Asks core about an upgrade. A request that cannot be read, because the mount's `context` threw, is refused. */
export async function admit(
  voice: VoiceMount,
  { dialect }: DialectOption,
  readRequest: () => UpgradeRequest,
): Promise<Accept | Reject> {
  let request: UpgradeRequest
  try {
    request = readRequest()
  } catch (error) {
    loggerOf(voice).error({ err: error }, 'context failed; the upgrade is refused')
    return contextFailed
  }
  return voice.admit(request, { dialect })
}

/** A gate whose socket is closed with 1011 when its sink throws. */
export function gateOf(voice: VoiceMount, socket: Pick<VoiceSocket, 'close'>): SinkGate {
  return new SinkGate(error => {
    loggerOf(voice).error({ err: error }, 'an exception reached a socket event; its connection is closed')
    socket.close(1011, '')
  })
}
