/** One thing said or recorded. Plain data: store it, edit it, seed another session with it. */
export interface HistoryItem {
  readonly id: string
  /** `user`, `assistant`, or what an agent's `record` part named. */
  readonly role: string
  /** What was said; for the assistant, only what was heard. */
  readonly text: string
  /** The assistant was cut off here. */
  readonly interrupted?: boolean | undefined
  /** The `data` of a `record` part. */
  readonly data?: unknown
  /** Session time in milliseconds. */
  readonly atMs: number
}
