import { defaultPacing } from '../../../src/downlink/options.js'
import type { LinkPort } from '../../../src/downlink/ports.js'
import type { DialectFeatures } from '../../../src/protocol/dialect.js'
import type { PlaybackReport, ServerMessage } from '../../../src/protocol/messages.js'
import type { SendStatus } from '../../../src/socket.js'
import type { ManualClock } from '../../../src/testing/manual-clock.js'
import { SimulatedPlayer } from './simulated-player.js'

export const v1Features: DialectFeatures = {
  resume: true,
  acks: true,
  clear: true,
  markers: true,
  heartbeat: true,
  playback: 'report',
  config: 'message',
}

export const plainFeatures: DialectFeatures = {
  resume: false,
  acks: false,
  clear: false,
  markers: false,
  heartbeat: false,
  playback: 'clock',
  config: 'message',
}

export interface NetworkOptions {
  features?: DialectFeatures
  /** Of the way down. Infinity: whatever is sent arrives after the delay. */
  bytesPerSecond?: number
  /** One way. */
  delayMs?: number
  /** What the kernel and the path swallow before the socket reports a backlog. */
  kernelBytes?: number
  reportMs?: number
  /** Extra delay of each message up, uniform in [0, this). */
  jitterMs?: number
  encodedBytesPerSample?: number
}

type Item = { readonly bytes: number; readonly arrive: () => void }

export interface Arrival {
  readonly utteranceId: string
  readonly atMs: number
  readonly lagMs: number
  readonly bytes: number
  readonly fromMs: number
  readonly ms: number
}

const stepMs = 5

function leadOf(features: DialectFeatures): number {
  return features.playback === 'clock' ? defaultPacing.clockLeadMs : defaultPacing.leadMs
}

/** A client behind a link of limited rate: it plays what it gets and reports, or does not, like a real one. */
export class SimulatedClient implements LinkPort {
  readonly features: DialectFeatures
  readonly messages: { message: ServerMessage; seq: number | undefined; atMs: number }[] = []
  readonly arrivals: Arrival[] = []
  /** In the order they left the server: 'a:<utterance>' for audio, 'm:<utterance>:<ms>' for a mark, else the message type. */
  readonly wire: string[] = []
  bytesPerSecond: number
  delayMs: number
  /** Nothing is read from the socket. */
  stalled = false
  reporting = true
  /** The browser answers pings even when the page sleeps. */
  ponging = true
  /** The sound device does not play. */
  suspended = false
  reportMs: number
  open = true
  underruns = 0
  probes = 0
  onReport: ((report: PlaybackReport | null) => void) | undefined
  onPong: (() => void) | undefined
  onCleared: ((utteranceId: string, playedMs: number) => void) | undefined
  /** Where the frame being sent ends on its timeline, and when position 0 is heard, by the server's own account. */
  position: ((utteranceId: string) => { endMs: number; anchorMs: number }) | undefined
  readonly player: SimulatedPlayer = new SimulatedPlayer()
  private readonly clock: ManualClock
  private readonly kernelBytes: number
  private readonly jitterMs: number
  private readonly queue: Item[] = []
  private queuedBytes = 0
  private credit = 0
  private firstSentAtMs = new Map<string, number>()
  private receiving = { id: '', sampleRate: 0, bytes: new Map<string, number>(), atMs: new Map<string, number>() }
  private rate = 24_000
  private seed = 1
  private sinceReportMs = 0
  readonly stop: () => void

  constructor(clock: ManualClock, options: NetworkOptions = {}) {
    this.clock = clock
    this.features = options.features ?? v1Features
    this.bytesPerSecond = options.bytesPerSecond ?? Number.POSITIVE_INFINITY
    this.delayMs = options.delayMs ?? 20
    this.kernelBytes = options.kernelBytes ?? 4_000_000
    this.reportMs = options.reportMs ?? 200
    this.jitterMs = options.jitterMs ?? 0
    this.stop = clock.every(stepMs, () => this.step())
  }

  get bufferedBytes(): number {
    return Math.max(0, this.queuedBytes - this.kernelBytes)
  }

  get inFlightBytes(): number {
    return this.queuedBytes
  }

  /** The rate of a dialect without markers. */
  set sampleRate(rate: number) {
    this.rate = rate
  }

  probe(): boolean {
    this.probes++
    this.push(8, () => {
      if (this.ponging) this.up(() => this.onPong?.())
    })
    return true
  }

  sendMessage(message: ServerMessage, seq?: number): SendStatus {
    this.wire.push(message.type)
    this.push(JSON.stringify(message).length + 4, () => {
      this.messages.push({ message, seq, atMs: this.clock.now() })
      this.receive(message)
    })
    return 'sent'
  }

  sendAudio(audio: Uint8Array, utteranceId: string): SendStatus {
    this.wire.push(`a:${utteranceId}`)
    const sentAt = this.clock.now()
    if (!this.firstSentAtMs.has(utteranceId)) this.firstSentAtMs.set(utteranceId, sentAt)
    const started = this.firstSentAtMs.get(utteranceId)!
    const { endMs, anchorMs } = this.position!(utteranceId)
    this.push(audio.length + 4, () => this.hear(audio, utteranceId, endMs, started, anchorMs))
    return 'sent'
  }

  sendMark(utteranceId: string, ms: number): void {
    this.wire.push(`m:${utteranceId}:${ms}`)
  }

  cork(fn: () => void): void {
    fn()
  }

  /** Where the client is on an utterance's timeline, by what it was told. */
  timelineMs(utteranceId: string): number {
    return this.receiving.atMs.get(utteranceId) ?? 0
  }

  private push(bytes: number, arrive: () => void): void {
    if (!this.open) return
    this.queue.push({ bytes, arrive })
    this.queuedBytes += bytes
    if (this.bytesPerSecond === Number.POSITIVE_INFINITY && !this.stalled) this.drain(Number.POSITIVE_INFINITY)
  }

  private drain(bytes: number): void {
    this.credit += bytes
    while (this.queue.length > 0 && this.queue[0]!.bytes <= this.credit) {
      const item = this.queue.shift()!
      this.credit -= item.bytes
      this.queuedBytes -= item.bytes
      this.clock.after(this.delayMs, () => {
        if (this.open) item.arrive()
      })
    }
    if (this.queue.length === 0) this.credit = 0
  }

  private up(fn: () => void): void {
    this.clock.after(this.delayMs + this.random() * this.jitterMs, () => {
      if (this.open) fn()
    })
  }

  private random(): number {
    this.seed = (this.seed * 1103515245 + 12345) % 2147483648
    return this.seed / 2147483648
  }

  private receive(message: ServerMessage): void {
    if (message.type === 'tts_start') {
      this.receiving.id = message.utterance_id
      this.receiving.sampleRate = message.sample_rate
      this.receiving.bytes.set(message.utterance_id, message.from_bytes)
      this.receiving.atMs.set(message.utterance_id, message.from_ms)
      this.player.rewind(message.utterance_id, message.from_ms)
    } else if (message.type === 'tts_format') this.receiving.sampleRate = message.sample_rate
    else if (message.type === 'tts_skip') {
      const { atMs } = this.receiving
      atMs.set(message.utterance_id, atMs.get(message.utterance_id)! + message.ms)
    } else if (message.type === 'tts_end') this.player.end(message.utterance_id)
    else if (message.type === 'clear') {
      const { id, playedMs } = this.player.clear(message.through)
      this.up(() => this.onCleared?.(id, playedMs))
    }
  }

  private hear(audio: Uint8Array, utteranceId: string, endMs: number, started: number, anchorMs: number): void {
    const { receiving } = this
    const sampleRate = this.features.markers ? receiving.sampleRate : this.rate
    const ms = (audio.length / 2 / sampleRate) * 1000
    receiving.bytes.set(utteranceId, (receiving.bytes.get(utteranceId) ?? 0) + audio.length)
    const fromMs = this.features.markers ? receiving.atMs.get(utteranceId)! : endMs - ms
    receiving.atMs.set(utteranceId, fromMs + ms)
    this.player.push(utteranceId, fromMs, ms)
    const now = this.clock.now()
    const due = Math.max(started, anchorMs + endMs - ms - leadOf(this.features))
    this.arrivals.push({ utteranceId, atMs: now, lagMs: now - due, bytes: audio.length, fromMs, ms })
  }

  private step(): void {
    if (!this.open) return
    if (!this.stalled)
      this.drain(this.bytesPerSecond === Number.POSITIVE_INFINITY ? 1e12 : (this.bytesPerSecond * stepMs) / 1000)
    if (!this.suspended && this.player.play(stepMs)) this.underruns++
    this.sinceReportMs += stepMs
    if (this.sinceReportMs < this.reportMs || !this.reporting || !this.features.acks) return
    if (!this.player.current) return
    this.sinceReportMs = 0
    const report = this.report()
    this.up(() => this.onReport?.(report))
  }

  report(): PlaybackReport | null {
    const { player } = this
    if (!player.current) return null
    return {
      utterance_id: player.current,
      received_bytes: this.receiving.bytes.get(player.current) ?? 0,
      played_ms: player.playedMs,
      buffered_ms: player.bufferedMs,
      underruns: this.underruns,
    }
  }
}
