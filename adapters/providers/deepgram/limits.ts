/** Numbers of Deepgram's. Those that depend on a plan or were never published can be put right with the option `limits`. */
export interface DeepgramLimits {
  /** How often a stream without audio is kept open. Default 4000: it closes after 10 s, "every 3 to 5 s" is advised (docs, Audio Keep Alive). */
  readonly sttKeepAliveMs: number
  /** Default 1.25: audio sent faster is not processed faster (docs, Recovering From Connection Errors). */
  readonly sttMaxRealtimeFactor: number
  /** How often a Flux socket without audio is pinged. Default 5000: it has no message for it and closes after 20 to 30 s (deepgram-python-sdk issue 649). */
  readonly fluxKeepAliveMs: number
  /** Default 2000: longer text is answered with close 1009 BIG-0001 (docs, TTS WebSocket errors). */
  readonly ttsMaxTextChars: number
  /** Flushes within `ttsFlushWindowMs`. Default 20 (docs, Flush). */
  readonly ttsFlushes: number
  /** Default 60000 (docs, Flush). */
  readonly ttsFlushWindowMs: number
  /** Default 3540000, a minute less than the 60 minutes after which 1011 NET-0003 comes (docs, TTS WebSocket errors). */
  readonly ttsMaxSessionMs: number
  /** How often a synthesis socket without text is pinged. Default 20000; its idle timeout is not published. */
  readonly ttsKeepAliveMs: number
}

export const deepgramLimits: DeepgramLimits = {
  sttKeepAliveMs: 4000,
  sttMaxRealtimeFactor: 1.25,
  fluxKeepAliveMs: 5000,
  ttsMaxTextChars: 2000,
  ttsFlushes: 20,
  ttsFlushWindowMs: 60_000,
  ttsMaxSessionMs: 59 * 60_000,
  ttsKeepAliveMs: 20_000,
}
