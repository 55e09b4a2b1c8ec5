/** Numbers of Cartesia's. Those that depend on a plan or were never published can be put right with the option `limits`. */
export interface CartesiaLimits {
  /** How often a recognition stream without audio gets silence. Default 60000: it closes after 3 minutes (pipecat, citing Cartesia). */
  readonly sttKeepAliveMs: number
  /** Contexts spoken at once on one connection. Default 2, what the free plan allows an account; Pro 3, Startup 5, Scale 15 (docs, Concurrency Limits and Timeouts). */
  readonly ttsContexts: number
  /** Longest text of one message. Default 5000: none is published. */
  readonly ttsMaxTextChars: number
}

export const cartesiaLimits: CartesiaLimits = {
  sttKeepAliveMs: 60_000,
  ttsContexts: 2,
  ttsMaxTextChars: 5000,
}
