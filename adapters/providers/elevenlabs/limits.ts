/** Numbers of ElevenLabs'. Those that depend on a plan or were never published can be put right with the option `limits`. */
export interface ElevenLabsLimits {
  /** How often a stream without audio gets silence. Default 5000: it has no message for it and closes after about 15 s (observed by users). */
  readonly sttKeepAliveMs: number
  /** Default 300: a commit of less is answered with `commit_throttled` (observed by users). */
  readonly sttMinCommitMs: number
  /** Default 300: how long a committed transcript waits for its twin with the times of words. */
  readonly sttTimestampsWaitMs: number
  /** Contexts open at once on one socket. Default 4: the sixth ends the socket for all (close 1008), one is kept in reserve. */
  readonly ttsContexts: number
  /** `inactivity_timeout` of the socket, in seconds. Default 180, the highest there is (docs, WebSocket API reference). */
  readonly ttsInactivitySecs: number
  /** How often an open context without text is kept open. Default 60000. */
  readonly ttsKeepAliveMs: number
  /** Longest text of one message. Default 5000: none is published for WebSockets. */
  readonly ttsMaxTextChars: number
}

export const elevenLabsLimits: ElevenLabsLimits = {
  sttKeepAliveMs: 5000,
  sttMinCommitMs: 300,
  sttTimestampsWaitMs: 300,
  ttsContexts: 4,
  ttsInactivitySecs: 180,
  ttsKeepAliveMs: 60_000,
  ttsMaxTextChars: 5000,
}
