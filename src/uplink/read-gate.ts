import type { Cancel, Clock } from '../util/clock.js'

/** Longer, and pongs and acknowledgements that wait behind the audio would look like a dead link. */
const LONGEST_PAUSE_MS = 1000

/** Stops reading the client for a moment when its audio cannot be passed on: the network may hold it better than we. */
export class ReadGate {
  private readonly clock: Clock
  private readonly wanted: (wanted: boolean) => void
  private paused = false
  private full = false
  private cancel: Cancel | undefined

  constructor(clock: Clock, wanted: (wanted: boolean) => void) {
    this.clock = clock
    this.wanted = wanted
  }

  /** One pause each time it gets full: after it the client is read again, come what may. */
  update(full: boolean): void {
    if (full === this.full) return
    this.full = full
    if (!full) return this.open()
    this.paused = true
    this.cancel = this.clock.after(LONGEST_PAUSE_MS, () => this.open())
    this.wanted(false)
  }

  /** Reads again. */
  open(): void {
    this.cancel?.()
    this.cancel = undefined
    if (!this.paused) return
    this.paused = false
    this.wanted(true)
  }
}
