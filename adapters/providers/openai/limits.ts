/** Numbers of OpenAI's. Those that depend on a plan or were never published can be put right with the option `limits`. */
export interface OpenAiLimits {
  /** Default 100: a commit of less is refused with `input_audio_buffer_commit_empty` (in the words of that error). */
  readonly sttMinCommitMs: number
  /** Default 60000: quiet audio is committed after this long, so that it does not pile up before what is said next. */
  readonly sttMaxQuietMs: number
  /** Default 3600000: then comes "Your session hit the maximum duration of 60 minutes" (reachy_mini_conversation_app issue 134). */
  readonly sttMaxSessionMs: number
  /** How often a recognition socket without audio is pinged. Default 20000; its idle timeout is not published. */
  readonly sttKeepAliveMs: number
  /** Texts spoken at once. Default 2: one that is heard and the next one. */
  readonly ttsContexts: number
  /** Default 4096 (API reference, Create speech). */
  readonly ttsMaxTextChars: number
}

export const openAiLimits: OpenAiLimits = {
  sttMinCommitMs: 100,
  sttMaxQuietMs: 60_000,
  sttMaxSessionMs: 3_600_000,
  sttKeepAliveMs: 20_000,
  ttsContexts: 2,
  ttsMaxTextChars: 4096,
}
