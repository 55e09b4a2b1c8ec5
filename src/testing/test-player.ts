interface Held {
  readonly id: string
  sampleRate: number
  bytesPerSample: number
  receivedBytes: number
  receivedMs: number
  playedMs: number
  ended: boolean
}

/** How often a playing client reports, in milliseconds. */
const reportEveryMs = 200

/**
 * The loudspeaker of a test call: plays what arrives at its due speed, reports as a client does, and drops what is
 * cleared.
 */
export class TestPlayer {
  private readonly send: (message: object) => void
  private readonly queue: Held[] = []
  private current: Held | undefined
  private last: Held | undefined
  private seq = 0
  private sinceReportMs = 0

  constructor(send: (message: object) => void) {
    this.send = send
  }

  receive(data: string | Uint8Array): void {
    if (typeof data !== 'string') return this.audio(data.length)
    const message = JSON.parse(data) as Readonly<Record<string, unknown>>
    if (typeof message.seq === 'number') this.seq = message.seq
    switch (message.type) {
      case 'tts_start':
        return this.begin(message)
      case 'tts_format':
        return this.format(message)
      case 'tts_skip':
        return this.skip(Number(message.ms))
      case 'tts_end':
        if (this.current) this.current.ended = true
        return
      case 'clear':
        return this.clear(String(message.through))
    }
  }

  /** Plays for `ms`, reporting on the way. */
  play(ms: number): void {
    this.sinceReportMs += ms
    let leftMs = ms
    for (let held = this.queue[0]; held && leftMs > 0; held = this.queue[0]) {
      const playMs = Math.min(leftMs, held.receivedMs - held.playedMs)
      held.playedMs += playMs
      leftMs -= playMs
      this.last = held
      if (held.playedMs < held.receivedMs || !held.ended) break
      this.queue.shift()
      // Each utterance gets one last report, which says that all of it was heard.
      this.report(held)
    }
    if (this.sinceReportMs >= reportEveryMs && this.last) this.report(this.last)
  }

  private begin({ utterance_id, sample_rate, encoding, from_bytes, from_ms }: Readonly<Record<string, unknown>>): void {
    const known = this.queue.find(held => held.id === utterance_id)
    const receivedMs = Number(from_ms)
    this.current = known ?? {
      id: String(utterance_id),
      sampleRate: 0,
      bytesPerSample: 0,
      receivedBytes: 0,
      receivedMs: 0,
      playedMs: receivedMs,
      ended: false,
    }
    this.current.receivedBytes = Number(from_bytes)
    this.current.receivedMs = receivedMs
    this.format({ sample_rate, encoding })
    if (!known) this.queue.push(this.current)
  }

  private format({ sample_rate, encoding }: Readonly<Record<string, unknown>>): void {
    if (!this.current) return
    this.current.sampleRate = Number(sample_rate)
    this.current.bytesPerSample = encoding === 'linear16' ? 2 : 1
  }

  private audio(bytes: number): void {
    if (!this.current) return
    this.current.receivedBytes += bytes
    this.current.receivedMs += (bytes / this.current.bytesPerSample / this.current.sampleRate) * 1000
  }

  private skip(ms: number): void {
    if (this.current) this.current.receivedMs += ms
  }

  private clear(through: string): void {
    const heard = this.queue.find(held => held.playedMs < held.receivedMs || !held.ended)
    const index = this.queue.findIndex(held => held.id === through)
    if (index < 0 || !heard) return
    this.queue.splice(0, index + 1)
    this.last = undefined
    this.send({ type: 'cleared', utterance_id: heard.id, played_ms: Math.floor(heard.playedMs) })
  }

  private report(held: Held): void {
    this.sinceReportMs = 0
    const bufferedMs = this.queue.reduce((sum, { receivedMs, playedMs }) => sum + receivedMs - playedMs, 0)
    this.send({
      type: 'stats',
      seq: this.seq,
      t: 0,
      playback: {
        utterance_id: held.id,
        received_bytes: held.receivedBytes,
        played_ms: held.playedMs,
        buffered_ms: bufferedMs,
        underruns: 0,
      },
      buffered_bytes: 0,
      rtt_ms: 0,
    })
  }
}
