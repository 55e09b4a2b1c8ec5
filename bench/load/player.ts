import { downBytesPerSecond } from './workload.js'

interface Playing {
  readonly id: string
  bytes: number
  startsAtMs: number
  ended: boolean
}

/** What a client waits for before it plays. */
const bufferMs = 120

/** The playback of a voice.v1 client, for its reports: every utterance plays in real time after the one before. */
export class SimulatedPlayer {
  private readonly queue: Playing[] = []
  private freeAtMs = 0

  /** Something is heard, or about to be. */
  get busy(): boolean {
    return this.queue.length > 0
  }

  start(id: string): void {
    this.queue.push({ id, bytes: 0, startsAtMs: Number.NaN, ended: false })
  }

  audio(bytes: number, nowMs: number): void {
    const last = this.queue.at(-1)
    if (!last) return
    if (Number.isNaN(last.startsAtMs)) last.startsAtMs = Math.max(nowMs + bufferMs, this.freeAtMs)
    last.bytes += bytes
    this.freeAtMs = last.startsAtMs + durationOf(last)
  }

  end(): void {
    const last = this.queue.at(-1)
    if (last) last.ended = true
  }

  clear(): void {
    this.queue.length = 0
    this.freeAtMs = 0
  }

  /** For `stats`. What was heard to its end is reported once more and then forgotten. */
  report(nowMs: number): string {
    const [first] = this.queue
    if (!first) return 'null'
    const totalMs = durationOf(first)
    const playedMs = Math.max(0, Math.min(totalMs, nowMs - first.startsAtMs)) || 0
    if (first.ended && playedMs >= totalMs) this.queue.shift()
    return `{"utterance_id":"${first.id}","received_bytes":${first.bytes},"played_ms":${Math.round(playedMs)},"buffered_ms":${Math.round(totalMs - playedMs)},"underruns":0}`
  }
}

function durationOf({ bytes }: Playing): number {
  return (bytes * 1000) / downBytesPerSecond
}
