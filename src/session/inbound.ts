import type { AudioFormat } from '../audio/format.js'
import type { DecodeError, PlayedMark } from '../protocol/dialect.js'
import type { ErrorCode } from '../protocol/error-codes.js'
import type { ClientMessage, ConfigMessage, ErrorMessage } from '../protocol/messages.js'
import type { SocketClosed } from '../socket.js'
import type { Clock } from '../util/clock.js'
import { clientError } from './client-error.js'
import type { LinkTarget } from './link.js'
import type { Rooms } from './rooms.js'
import type { ClientRights } from './settings.js'
import { UplinkIntake } from './uplink-intake.js'

export interface InboundPorts {
  /** `waiting`: the client was told to wait for `ready`. `early`: it was not, and what it sends is kept. */
  phase(): 'waiting' | 'early' | 'serving' | 'over'
  /** Anything but a report came: the session is not idle. */
  active(): void
  /** The first frame of a link arrived. */
  firstFrame(): void
  acknowledge(t: number): void
  /** The client has all numbered messages up to `seq`. */
  confirmed(seq: number): void
  /** The client wants to know whether anybody is there, be the session ready or not. */
  pong(t: number): void
  /** The client answered a `ping`. */
  heartbeat(t: number): void
  event(name: string, data: unknown): void
  tap(bytes: Uint8Array): void
  refuse(error: ErrorMessage): void
  /** The client broke the protocol for good. */
  cut(closeCode: number, code: ErrorCode, message: string): void
  /** False: a session is configured once. */
  reconfigure(config: ConfigMessage): boolean
  bye(reason: string): void
  linkClosed(info: SocketClosed, ours: boolean): void
}

export interface InboundOptions {
  readonly clock: Clock
  readonly audioIn: AudioFormat
  /** Audio that may come at once. */
  readonly burstMs: number
  readonly clientMay: ClientRights
}

/** How many messages a client may get wrong. */
export const maxInvalid = 20

/** Everything that comes from the client, on whatever socket, handed to the room it concerns. */
export class Inbound implements LinkTarget {
  private readonly options: InboundOptions
  private readonly ports: InboundPorts
  private readonly uplink: Rooms['uplink']
  private readonly downlink: Rooms['downlink']
  private readonly conversation: Rooms['conversation']
  private readonly intake: UplinkIntake
  private invalidMessages = 0
  private audioRefused = false
  private linkIsFresh = true
  private lastCseq = 0
  private unknown = 0

  constructor(rooms: Rooms, options: InboundOptions, ports: InboundPorts) {
    this.options = options
    this.ports = ports
    this.uplink = rooms.uplink
    this.downlink = rooms.downlink
    this.conversation = rooms.conversation
    this.intake = new UplinkIntake(options.clock, options.audioIn, options.burstMs)
  }

  /** The last numbered client message that was handled. */
  get cseq(): number {
    return this.lastCseq
  }

  /** Messages of types this version does not know; ignored. */
  get unknownMessages(): number {
    return this.unknown
  }

  /** Another socket carries the session now. */
  newLink(): void {
    this.linkIsFresh = true
    this.audioRefused = false
  }

  audio(bytes: Uint8Array): void {
    if (this.linkIsFresh) this.arrived()
    const phase = this.ports.phase()
    if (phase === 'over' || bytes.length === 0) return
    const { uplink } = this
    if (phase === 'waiting' || !uplink) return this.refuseAudio()
    this.ports.active()
    const verdict = this.intake.judge(bytes.length)
    if (verdict === 'take') {
      this.ports.tap(bytes)
      uplink.accept(bytes)
    } else if (verdict === 'drop') {
      uplink.skip(uplink.acceptedBytes, uplink.acceptedBytes + bytes.length, 'overflow')
    } else {
      return this.ports.cut(4429, 'rate_limited', 'audio: faster than 1.5 times real time; send it as it is spoken')
    }
    if (this.intake.ackDue(bytes.length)) this.ports.acknowledge(0)
  }

  message(message: ClientMessage | PlayedMark): void {
    if (this.linkIsFresh) this.arrived()
    if (this.ports.phase() === 'over') return
    if ('cseq' in message && message.cseq !== undefined) {
      if (message.cseq <= this.lastCseq) return
      this.lastCseq = message.cseq
    }
    this.handle(message)
  }

  invalid(error: DecodeError): void {
    if (this.linkIsFresh) this.arrived()
    if (this.ports.phase() === 'over') return
    if (error.code === 'unknown_type') {
      this.unknown++
      return
    }
    this.invalidMessages++
    if (error.code === 'bad_config') return this.ports.cut(4400, 'bad_config', error.message)
    if (this.invalidMessages >= maxInvalid) return this.ports.cut(4400, 'bad_message', error.message)
    this.ports.refuse(clientError('bad_message', error.message))
  }

  drain(): void {
    this.downlink.onDrain()
  }

  probed(): void {
    this.downlink.onPong()
  }

  linkClosed(info: SocketClosed, ours: boolean): void {
    this.ports.linkClosed(info, ours)
  }

  private handle(message: ClientMessage | PlayedMark): void {
    switch (message.type) {
      case 'stats':
        this.downlink.onStats(message)
        this.ports.confirmed(message.seq)
        return this.ports.acknowledge(message.t)
      case 'gap':
        if (this.ports.phase() === 'waiting') return this.refuseAudio()
        return this.uplink?.skip(message.from, message.to, message.reason)
      case 'ping':
        return this.ports.pong(message.t)
      case 'pong':
        return this.ports.heartbeat(message.t)
      case 'bye':
        return this.ports.bye(message.reason)
      case 'cleared':
        return this.downlink.onCleared(message.utterance_id, message.played_ms)
      case 'mark':
        return this.downlink.onMark(message.utterance_id, message.played_ms)
      case 'config':
        return this.ports.reconfigure(message) ? undefined : this.alreadyConfigured('config')
      case 'resume':
        return this.alreadyConfigured('resume')
    }
    this.ports.active()
    this.act(message)
  }

  private act(message: Extract<ClientMessage, { type: 'speak' | 'clear' | 'user_text' | 'finalize' | 'event' }>): void {
    const { clientMay } = this.options
    switch (message.type) {
      case 'speak':
        if (clientMay.speak === 'without-agent' ? this.conversation.answers : !clientMay.speak)
          return this.forbidden('speak')
        return this.conversation.speak(message)
      case 'clear':
        return this.conversation.clear(message.utterance_id)
      case 'user_text':
        return clientMay.userText ? this.conversation.userTurn(message.text, 'text') : this.forbidden('user_text')
      case 'finalize':
        return this.uplink?.finalize()
      case 'event':
        return clientMay.event ? this.ports.event(message.name, message.data) : this.forbidden('event')
    }
  }

  private forbidden(type: string): void {
    this.ports.refuse(clientError('not_allowed', `${type}: this server does not take it from clients`))
  }

  private arrived(): void {
    this.linkIsFresh = false
    this.ports.firstFrame()
  }

  private alreadyConfigured(type: string): void {
    this.ports.refuse(clientError('already_configured', `${type}: this socket carries a session already; open another`))
  }

  /** Once per socket: an error for each of 50 frames a second would help nobody. */
  private refuseAudio(): void {
    if (this.audioRefused) return
    this.audioRefused = true
    const remedy = this.uplink ? 'wait for ready or resumed' : 'this session has no recognition'
    this.ports.refuse(clientError('audio_not_ready', `audio: ${remedy}`))
  }
}
