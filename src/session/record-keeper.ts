import type { Attachment } from './attachment.js'
import type { SessionRuntime, SessionSpec } from './runtime.js'
import type { SessionRecord, SessionStore } from './store.js'
import type { VoiceSession } from './voice-session.js'

export interface RecordSource {
  /** Undefined: nobody could come back to the session. */
  tokenDigest(): Uint8Array | undefined
  /** How the session stands. */
  record(): Omit<SessionRecord, 'tokenDigest'>
}

/** Keeps how a session stands in the store: one write at a time, always the newest state, and nobody waits for it. */
export class RecordKeeper {
  private readonly store: SessionStore
  private readonly source: RecordSource
  private stale = false
  private writing = false

  constructor(store: SessionStore, source: RecordSource) {
    this.store = store
    this.source = source
  }

  /** Something changed, or is about to within the same call. */
  keep(): void {
    this.stale = true
    if (!this.writing) void this.write()
  }

  private async write(): Promise<void> {
    this.writing = true
    while (this.stale) {
      // What is about to change within this call has changed then.
      await Promise.resolve()
      this.stale = false
      const tokenDigest = this.source.tokenDigest()
      if (!tokenDigest) break
      // A store that fails says so itself, and is asked again when something changes.
      await this.store.put({ ...this.source.record(), tokenDigest }).catch(() => false)
    }
    this.writing = false
  }
}

/** Null where no session outlives its socket. */
export function createRecordKeeper(
  session: VoiceSession,
  { id, principalKey }: SessionSpec,
  { clock, store, settings: { resume } }: SessionRuntime,
  attachment: Attachment,
): RecordKeeper | null {
  if (!resume) return null
  return new RecordKeeper(store, {
    tokenDigest: () => attachment.key.digest(),
    record: () => ({
      id,
      principalKey,
      epoch: attachment.epoch,
      history: [...session.history],
      saved: session.saved,
      expiresAt: clock.wallTime() + resume.historyTtlMs,
    }),
  })
}
