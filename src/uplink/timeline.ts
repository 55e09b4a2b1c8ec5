/**
 * Where the sound of one provider stream lies in the session. The two run alike except where sound was left out of
 * the stream (a gap, audio that was lost) or put into it (silence that fills a message).
 */
export class StreamTimeline {
  private readonly streamMs: number[] = []
  private readonly sessionMs: number[] = []

  /** From `streamMs` of the stream on, its sound is that of the session at `sessionMs`. In the order of the stream. */
  add(streamMs: number, sessionMs: number): void {
    const last = this.streamMs.length - 1
    if (last >= 0 && this.streamMs[last] === streamMs) {
      this.sessionMs[last] = sessionMs
      return
    }
    this.streamMs.push(streamMs)
    this.sessionMs.push(sessionMs)
  }

  /** Session time of something that begins at `ms` of the stream. */
  startOf(ms: number): number {
    let index = this.streamMs.length - 1
    while (index > 0 && this.streamMs[index]! > ms) index--
    return this.at(index, ms)
  }

  /** Session time of something that ends at `ms` of the stream: where two stretches meet, the end of the first. */
  endOf(ms: number): number {
    let index = this.streamMs.length - 1
    while (index > 0 && this.streamMs[index]! >= ms) index--
    return this.at(index, ms)
  }

  /** Forgets what lies before `sessionMs`: no result can concern it any more. */
  forget(sessionMs: number): void {
    let count = 0
    while (count + 1 < this.sessionMs.length && this.sessionMs[count + 1]! <= sessionMs) count++
    this.streamMs.splice(0, count)
    this.sessionMs.splice(0, count)
  }

  private at(index: number, ms: number): number {
    const sessionMs = Math.max(this.sessionMs[0] ?? 0, (this.sessionMs[index] ?? 0) + ms - (this.streamMs[index] ?? 0))
    // Inside injected silence the session stands still.
    const next = this.sessionMs[index + 1]
    return next === undefined ? sessionMs : Math.min(next, sessionMs)
  }
}
