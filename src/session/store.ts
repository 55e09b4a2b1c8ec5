import type { HistoryItem } from '../conversation/history.js'
import type { Clock } from '../util/clock.js'

/** What outlives a session's sockets, and on a shared store its node. At most 40 KB, no audio. */
export interface SessionRecord {
  readonly id: string
  /** SHA-256 of the resume token. */
  readonly tokenDigest: Uint8Array
  /** Whose session it is; a token of somebody else's does not open it. */
  readonly principalKey: string
  readonly epoch: number
  readonly history: readonly HistoryItem[]
  readonly saved: unknown
  /** Wall time in milliseconds after which the record may be forgotten. */
  readonly expiresAt: number
}

/** Where records are kept. An outage of the store never touches a live session. */
export interface SessionStore {
  get(id: string): Promise<SessionRecord | null>
  /** Stores the record unless one of a higher epoch is there; false then: another node owns the session. */
  put(record: SessionRecord): Promise<boolean>
  /** Takes the session over: raises the stored epoch from `epoch` by one, or fails with null when it is not `epoch` any more. */
  claim(id: string, epoch: number): Promise<SessionRecord | null>
  delete(id: string): Promise<void>
}

/** Keeps records in this process. The default. */
export class MemoryStore implements SessionStore {
  readonly #records: Map<string, SessionRecord> = new Map()
  readonly #clock: Clock
  readonly #maxRecords: number

  /** @param maxRecords beyond it the oldest record is forgotten. */
  constructor(clock: Clock, maxRecords = 10_000) {
    this.#clock = clock
    this.#maxRecords = maxRecords
  }

  async get(id: string): Promise<SessionRecord | null> {
    return this.#fresh(id)
  }

  async put(record: SessionRecord): Promise<boolean> {
    const known = this.#records.get(record.id)
    if (known && known.epoch > record.epoch) return false
    // Deleting first moves the record to the young end of the map's order.
    this.#records.delete(record.id)
    this.#records.set(record.id, record)
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= this.#maxRecords) break
      this.#records.delete(oldest)
    }
    return true
  }

  async claim(id: string, epoch: number): Promise<SessionRecord | null> {
    const record = this.#fresh(id)
    if (record?.epoch !== epoch) return null
    const claimed = { ...record, epoch: epoch + 1 }
    this.#records.set(id, claimed)
    return claimed
  }

  async delete(id: string): Promise<void> {
    this.#records.delete(id)
  }

  #fresh(id: string): SessionRecord | null {
    const record = this.#records.get(id)
    if (!record) return null
    if (record.expiresAt > this.#clock.wallTime()) return record
    this.#records.delete(id)
    return null
  }
}
