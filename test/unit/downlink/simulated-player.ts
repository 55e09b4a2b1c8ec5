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

  clear(): number {
    this.chunks = []
    this.running = false
    return this.playedMs
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
