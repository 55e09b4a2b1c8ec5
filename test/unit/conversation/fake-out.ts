import type { Heard, SpeechOut } from '../../../src/conversation/ports.js'
import type { ServerMessage } from '../../../src/protocol/messages.js'
import { textOf } from '../../../src/testing/spoken-text.js'
import type { Cancel, Clock } from '../../../src/util/clock.js'

const tickMs = 20
const leadMs = 400
const roomMs = 5000
const congestedMs = 10_000

interface Track {
  readonly id: string
  readonly rate: number
  readonly pcm: Uint8Array[]
  receivedMs: number
  sentMs: number
  playedMs: number
  started: boolean
  ended: boolean
  purged: boolean
}

/** What a `FakeOut` reports, as the downlink would. */
export interface FakeOutSink {
  started(id: string): void
  played(id: string): void
  room(): void
  congested(full: boolean): void
}

/** A way to a client that plays what it gets in real time, 400 ms after it was sent, and answers a clear after `clearedMs`. */
export class FakeOut implements SpeechOut {
  readonly messages: ServerMessage[] = []
  readonly captions: { readonly id: string; readonly text: string }[] = []
  readonly purges: { readonly id: string; readonly reason: string; readonly atMs: number }[] = []
  /** Utterances in the order they began. */
  readonly tracks: Track[] = []
  clearedMs = 300
  /** False: the client plays nothing and says nothing. */
  playing = true
  attached = true
  held = false
  private readonly clock: Clock
  private sink: FakeOutSink | undefined
  private cancelTick: Cancel | undefined
  private wasCongested = false

  constructor(clock: Clock) {
    this.clock = clock
  }

  connect(sink: FakeOutSink): void {
    this.sink = sink
  }

  get queuedMs(): number {
    return this.live().reduce((sum, track) => sum + track.receivedMs - track.sentMs, 0)
  }

  /** Full, and not down to half of that since. */
  get congested(): boolean {
    return this.wasCongested
  }

  /** Everything whose audio left, in order. */
  get sentText(): string {
    return this.tracks.map(track => this.textUntil(track, track.sentMs)).join(' ')
  }

  /** Everything whose audio was received. */
  get receivedText(): string {
    return this.tracks.map(track => this.textUntil(track, track.receivedMs)).join(' ')
  }

  sentTextOf(id: string): string {
    const track = this.tracks.find(other => other.id === id)
    return track ? this.textUntil(track, track.sentMs) : ''
  }

  ofType<T extends ServerMessage['type']>(type: T): Extract<ServerMessage, { type: T }>[] {
    return this.messages.filter(message => message.type === type) as Extract<ServerMessage, { type: T }>[]
  }

  send(message: ServerMessage): void {
    this.messages.push(message)
  }

  begin(id: string, rate: number): void {
    if (this.tracks.some(track => track.id === id)) throw new Error(`${id} began twice`)
    const empty = { receivedMs: 0, sentMs: 0, playedMs: 0, started: false, ended: false, purged: false }
    this.tracks.push({ id, rate, pcm: [], ...empty })
  }

  audio(id: string, pcm: Uint8Array): void {
    const track = this.get(id)
    if (track.purged || track.ended) throw new Error(`audio for ${id}, which is over`)
    track.pcm.push(pcm)
    track.receivedMs += (pcm.length * 500) / track.rate
    if (this.queuedMs > congestedMs && !this.wasCongested) {
      this.wasCongested = true
      this.sink?.congested(true)
    }
    this.run()
  }

  caption(id: string, text: string): void {
    this.get(id)
    this.captions.push({ id, text })
  }

  end(id: string): void {
    this.get(id).ended = true
    this.run()
  }

  position(id: string) {
    const { receivedMs, sentMs, playedMs } = this.get(id)
    return { receivedMs, sentMs, playedMs, basis: 'ack' as const }
  }

  purge(through: string, reason: string, settled: (heard: Heard) => void): void {
    this.purges.push({ id: through, reason, atMs: this.clock.now() })
    const last = this.tracks.findIndex(track => track.id === through)
    if (last < 0) throw new Error(`purge of ${through}, which never began`)
    for (const track of this.tracks.slice(0, last + 1)) track.purged = true
    const { sentMs, playedMs } = this.tracks[last]!
    if (sentMs === 0) return settled({ playedMs: 0, basis: 'clock' })
    this.clock.after(this.clearedMs, () => settled({ playedMs, basis: 'ack' }))
  }

  hold(held: boolean): void {
    this.held = held
    this.run()
  }

  attach(attached: boolean): void {
    this.attached = attached
    this.run()
  }

  /** The session is over: nothing more is sent or played. */
  close(): void {
    this.cancelTick?.()
    this.playing = false
  }

  private get(id: string): Track {
    const track = this.tracks.find(other => other.id === id)
    if (!track) throw new Error(`${id} never began`)
    return track
  }

  private live(): Track[] {
    return this.tracks.filter(track => !track.purged)
  }

  private textUntil(track: Track, ms: number): string {
    const bytes = 2 * Math.floor((ms * track.rate) / 1000)
    const pcm = new Uint8Array(track.pcm.reduce((sum, piece) => sum + piece.length, 0))
    let at = 0
    for (const piece of track.pcm) {
      pcm.set(piece, at)
      at += piece.length
    }
    return textOf(pcm.subarray(0, bytes))
  }

  private current(): Track | undefined {
    return this.live().find(track => !track.ended || track.playedMs < track.receivedMs)
  }

  private get moving(): boolean {
    const current = this.current()
    return this.attached && this.playing && !this.held && current !== undefined && current.receivedMs > current.playedMs
  }

  private run(): void {
    if (this.moving) this.cancelTick ??= this.clock.every(tickMs, () => this.tick())
    this.checkPlayed()
  }

  private tick(): void {
    const current = this.current()
    const before = this.queuedMs
    if (this.moving && current) {
      if (current.started) current.playedMs = Math.min(current.sentMs, current.playedMs + tickMs)
      this.sendAhead()
    }
    this.checkPlayed()
    if (this.wasCongested && this.queuedMs < roomMs) {
      this.wasCongested = false
      this.sink?.congested(false)
    }
    if (before >= roomMs && this.queuedMs < roomMs) this.sink?.room()
    if (!this.moving) {
      this.cancelTick?.()
      this.cancelTick = undefined
    }
  }

  /** Sends up to 400 ms ahead of what is heard, also of the next utterance when one has been sent whole. */
  private sendAhead(): void {
    let leftMs = leadMs
    for (const track of this.live()) {
      if (track.receivedMs === 0 || this.held || !this.attached) return
      track.sentMs = Math.max(track.sentMs, Math.min(track.receivedMs, track.playedMs + leftMs))
      leftMs -= track.sentMs - track.playedMs
      if (!track.started && track.sentMs > 0) {
        track.started = true
        this.sink?.started(track.id)
      }
      if (!track.ended || track.sentMs < track.receivedMs || leftMs <= 0) return
    }
  }

  private readonly reported = new Set<string>()

  private checkPlayed(): void {
    for (const track of this.live()) {
      if (!track.ended || track.playedMs < track.receivedMs || this.reported.has(track.id)) continue
      this.reported.add(track.id)
      // As the real one does: never inside a call of the conversation's.
      const cancel = this.clock.after(0, () => {
        cancel()
        if (!track.purged) this.sink?.played(track.id)
      })
    }
  }
}
