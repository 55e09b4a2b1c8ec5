import { positionOf, stepMs } from './coded-speech.js'
import { SlowReader } from './slow-reader.js'

/** What one listener does. */
export interface ListenerTask {
  readonly id: string
  readonly port: number
  readonly path: string
  /** `voice.v1`, `''` for the plain dialect; `none`: a server that only sends audio. */
  readonly speaks: 'voice.v1' | '' | 'none'
  readonly bytesPerSecond: number
  /** Hz it can play, the best first. */
  readonly sampleRates: readonly number[]
  /** Changes of the rate, counted from the first sound. */
  readonly changes?: readonly { readonly atMs: number; readonly bytesPerSecond: number }[]
}

export interface ListenerReport {
  readonly id: string
  /** For every 20 ms heard: how much later than live it arrived, live being the first byte and real time from there. */
  readonly lagsMs: readonly number[]
  readonly heardMs: number
  /** What the server said it left out. */
  readonly skippedMs: number
  /** How often playback ran dry within an utterance. */
  readonly underruns: number
  /** Transcripts that are final, in the order in which they came. */
  readonly finals: readonly string[]
  /** Numbers of the events that came, likewise. */
  readonly notes: readonly number[]
  readonly levels: readonly string[]
  readonly rates: readonly number[]
  readonly errors: readonly string[]
  /** Audio that came after the `clear` of its utterance. */
  readonly afterClear: number
  readonly closeCode: number | null
}

/** A player starts with this much. */
const startMs = 120
const reportEveryMs = 200
const speakEveryMs = 100
/** 100 ms of 16 kHz. */
const silence = Buffer.alloc(3200)

type Message = Readonly<Record<string, unknown>>

/** A client with a microphone and a loudspeaker, which takes what it gets at a rate of its own. */
export class Listener {
  private readonly task: ListenerTask
  private readonly reader: SlowReader
  private readonly lags: number[] = []
  private readonly finals: string[] = []
  private readonly notes: number[] = []
  private readonly levels: string[] = []
  private readonly rates: number[] = []
  private readonly errors: string[] = []
  private readonly timers: NodeJS.Timeout[] = []
  private firstAt = Number.NaN
  private sampleRate: number
  private utterance = ''
  private received = 0
  private totalMs = 0
  private skippedMs = 0
  private lastSeq = 0
  private closeCode: number | null = null
  private underruns = 0
  private clearCount = 0
  private afterClear = 0
  private isCleared = false
  private isEnded = false
  /** Where the utterance begins to be heard on its timeline, and where that begins in the script. */
  private startsAtMs = 0
  private zeroMs = Number.NaN
  /** When what is held will have been played, and where that is on the timeline. */
  private endsAt = 0
  private endMs = 0
  private heldMs = 0
  private playing = false

  constructor(task: ListenerTask) {
    this.task = task
    this.sampleRate = task.sampleRates[0]!
    const protocol = task.speaks === 'voice.v1' ? task.speaks : ''
    this.reader = new SlowReader(task.port, task.path, protocol, task.bytesPerSecond, {
      opened: () => this.configure(),
      text: text => this.text(JSON.parse(text)),
      binary: bytes => this.binary(bytes),
      closed: code => {
        this.closeCode = code
        this.stop()
      },
    })
  }

  get heard(): ListenerReport {
    const { lags: lagsMs, totalMs: heardMs, skippedMs, underruns, afterClear, closeCode } = this
    const { finals, notes, levels, rates, errors } = this
    const sound = { lagsMs, heardMs, skippedMs, underruns, rates, afterClear }
    return { id: this.task.id, ...sound, finals, notes, levels, errors, closeCode }
  }

  /** The utterance it hears, `''` before the first. */
  get hears(): string {
    return this.utterance
  }

  /** How often it was told to drop what it held. */
  get clears(): number {
    return this.clearCount
  }

  send(message: object): void {
    this.reader.sendText(JSON.stringify(message))
  }

  finish(): ListenerReport {
    const { heard } = this
    this.stop()
    this.reader.destroy()
    return heard
  }

  private stop(): void {
    for (const timer of this.timers) clearInterval(timer)
  }

  private configure(): void {
    const { speaks, sampleRates } = this.task
    if (speaks === 'none') return
    this.send({
      type: 'config',
      ...(speaks === ''
        ? { tts_config: { sample_rate: sampleRates[0] } }
        : { audio_out: { sample_rates: sampleRates } }),
    })
  }

  private begin(): void {
    this.timers.push(setInterval(() => this.reader.sendBinary(silence), speakEveryMs))
    if (this.task.speaks === 'voice.v1') this.timers.push(setInterval(() => this.report(), reportEveryMs))
  }

  private text(message: Message): void {
    if (typeof message.seq === 'number') this.lastSeq = message.seq
    switch (message.type) {
      case 'ready':
        return this.begin()
      case 'tts_start':
        return this.start(message)
      case 'tts_format':
        return this.play(Number(message.sample_rate))
      case 'tts_skip':
        this.skippedMs += Number(message.ms)
        return
      case 'tts_end':
        this.isEnded = true
        return
      case 'clear':
        return this.clear()
      case 'stt_result':
        if (message.is_final) this.finals.push(String(message.transcript))
        return
      case 'event':
        this.notes.push(Number(message.data))
        return
      case 'quality':
        this.levels.push(String(message.level))
        return
      case 'error':
        this.errors.push(String(message.code))
    }
  }

  private start({ utterance_id, from_bytes, from_ms, sample_rate }: Message): void {
    this.utterance = String(utterance_id)
    this.received = Number(from_bytes)
    this.startsAtMs = Number(from_ms)
    this.zeroMs = Number.NaN
    this.isCleared = false
    // To run dry where an utterance ends is no fault.
    if (this.isEnded && performance.now() > this.endsAt) this.silence()
    this.isEnded = false
    this.play(Number(sample_rate))
  }

  private silence(): void {
    this.playing = false
    this.heldMs = 0
  }

  private play(sampleRate: number): void {
    this.sampleRate = sampleRate
    if (this.rates.at(-1) !== sampleRate) this.rates.push(sampleRate)
  }

  private clear(): void {
    const playedMs = this.playedMs
    this.clearCount++
    this.isCleared = true
    this.silence()
    this.send({ type: 'cleared', utterance_id: this.utterance, played_ms: playedMs })
  }

  private binary(bytes: Buffer): void {
    if (this.isCleared) this.afterClear++
    const now = performance.now()
    const fromMs = positionOf(bytes)
    const ms = (bytes.length / 2 / this.sampleRate) * 1000
    if (Number.isNaN(this.firstAt)) this.hearFirst(now - fromMs)
    if (Number.isNaN(this.zeroMs)) this.zeroMs = fromMs - this.startsAtMs
    for (let at = 0; at < ms; at += stepMs) this.lags.push(now - this.firstAt - fromMs)
    this.received += bytes.length
    this.totalMs += ms
    this.hold(now, fromMs, ms)
  }

  private hearFirst(firstAt: number): void {
    this.firstAt = firstAt
    for (const { atMs, bytesPerSecond } of this.task.changes ?? [])
      this.timers.push(setTimeout(() => this.reader.setRate(bytesPerSecond), atMs))
  }

  private hold(now: number, fromMs: number, ms: number): void {
    if (this.playing && now > this.endsAt) {
      this.underruns++
      this.silence()
    }
    this.heldMs += ms
    this.endMs = fromMs + ms
    if (this.playing) this.endsAt += ms
    else if (this.heldMs >= startMs) {
      this.playing = true
      this.endsAt = now + this.heldMs
    }
  }

  private get bufferedMs(): number {
    return this.playing ? Math.max(0, this.endsAt - performance.now()) : this.heldMs
  }

  private get playedMs(): number {
    return Math.max(0, this.endMs - this.zeroMs - this.bufferedMs)
  }

  private report(): void {
    if (!this.utterance || Number.isNaN(this.zeroMs)) return
    const { bufferedMs, playedMs } = this
    const playback = {
      utterance_id: this.utterance,
      received_bytes: this.received,
      played_ms: playedMs,
      buffered_ms: bufferedMs,
      underruns: this.underruns,
    }
    this.send({ type: 'stats', seq: this.lastSeq, t: 0, playback, buffered_bytes: 0, rtt_ms: 0 })
  }
}
