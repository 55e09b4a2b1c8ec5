/**
 * Where the sound of one provider stream lies in the session. The two run alike except where sound was left out of
 * the stream (a gap, audio that was lost) or put into it (silence that fills a message).
 */
export class StreamTimeline {
  /** Sound given to the stream so far: no result can lie beyond it, whatever the provider says. */
  lengthMs = 0
  private readonly streamMs: number[] = []
  private readonly sessionMs: number[] = []

  /** What is given to the stream next is the session's sound at `sessionMs`. */
  jumpTo(sessionMs: number): void {
    const last = this.streamMs.length - 1
    if (last >= 0 && this.streamMs[last] === this.lengthMs) {
      this.sessionMs[last] = sessionMs
      return
    }
    this.streamMs.push(this.lengthMs)
    this.sessionMs.push(sessionMs)
  }

  /** Session time of something that begins at `ms` of the stream. */
  startOf(ms: number): number {
    const at = this.within(ms)
    let index = this.streamMs.length - 1
    while (index > 0 && this.streamMs[index]! > at) index--
    return this.at(index, at)
  }

  /** Session time of something that ends at `ms` of the stream: where two stretches meet, the end of the first. */
  endOf(ms: number): number {
    const at = this.within(ms)
    let index = this.streamMs.length - 1
    while (index > 0 && this.streamMs[index]! >= at) index--
    return this.at(index, at)
  }

  /** Forgets what lies before `sessionMs`: no result can concern it any more. */
  forget(sessionMs: number): void {
    let count = 0
    while (count + 1 < this.sessionMs.length && this.sessionMs[count + 1]! <= sessionMs) count++
    this.streamMs.splice(0, count)
    this.sessionMs.splice(0, count)
  }

  /** Providers' times are not to be trusted: some are missing, some round up. */
  private within(ms: number): number {
    return ms > 0 ? Math.min(ms, this.lengthMs) : 0
  }

  private at(index: number, ms: number): number {
    const sessionMs = Math.max(this.sessionMs[0] ?? 0, (this.sessionMs[index] ?? 0) + ms - (this.streamMs[index] ?? 0))
    // Inside injected silence the session stands still.
    const next = this.sessionMs[index + 1]
    return next === undefined ? sessionMs : Math.min(next, sessionMs)
  }
}
