/** Numbers of AssemblyAI's. Those that depend on a plan or were never published can be put right with the option `limits`. */
export interface AssemblyAiLimits {
  /** Messages hold at least this much audio. Default 50: less is refused with 3007 (docs, Common session errors and closures). */
  readonly sttMinChunkMs: number
  /** Default 1.25: audio that comes faster than real time is refused with 3007 (docs, Common session errors and closures); by how much is not published. */
  readonly sttMaxRealtimeFactor: number
  /** Default 10800000, 3 hours: then comes 3008 (docs, Common session errors and closures). */
  readonly sttMaxSessionMs: number
  /** How often a stream without audio is kept open. Default 30000: without `inactivityTimeoutSecs` it never closes by itself (API reference), but what stands between may. */
  readonly sttKeepAliveMs: number
  /** Default 500: how long the end of a turn waits for its formatted twin. */
  readonly sttFormatWaitMs: number
}

export const assemblyAiLimits: AssemblyAiLimits = {
  sttMinChunkMs: 50,
  sttMaxRealtimeFactor: 1.25,
  sttMaxSessionMs: 10_800_000,
  sttKeepAliveMs: 30_000,
  sttFormatWaitMs: 500,
}
