import type { FailureClass, ProviderFailure } from '../../../src/providers/contracts.js'
import { failureOf } from '../../internal/vendor-failure.js'
import { numberOf, textOf, type VendorMessage } from '../../internal/vendor-message.js'
import type { VendorEnd } from '../../internal/vendor-socket.js'

/**
 * What its words mean. They go before the code: the same code has stood for different things over time (3005 once for
 * all of them), and 1008 for everything that is wrong with an account.
 */
const byProse: readonly (readonly [RegExp, FailureClass])[] = [
  [/too many concurrent sessions/i, 'rate'],
  [/transmission rate exceeded/i, 'rate'],
  [/session expired|maximum session duration/i, 'lifetime'],
  [/inactiv/i, 'idle'],
  [/insufficient|balance|funds|billing|credit card/i, 'quota'],
  [/input duration|invalid (?:message|json)/i, 'data'],
  // Comes and goes with one and the same key (assemblyai-node-sdk issue 97).
  [/incorrect padding/i, 'connection'],
]

/** From the SDK's list of errors. */
const byCode: Readonly<Record<number, FailureClass>> = {
  1008: 'auth',
  3005: 'connection',
  3006: 'data',
  3007: 'data',
  3008: 'lifetime',
  3009: 'rate',
  4000: 'data',
  4001: 'auth',
  4002: 'quota',
  4003: 'quota',
  4008: 'lifetime',
  4029: 'rate',
  4031: 'idle',
  4032: 'data',
  4033: 'data',
  4034: 'data',
  4101: 'data',
  4102: 'rate',
}

/** The end of a connection that said nothing before. */
export function assemblyAiFailure(end: VendorEnd, requestId: string | undefined): ProviderFailure {
  return failureOf(end, {
    class: classOf(end.closeCode, end.reason),
    vendorCode: end.closeCode !== undefined && end.closeCode >= 3000 ? String(end.closeCode) : undefined,
    requestId,
  })
}

/** A message of type `Error`, after which the socket closes with its code. */
export function assemblyAiError(message: VendorMessage, requestId: string | undefined): ProviderFailure {
  const code = numberOf(message.error_code)
  const reason = textOf(message.error) ?? 'an error without a message'
  return {
    class: classOf(code, reason) ?? 'connection',
    reason,
    vendorCode: code === undefined ? undefined : String(code),
    requestId,
  }
}

function classOf(code: number | undefined, reason: string): FailureClass | undefined {
  return byProse.find(([pattern]) => pattern.test(reason))?.[1] ?? byCode[code ?? 0]
}
