export { type Authenticate, type AuthenticateCall, type Defer, defer, type Rejection, reject } from './admission.js'
export type { AudioEncoding, AudioFormat } from './audio/format.js'
export type { Vad } from './audio/vad.js'
export type { AbortReason, Agent, AgentPart, AgentReply, Turn } from './conversation/agent.js'
export type { HistoryItem } from './conversation/history.js'
export type { TurnOptions } from './conversation/turn-options.js'
export type { PlayOptions, SayOptions, Utterance, UtteranceOutcome, UtteranceResult } from './conversation/utterance.js'
export type { BackpressureOptions, PacingOptions } from './downlink/options.js'
export type { DrainOptions, DrainResult } from './drain.js'
export {
  createVoiceHandler,
  type HandlerEvents,
  type HandlerHealth,
  type HandlerStats,
  type VoiceHandler,
} from './handler.js'
export type { LoadLimits, LoadProbe } from './load.js'
export type { CallConfig, ConfigureCall, HandlerLimits, VoiceHandlerOptions } from './options.js'
export { CloseCode, type CloseVerdict, classifyClose } from './protocol/close-codes.js'
export type { DecodeError, Dialect, DialectFeatures, DialectOutput, PlayedMark } from './protocol/dialect.js'
export type { ClientMessage, ConfigMessage, ServerMessage, SessionState } from './protocol/messages.js'
export type { ProviderChoice, SttSource, TtsSource } from './providers/catalogue.js'
export type * from './providers/contracts.js'
export type { ProviderStatus } from './providers/health.js'
export type {
  ClientRights,
  KeepAliveOptions,
  RecoveryOptions,
  ResumeOptions,
  SessionLimits,
} from './session/settings.js'
export type { SessionRecord, SessionStore } from './session/store.js'
export type {
  SessionEvents,
  SessionOrigin,
  SessionReport,
  TapFrame,
  VoiceSession,
} from './session/voice-session.js'
export {
  type MinimalSocket,
  type SendStatus,
  type SocketCapabilities,
  type SocketClosed,
  type SocketSink,
  type VoiceSocket,
  wrapSocket,
} from './socket.js'
export type { Accept, AdmitOptions, Reject, UpgradeRequest, VoiceMount } from './upgrade.js'
export type { AudioGap, SessionTranscript } from './uplink/ports.js'
export type { Cancel, Clock } from './util/clock.js'
export { type ErrorClass, type ErrorScope, VoiceError } from './util/errors.js'
export type { Logger } from './util/logger.js'
