import { positionOf, stepMs } from './coded-speech.js'
import { SlowReader } from './slow-reader.js'

// Readers of a given rate, in a process of their own. Each answers with what it heard when it was told to stop.

/** What one reader does. */
export interface ReaderTask {
  readonly id: string
  readonly port: number
  readonly path: string
  readonly protocol: string
  readonly bytesPerSecond: number
  /** Hz of audio without markers. */
  readonly sampleRate: number
  /** Changes of the rate while it runs. */
  readonly changes?: readonly { readonly atMs: number; readonly bytesPerSecond: number }[]
  /** Reports of what is played. */
  readonly reports: boolean
}

export interface ReaderReport {
  readonly id: string
  /** For every 20 ms heard: how much later than live it arrived, live being the first byte and real time from there. */
  readonly lagsMs: readonly number[]
  readonly underruns: number
  readonly finals: readonly string[]
  readonly closeCode: number | null
}

/** A player starts with this much. */
const startMs = 120
const reportEveryMs = 200

class Reader {
  private readonly task: ReaderTask
  private readonly reader: SlowReader
  private readonly lags: number[] = []
  private readonly finals: string[] = []
  private readonly timers: NodeJS.Timeout[] = []
  private firstAt = Number.NaN
  private sampleRate: number
  private utterance = ''
  private received = 0
  private closeCode: number | null = null
  private underruns = 0
  /** When what is held will have been played, and where that is on the timeline. */
  private endsAt = 0
  private endMs = 0
  private heldMs = 0
  private playing = false

  constructor(task: ReaderTask) {
    this.task = task
    this.sampleRate = task.sampleRate
    this.reader = new SlowReader(task.port, task.path, task.protocol, task.bytesPerSecond, {
      text: text => this.text(text),
      binary: bytes => this.binary(bytes),
      closed: code => {
        this.closeCode = code
        this.stop()
      },
    })
    for (const { atMs, bytesPerSecond } of task.changes ?? [])
      this.timers.push(setTimeout(() => this.reader.setRate(bytesPerSecond), atMs))
    if (task.reports) this.timers.push(setInterval(() => this.report(), reportEveryMs))
  }

  finish(): ReaderReport {
    const { closeCode } = this
    this.stop()
    this.reader.destroy()
    return { id: this.task.id, lagsMs: this.lags, underruns: this.underruns, finals: this.finals, closeCode }
  }

  private stop(): void {
    for (const timer of this.timers) clearInterval(timer)
  }

  private text(text: string): void {
    const message = JSON.parse(text)
    if (message.type === 'tts_start') this.utterance = message.utterance_id
    if (message.type === 'tts_start' || message.type === 'tts_format') this.sampleRate = message.sample_rate
    if (message.type === 'stt_result') this.finals.push(message.transcript)
  }

  private binary(bytes: Buffer): void {
    const now = performance.now()
    const fromMs = positionOf(bytes)
    const ms = (bytes.length / 2 / this.sampleRate) * 1000
    if (Number.isNaN(this.firstAt)) this.firstAt = now - fromMs
    for (let at = 0; at < ms; at += stepMs) this.lags.push(now - this.firstAt - fromMs)
    this.received += bytes.length
    this.hold(now, fromMs, ms)
  }

  private hold(now: number, fromMs: number, ms: number): void {
    if (this.playing && now > this.endsAt) {
      this.underruns++
      this.playing = false
      this.heldMs = 0
    }
    this.heldMs += ms
    this.endMs = fromMs + ms
    if (this.playing) this.endsAt += ms
    else if (this.heldMs >= startMs) {
      this.playing = true
      this.endsAt = now + this.heldMs
    }
  }

  private report(): void {
    if (!this.utterance) return
    const bufferedMs = this.playing ? Math.max(0, this.endsAt - performance.now()) : this.heldMs
    const playback = {
      utterance_id: this.utterance,
      received_bytes: this.received,
      played_ms: Math.max(0, this.endMs - bufferedMs),
      buffered_ms: bufferedMs,
      underruns: this.underruns,
    }
    this.reader.sendText(JSON.stringify({ type: 'stats', seq: 0, t: 0, playback, buffered_bytes: 0, rtt_ms: 0 }))
  }
}

const readers: Reader[] = []
process.on('message', (message: { readonly tasks?: readonly ReaderTask[] } | 'stop') => {
  if (message !== 'stop') {
    for (const task of message.tasks ?? []) readers.push(new Reader(task))
    return
  }
  process.send?.({ heard: readers.map(reader => reader.finish()) }, () => process.disconnect())
})
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })
