// Everything an engineer needs to write another client or server of the wire that PROTOCOL.md describes.
export type { AudioEncoding } from '../audio/format.js'
export type { ErrorClass } from '../util/errors.js'
export {
  CloseCode,
  type CloseVerdict,
  classifyClose,
  fitCloseReason,
  isSendableCloseCode,
  retryHint,
} from './close-codes.js'
export type { DecodeError, Dialect, DialectFeatures, DialectOutput, PlayedMark } from './dialect.js'
export { type ErrorCode, errorCodes } from './error-codes.js'
export type * from './messages.js'
export { createPlainDialect } from './plain.js'
export { decodeServerMessage } from './server-messages.js'
export { selectProtocol, VOICE_V1 } from './subprotocol.js'
export { createV1Dialect } from './v1.js'
