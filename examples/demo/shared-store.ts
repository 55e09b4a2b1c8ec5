import type { SessionRecord, SessionStore } from 'voice-ws'

/** What a database is to real servers: one leaves a session's record there and the next one finds it. */
export class SharedStore implements SessionStore {
  readonly #records: Map<string, SessionRecord> = new Map()

  async get(id: string): Promise<SessionRecord | null> {
    const record = this.#records.get(id)
    return record && record.expiresAt > Date.now() ? record : null
  }

  async put(record: SessionRecord): Promise<boolean> {
    const known = this.#records.get(record.id)
    if (known && known.epoch > record.epoch) return false
    this.#forgetExpired()
    this.#records.set(record.id, record)
    return true
  }

  async claim(id: string, epoch: number): Promise<SessionRecord | null> {
    const record = await this.get(id)
    if (record?.epoch !== epoch) return null
    const claimed = { ...record, epoch: epoch + 1 }
    this.#records.set(id, claimed)
    return claimed
  }

  async delete(id: string): Promise<void> {
    this.#records.delete(id)
  }

  #forgetExpired(): void {
    for (const { id, expiresAt } of this.#records.values()) if (expiresAt <= Date.now()) this.#records.delete(id)
  }
}
