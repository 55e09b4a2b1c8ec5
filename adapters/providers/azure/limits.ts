/** Numbers of Azure's. Those that depend on a resource or were never published can be put right with the option `limits`. */
export interface AzureLimits {
  /** A stream without audio for this long gives up its connection; the next audio makes another. Default 60000: idle connections fail after minutes (cognitive-services-speech-sdk-js issue 880). */
  readonly sttIdleMs: number
  /** A recognition stream is replaced before this age. Default 600000: the service changes connections then (cognitive-services-speech-sdk-js issue 800). */
  readonly sttMaxSessionMs: number
  /** How much faster than real time audio is sent. Default 2: the client holds back more after the first 5 s (its source, `SPEECH-TransmitLengthBeforThrottleMs`). */
  readonly sttMaxRealtimeFactor: number
  /** Longest text of one request, in characters. Default 5000: a message may have 64 KiB with its markup, and audio 10 minutes (docs, Quotas and limits). */
  readonly ttsMaxTextChars: number
  /** Sentences spoken at once by one session, each on a connection of its own. Default 2. */
  readonly ttsContexts: number
}

export const azureLimits: AzureLimits = {
  sttIdleMs: 60_000,
  sttMaxSessionMs: 600_000,
  sttMaxRealtimeFactor: 2,
  ttsMaxTextChars: 5000,
  ttsContexts: 2,
}
