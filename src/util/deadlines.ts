import type { Cancel, Clock } from './clock.js'

/** Something with a deadline. A member has one deadline at a time. */
export interface Expiring {
  /** Called once when the deadline passed. May add itself again. Must not throw. */
  expire(nowMs: number): void
}

/**
 * Coarse deadlines for many sessions on one interval: keep-alive, idle and session limits, resume windows.
 * A native timer per session would cost 226 bytes and its own wake-up; a bucket per slot costs neither, and
 * spreads the pings of 10,000 sessions over the slots instead of sending them in one burst.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #slotMs: number
  readonly #slots: Map<number, Set<Expiring>> = new Map()
  readonly #slotOf: Map<Expiring, number> = new Map()
  #reached = 0
  #stop: Cancel | undefined

  /** @param slotMs how late a deadline may be met. */
  constructor(clock: Clock, slotMs = 250) {
    this.#clock = clock
    this.#slotMs = slotMs
  }

  get size(): number {
    return this.#slotOf.size
  }

  /** Sets the member's deadline `delayMs` from now, replacing the one it had. Never early, at most one slot late. */
  set(member: Expiring, delayMs: number): void {
    this.clear(member)
    const nowMs = this.#clock.now()
    if (!this.#stop) {
      this.#reached = Math.floor(nowMs / this.#slotMs)
      this.#stop = this.#clock.every(this.#slotMs, () => this.#sweep())
    }
    const slot = Math.max(this.#reached + 1, Math.ceil((nowMs + delayMs) / this.#slotMs))
    const bucket = this.#slots.get(slot)
    if (bucket) bucket.add(member)
    else this.#slots.set(slot, new Set([member]))
    this.#slotOf.set(member, slot)
  }

  clear(member: Expiring): void {
    const slot = this.#slotOf.get(member)
    if (slot === undefined) return
    this.#slotOf.delete(member)
    const bucket = this.#slots.get(slot)
    bucket?.delete(member)
    if (bucket?.size === 0) this.#slots.delete(slot)
    this.#stopWhenEmpty()
  }

  #sweep(): void {
    const nowMs = this.#clock.now()
    const current = Math.floor(nowMs / this.#slotMs)
    while (this.#reached < current) {
      const slot = ++this.#reached
      const bucket = this.#slots.get(slot)
      this.#slots.delete(slot)
      for (const member of bucket ?? []) {
        // An earlier member of the bucket may have cleared or moved this one.
        if (this.#slotOf.get(member) !== slot) continue
        this.#slotOf.delete(member)
        member.expire(nowMs)
      }
    }
    this.#stopWhenEmpty()
  }

  #stopWhenEmpty(): void {
    if (this.#slotOf.size > 0) return
    this.#stop?.()
    this.#stop = undefined
  }
}
