import type { Cancel, Clock } from './clock.js'

/** Something that wants to be called once per period while it is a member of a `Ticker`. */
export interface Ticking {
  /** `nowMs` is read once per period and shared by all members. Must not throw. */
  tick(nowMs: number): void
}

/**
 * One interval shared by every session: a timer per session would cost 226 bytes and a wake-up each.
 * It runs only while it has members, so an idle handler keeps no timer.
 */
export class Ticker {
  readonly #clock: Clock
  readonly #periodMs: number
  readonly #members: Set<Ticking> = new Set()
  #stop: Cancel | undefined

  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock
    this.#periodMs = periodMs
  }

  get size(): number {
    return this.#members.size
  }

  add(member: Ticking): void {
    this.#members.add(member)
    this.#stop ??= this.#clock.every(this.#periodMs, () => this.#tick())
  }

  remove(member: Ticking): void {
    this.#members.delete(member)
    if (this.#members.size > 0) return
    this.#stop?.()
    this.#stop = undefined
  }

  #tick(): void {
    const nowMs = this.#clock.now()
    for (const member of this.#members) member.tick(nowMs)
  }
}
