/** Numbers of Google Cloud's. Those that depend on a project or were never published can be put right with the option `limits`. */
export interface GoogleLimits {
  /** A stream without audio for this long gives up its call; the next audio begins another. Default 5000: a call without audio fails after about 10 s (observed by users). */
  readonly sttIdleMs: number
  /** A recognition stream is replaced before this age. Default 300000 (docs, Quotas and limits: 5 minutes). */
  readonly sttMaxSessionMs: number
  /** Largest audio of one message. Default 12800: 25 KB are allowed (docs, Quotas and limits), 15 KB by a comment in version 2's messages. */
  readonly sttMaxMessageBytes: number
  /** Longest text of one request, in characters. Default 1600: 5000 bytes (docs, Quotas and limits) of letters that take three each. */
  readonly ttsMaxTextChars: number
  /** A streaming synthesis without new text for this long is ended; more text begins another. Default 4000: it is aborted after 5 s (livekit agents issue 2406). */
  readonly ttsInputIdleMs: number
  /** Sentences spoken at once by one session. Default 2; a project may begin 200 a minute with Chirp 3 (docs, Quotas and limits). */
  readonly ttsContexts: number
  /** Calls on one HTTP/2 connection; beyond, another connection is made. Default 90: the 101st would wait for an earlier one to end (gRPC docs, Performance Best Practices). */
  readonly callsPerConnection: number
}

export const googleLimits: GoogleLimits = {
  sttIdleMs: 5000,
  sttMaxSessionMs: 300_000,
  sttMaxMessageBytes: 12_800,
  ttsMaxTextChars: 1600,
  ttsInputIdleMs: 4000,
  ttsContexts: 2,
  callsPerConnection: 90,
}
