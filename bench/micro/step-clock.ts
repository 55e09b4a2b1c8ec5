import type { Cancel, Clock } from '../../src/util/clock.js'

interface Timer {
  dueMs: number
  /** 0: once. */
  readonly periodMs: number
  readonly fn: () => void
}

/** Time that moves when it is told to, and allocates nothing by moving. */
export class StepClock implements Clock {
  private nowMs = 0
  private readonly timers: Timer[] = []

  now(): number {
    return this.nowMs
  }

  wallTime(): number {
    return this.nowMs
  }

  after(delayMs: number, fn: () => void): Cancel {
    return this.add(delayMs, 0, fn)
  }

  every(periodMs: number, fn: () => void): Cancel {
    return this.add(periodMs, periodMs, fn)
  }

  step(ms: number): void {
    this.nowMs += ms
    for (let i = this.timers.length - 1; i >= 0; i--) {
      const timer = this.timers[i]
      if (!timer || timer.dueMs > this.nowMs) continue
      timer.dueMs += timer.periodMs
      if (timer.periodMs === 0) this.timers.splice(i, 1)
      timer.fn()
    }
  }

  private add(delayMs: number, periodMs: number, fn: () => void): Cancel {
    const timer = { dueMs: this.nowMs + delayMs, periodMs, fn }
    this.timers.push(timer)
    return () => {
      const index = this.timers.indexOf(timer)
      if (index >= 0) this.timers.splice(index, 1)
    }
  }
}
