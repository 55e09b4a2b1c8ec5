/** Starts with 120 ms or at the end of an utterance, and again after it ran dry. */
export class SimulatedPlayer {
  current = ''
  playedMs = 0
  readonly played: { id: string; fromMs: number; toMs: number }[] = []
  private chunks: { id: string; fromMs: number; ms: number }[] = []
  private readonly ended = new Set<string>()
  private running = false

  get bufferedMs(): number {
    return this.chunks.reduce((sum, { ms }) => sum + ms, 0)
  }

  push(id: string, fromMs: number, ms: number): void {
    this.chunks.push({ id, fromMs, ms })
    if (this.chunks.length === 1 && !this.running && this.current !== id) {
      this.current = id
      this.playedMs = fromMs
    }
  }

  end(id: string): void {
    this.ended.add(id)
  }

  rewind(id: string, toMs: number): void {
    this.chunks = this.chunks.filter(chunk => chunk.id !== id || chunk.fromMs < toMs)
  }

  /** Drops everything up to and including the utterance, and says what was being heard and how far. */
  clear(through: string): { readonly id: string; readonly playedMs: number } {
    const heard = { id: this.current || through, playedMs: this.playedMs }
    const last = this.chunks.findLastIndex(({ id }) => id === through)
    this.chunks.splice(0, last < 0 ? this.chunks.length : last + 1)
    this.running = this.chunks.length > 0 && this.running
    const next = this.chunks[0]
    if (next) {
      this.current = next.id
      this.playedMs = next.fromMs
    }
    return heard
  }

  /** True when it ran dry in the middle of an utterance. */
  play(ms: number): boolean {
    if (!this.running) {
      const first = this.chunks[0]
      this.running = first !== undefined && (this.bufferedMs >= 120 || this.ended.has(first.id))
      if (!this.running) return false
    }
    let left = ms
    while (left > 1e-9) {
      const chunk = this.chunks[0]
      if (!chunk) {
        this.running = false
        return !this.ended.has(this.current)
      }
      const taken = Math.min(left, chunk.ms)
      this.current = chunk.id
      this.playedMs = chunk.fromMs + taken
      this.played.push({ id: chunk.id, fromMs: chunk.fromMs, toMs: this.playedMs })
      chunk.fromMs += taken
      chunk.ms -= taken
      left -= taken
      if (chunk.ms <= 1e-9) this.chunks.shift()
    }
    return false
  }
}
