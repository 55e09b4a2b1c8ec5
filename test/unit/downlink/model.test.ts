import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ServerMessage } from '../../../src/protocol/messages.js'
import { event, result, state, vad } from './messages.js'
import { finish, type Rig, rig, tone } from './rig.js'
import { plainFeatures, SimulatedClient, v1Features } from './simulated-client.js'

// Everything a session and a network can do to a downlink, in any order, against what must hold after every step.

type Step =
  | { readonly op: 'wait'; readonly ms: number }
  | { readonly op: 'speech'; readonly ms: number; readonly end: boolean }
  | { readonly op: 'more'; readonly ms: number; readonly end: boolean }
  | { readonly op: 'caption' }
  | { readonly op: 'message'; readonly kind: number }
  | { readonly op: 'purge'; readonly which: number }
  | { readonly op: 'hold'; readonly held: boolean }
  | { readonly op: 'network'; readonly rate: number; readonly stalled: boolean; readonly reporting: boolean }
  | { readonly op: 'refuse'; readonly refusing: boolean }
  | { readonly op: 'reconnect'; readonly outageMs: number; readonly knows: boolean }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('wait'), ms: fc.integer({ min: 1, max: 1500 }) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('speech'), ms: fc.nat(1200), end: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('more'), ms: fc.nat(900), end: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('caption') }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('message'), kind: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('purge'), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('hold'), held: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('network'),
      rate: fc.constantFrom(Number.POSITIVE_INFINITY, 60_000, 30_000, 12_000),
      stalled: fc.boolean(),
      reporting: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('refuse'), refusing: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('reconnect'), outageMs: fc.nat(4000), knows: fc.boolean() }),
  },
) as fc.Arbitrary<Step>

class Model {
  readonly rig: Rig
  readonly ids: string[] = []
  /** Bytes given and taken, by whole samples. */
  given = 0
  readonly sentMessages: ServerMessage[] = []
  /** In the order they left, over all sockets. */
  readonly left: ServerMessage[] = []
  /** Bytes that a socket took. */
  taken = 0
  readonly begun = new Set<string>()
  readonly shown = new Set<string>()
  readonly cleared = new Set<string>()
  /** Given up with a client that could not keep up. */
  readonly abandoned = new Set<string>()
  settling = 0
  private open: string | undefined
  private client: SimulatedClient
  private messages = 0
  private refusing = false
  private lastSeq = 0
  private held = false

  constructor(plain: boolean) {
    this.rig = rig({
      features: plain ? plainFeatures : v1Features,
      sampleRates: plain ? [24_000] : [24_000, 16_000, 8000],
    })
    this.client = this.rig.client
    this.rig.hooks.slowConsumer = () => {
      for (const id of this.ids) this.abandoned.add(id)
    }
    this.watch(this.client)
  }

  run(step: Step): void {
    const { downlink, clock } = this.rig
    switch (step.op) {
      case 'wait':
        for (let ms = 0; ms < step.ms; ms += 20) {
          clock.advance(20)
          this.check()
        }
        return
      case 'speech':
        if (this.open) downlink.end(this.open)
        this.open = `u${this.ids.length}`
        this.ids.push(this.open)
        downlink.begin(this.open, 24_000)
        this.give(step.ms, step.end)
        return
      case 'more':
        return this.give(step.ms, step.end)
      case 'caption':
        if (this.open) downlink.caption(this.open, 'words')
        return
      case 'message':
        return this.send(step.kind)
      case 'purge':
        return this.purge(this.ids[step.which % Math.max(1, this.ids.length)])
      case 'hold':
        this.held = step.held
        return downlink.hold(step.held)
      case 'network':
        this.client.bytesPerSecond = step.rate
        this.client.stalled = step.stalled
        this.client.reporting = step.reporting
        return
      case 'refuse':
        this.refusing = step.refusing
        return
      case 'reconnect':
        return this.reconnect(step.outageMs, step.knows)
    }
  }

  check(): void {
    const { downlink } = this.rig
    const stats = downlink.stats()
    const dropped = Object.values(stats.droppedBytes).reduce((sum, bytes) => sum + bytes, 0)
    expect(stats.sentAudioBytes + dropped + stats.queuedBytes).toBe(this.given)
    for (const id of this.ids) {
      const { playedMs, sentMs, receivedMs } = downlink.position(id)
      expect(playedMs).toBeGreaterThanOrEqual(0)
      expect(playedMs).toBeLessThanOrEqual(sentMs + 1e-6)
      expect(sentMs).toBeLessThanOrEqual(receivedMs + 1e-6)
    }
    expect(stats.sentMessages).toBe(this.left.length)
    // Without reconnects and changes of rate what was sent is what sockets took, to the byte.
    if (!this.client.features.acks) expect(stats.sentAudioBytes).toBe(this.taken)
  }

  /** The network recovers, everything is said and heard. */
  settle(): void {
    const { rig } = this
    this.refusing = false
    if (this.held) rig.downlink.hold(false)
    if (this.open) rig.downlink.end(this.open)
    // A session whose client was given up goes on only on another socket.
    if (rig.log.some(({ kind }) => kind === 'slow')) this.reconnect(0, true)
    this.client.bytesPerSecond = Number.POSITIVE_INFINITY
    this.client.stalled = false
    this.client.reporting = true
    rig.clock.advance(60_000)
    this.check()
  }

  private give(ms: number, end: boolean): void {
    if (!this.open) return
    const { downlink } = this.rig
    const pcm = tone(ms, 24_000)
    downlink.audio(this.open, pcm)
    // Audio of an utterance that is over is ignored.
    if (!this.cleared.has(this.open) && !this.abandoned.has(this.open)) this.given += pcm.length
    if (!end) return
    downlink.end(this.open)
    this.open = undefined
  }

  private send(kind: number): void {
    const n = this.messages++
    const built = [event(`e${n}`), result(n, `f${n}`, true), result(n % 3, `i${n}`), vad(n), state('active', `s${n}`)][
      kind
    ]!
    this.sentMessages.push(built)
    this.rig.downlink.send(built)
  }

  private purge(id: string | undefined): void {
    if (!id) return
    this.settling++
    const over = this.rig.log.filter(({ kind }) => kind === 'played').map(({ value }) => value)
    this.rig.downlink.purge(id, 'barge_in', ({ playedMs }) => {
      this.settling--
      expect(playedMs).toBeLessThanOrEqual(this.rig.downlink.position(id).sentMs + 1e-6)
    })
    for (const before of this.ids.slice(0, this.ids.indexOf(id) + 1)) {
      if (!over.includes(before)) this.cleared.add(before)
      if (before === this.open) this.open = undefined
    }
  }

  private reconnect(outageMs: number, knows: boolean): void {
    const { rig } = this
    if (!this.client.features.resume) return
    const report = knows ? this.client.report() : null
    this.client.open = false
    rig.downlink.detach()
    rig.clock.advance(outageMs)
    this.client = new SimulatedClient(rig.clock, { features: this.client.features })
    rig.running.push(this.client.stop)
    this.watch(this.client)
    rig.downlink.resumeAudio(report)
    rig.connect(this.client)
  }

  /** Everything that is handed to a socket is judged as it leaves. */
  private watch(client: SimulatedClient): void {
    const sendAudio = client.sendAudio.bind(client)
    const sendMessage = client.sendMessage.bind(client)
    const announced = new Set<string>()
    let speaking = ''
    let heard = new Timeline(0, 0, 0)
    client.sendAudio = (audio, id) => {
      expect(client).toBe(this.client)
      expect(this.cleared.has(id) || this.abandoned.has(id)).toBe(false)
      expect(audio.length).toBeGreaterThan(0)
      expect(audio.length).toBeLessThanOrEqual(65_536)
      // Binary belongs to the last marker.
      if (client.features.markers) expect(speaking).toBe(id)
      if (this.refusing) heard.torn = true
      if (this.refusing) return 'dropped'
      heard.audio(audio.length)
      this.taken += audio.length
      return sendAudio(audio, id)
    }
    client.sendMessage = (message, seq) => {
      expect(client).toBe(this.client)
      expect(seq).toBe(client.features.acks ? this.lastSeq + 1 : undefined)
      this.lastSeq++
      if (this.refusing && message.type.startsWith('tts_') && 'utterance_id' in message) {
        heard.torn = true
        return 'dropped'
      }
      if (message.type === 'tts_start') {
        expect(announced.has(message.utterance_id)).toBe(false)
        announced.add(message.utterance_id)
        speaking = message.utterance_id
        heard = new Timeline(message.from_bytes, message.from_ms, message.sample_rate)
      } else if (message.type === 'tts_format') heard.sampleRate = message.sample_rate
      else if (message.type === 'tts_skip') heard.ms += message.ms
      else if (message.type === 'tts_end') {
        heard.ends(message.bytes, message.ms)
        speaking = ''
      }
      if (message.type.startsWith('tts_') && 'utterance_id' in message) {
        const id = message.utterance_id as string
        // Words come with their audio, and that begins with its marker.
        if (message.type === 'tts_text') this.shown.add(id)
        if (message.type === 'tts_start' && !this.begun.has(id)) expect(this.shown.has(id)).toBe(false)
        if (message.type === 'tts_start') this.begun.add(id)
        expect(this.cleared.has(id)).toBe(false)
      }
      this.left.push(message)
      return sendMessage(message, seq)
    }
  }
}

/** What a client knows of an utterance by markers and bytes alone. A marker on the wrong side of audio shows at its end. */
class Timeline {
  /** A socket refused part of it. */
  torn = false
  sampleRate: number
  ms: number
  private bytes: number

  constructor(bytes: number, ms: number, sampleRate: number) {
    this.bytes = bytes
    this.ms = ms
    this.sampleRate = sampleRate
  }

  audio(bytes: number): void {
    this.bytes += bytes
    this.ms += bytes / 2 / (this.sampleRate / 1000)
  }

  ends(bytes: number, ms: number): void {
    expect(bytes).toBe(this.bytes)
    if (!this.torn) expect(Math.abs(ms - this.ms)).toBeLessThan(1)
  }
}

/** The lanes by what waits in them, in the order that holds within each. */
const lanesOf = [
  (m: ServerMessage) => m.type === 'event' || m.type === 'vad_event' || m.type === 'state',
  (m: ServerMessage) => m.type === 'stt_result',
]

it.each([
  ['a client that acknowledges', false],
  ['a plain client', true],
])(
  'keeps its promises to %s whatever happens',
  (_, plain) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const model = new Model(plain)
        for (const one of steps) {
          model.run(one)
          model.check()
        }
        model.settle()
        expect(model.settling).toBe(0)
        // What must arrive has, once, in order.
        for (const kept of [
          (m: ServerMessage) => m.type === 'event',
          (m: ServerMessage) => m.type === 'stt_result' && m.is_final,
        ]) {
          expect(model.left.filter(kept)).toEqual(model.sentMessages.filter(kept))
        }
        // What may be left out leaves the order of the rest as it was.
        for (const lane of lanesOf) {
          const given = model.sentMessages.filter(lane)
          const places = model.left.filter(lane).map(message => given.indexOf(message))
          expect(places).toEqual([...places].sort((a, b) => a - b))
        }
        // Everything that was begun is over, once: heard, or taken back.
        const { log, downlink } = model.rig
        const played = log.filter(({ kind }) => kind === 'played').map(({ value }) => value as string)
        expect(new Set(played).size).toBe(played.length)
        for (const id of played) expect(model.cleared.has(id)).toBe(false)
        const over = new Set([...played, ...model.cleared, ...model.abandoned])
        expect(over).toEqual(new Set(model.ids))
        expect(downlink.queuedMs).toBe(0)
        finish(model.rig)
      }),
      { numRuns: 150 },
    )
  },
  60_000,
)
