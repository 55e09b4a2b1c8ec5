import { fitCloseReason } from '../protocol/close-codes.js'
import type { DecodeError, Dialect, DialectFeatures, DialectOutput } from '../protocol/dialect.js'
import type { ServerMessage } from '../protocol/messages.js'
import type { SendStatus, SocketClosed, SocketSink, VoiceSocket } from '../socket.js'
import type { Clock } from '../util/clock.js'
import type { Deadlines, Expiring } from '../util/deadlines.js'
import { clientError } from './client-error.js'
import { KeepAlive, type KeepAliveTiming } from './liveness.js'
import { RateLimit } from './rate-limit.js'

/** Who a link reports to: the setup at first, then the session. */
export interface LinkTarget extends DialectOutput {
  invalid(error: DecodeError): void
  /** The socket drained. */
  drain(): void
  /** A probe came back. */
  probed(): void
  /** The link is over; `ours` when it ended itself because of what the client sent. Exactly once, last. */
  linkClosed(info: SocketClosed, ours: boolean): void
}

export interface LinkLimits {
  readonly textBytes: number
  readonly binaryBytes: number
  /** Text messages a second; bursts of twice that pass. */
  readonly messagesPerSecond: number
}

export interface LinkOptions {
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly keepAlive: KeepAliveTiming
  readonly limits: LinkLimits
}

/** How long a closing handshake may take before the socket is cut (ws would wait 30 s). */
const closeGraceMs = 2000

/** Messages of 20 ms of sound at three times real time: what a network held back comes all at once. */
const textAudioPerSecond = 150

/** Each new configuration connects providers anew, which vendors count and bill: one a second, a few at once. */
const configsPerSecond = 1
const configsAtOnce = 5

const probePayload = Uint8Array.of(0x70)
const keepAlivePayload = Uint8Array.of(0x6b)

/** Nobody listens: what a fenced link reports to. */
const nobody: LinkTarget = {
  message() {},
  audio() {},
  invalid() {},
  drain() {},
  probed() {},
  linkClosed() {},
}

/**
 * One socket and its dialect, for as long as the socket lives. Fencing a session off from an old socket means
 * taking its link's target away: nothing that still arrives there can reach the session.
 */
export class Link implements SocketSink, Expiring {
  readonly features: DialectFeatures
  readonly dialect: Dialect
  readonly socket: VoiceSocket
  private target: LinkTarget = nobody
  private readonly options: LinkOptions
  private readonly keepAlive: KeepAlive
  private readonly messageRate: RateLimit
  private readonly configRate: RateLimit
  private ours = false
  private over = false

  constructor(socket: VoiceSocket, dialect: Dialect, options: LinkOptions) {
    this.socket = socket
    this.dialect = dialect
    this.features = dialect.features
    this.options = options
    const messagesPerSecond = options.limits.messagesPerSecond + (this.features.textAudio ? textAudioPerSecond : 0)
    this.messageRate = new RateLimit(options.clock, messagesPerSecond, 2 * messagesPerSecond)
    this.configRate = new RateLimit(options.clock, configsPerSecond, configsAtOnce)
    this.keepAlive = new KeepAlive(options.deadlines, options.keepAlive, {
      ping: () => this.ping(keepAlivePayload),
      dead: () => this.socket.terminate(),
    })
  }

  get bufferedBytes(): number {
    return this.socket.bufferedBytes
  }

  get open(): boolean {
    return !this.ours && !this.over && this.socket.open
  }

  /** Its socket is closed. */
  get isOver(): boolean {
    return this.over
  }

  /** Whom the link reports to now. */
  get listener(): DialectOutput {
    return this.target
  }

  /** Hands the link to another target. */
  retarget(target: LinkTarget): void {
    this.target = target
  }

  /** Nothing from this socket reaches a session any more. */
  fence(): void {
    this.target = nobody
    this.keepAlive.stop()
  }

  /** Whether the client may configure its session anew, which counts as done then. */
  mayReconfigure(): boolean {
    return this.configRate.take(1)
  }

  startKeepAlive(): void {
    if (this.open) this.keepAlive.start()
  }

  pauseReads(): void {
    if (!this.socket.capabilities.pauseReads || !this.open) return
    this.keepAlive.suspend()
    this.socket.pause?.()
  }

  resumeReads(): void {
    if (!this.socket.capabilities.pauseReads || !this.open) return
    this.socket.resume?.()
    this.keepAlive.start()
  }

  sendMessage(message: ServerMessage, seq?: number): SendStatus {
    const text = this.dialect.encode(message, seq)
    return text === null ? 'sent' : this.socket.send(text)
  }

  sendAudio(audio: Uint8Array, utteranceId: string): SendStatus {
    return this.socket.send(this.dialect.encodeAudio(audio, utteranceId))
  }

  sendMark(utteranceId: string, ms: number): void {
    const mark = this.dialect.encodeMark?.(utteranceId, ms)
    if (mark !== undefined) this.socket.send(mark)
  }

  cork(fn: () => void): void {
    if (this.socket.cork) this.socket.cork(fn)
    else fn()
  }

  probe(): boolean {
    return this.ping(probePayload)
  }

  /** Says goodbye and cuts the socket if the goodbye is not answered in time. */
  close(code: number, reason: string): void {
    if (this.ours || this.over) return
    this.ours = true
    this.keepAlive.stop()
    this.socket.close(code, fitCloseReason(reason))
    // `closed` may only come after this call, so the deadline cannot outlive the socket.
    this.options.deadlines.set(this, closeGraceMs)
  }

  expire(): void {
    this.socket.terminate()
  }

  message(data: string | Uint8Array): void {
    if (this.ours || this.over) return
    const { limits } = this.options
    if (typeof data !== 'string') {
      if (data.length > limits.binaryBytes)
        return this.refuse(1009, 'too_large', `binary: ${data.length} bytes, at most ${limits.binaryBytes}`)
    } else if (data.length > limits.textBytes) {
      return this.refuse(1009, 'too_large', `text: ${data.length} characters, at most ${limits.textBytes}`)
    } else if (!this.messageRate.take(1)) {
      return this.refuse(4429, 'rate_limited', `messages: at most ${limits.messagesPerSecond} a second`)
    }
    const error = this.dialect.decode(data, this.target)
    if (error) this.target.invalid(error)
  }

  drain(): void {
    this.target.drain()
  }

  pong(payload: Uint8Array): void {
    this.answered(payload.length === 1 && payload[0] === probePayload[0])
  }

  /** The dialect's own heartbeat was answered, on a transport without pings. */
  heartbeatAnswered(t: number): void {
    this.answered(t === probePayload[0])
  }

  closed(info: SocketClosed): void {
    if (this.over) return
    this.over = true
    this.keepAlive.stop()
    this.options.deadlines.clear(this)
    this.target.linkClosed(info, this.ours)
  }

  private refuse(code: number, errorCode: 'too_large' | 'rate_limited', message: string): void {
    this.sendMessage(clientError(errorCode, message))
    this.close(code, errorCode)
  }

  private ping(payload: Uint8Array): boolean {
    if (this.socket.capabilities.ping) return this.socket.ping?.(payload) ?? false
    if (!this.features.heartbeat) return false
    const status = this.sendMessage({ type: 'ping', t: payload[0]! })
    return status === 'sent' || status === 'queued'
  }

  private answered(probe: boolean): void {
    this.keepAlive.answered()
    if (probe) this.target.probed()
  }
}
