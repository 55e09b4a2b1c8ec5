import { fitCloseReason } from '../../src/protocol/close-codes.js'
import type { SocketClosed, SocketSink, VoiceSocket } from '../../src/socket.js'
import type { Accept, AdmitOptions, Reject, UpgradeRequest, VoiceMount } from '../../src/upgrade.js'
import type { Logger } from '../../src/util/logger.js'
import { Signal } from './signal.js'

type Answer = (request: UpgradeRequest) => Promise<Accept | Reject> | Accept | Reject

/** Stands where core would: admits, answers oversized messages with 1009, and writes down everything an adapter does. */
export class RecordingMount implements VoiceMount {
  readonly limits = { textBytes: 1024, binaryBytes: 4096 } as const
  readonly requests: UpgradeRequest[] = []
  readonly sessions: RecordedSession[] = []
  /** What adapters reported. */
  readonly logged: unknown[] = []
  readonly logger: Logger
  /** Decides about the upgrades. Default: accepts, with the first subprotocol offered. */
  answer: Answer = request => accept(request.protocols[0])
  /** Called inside `open()`. */
  onOpen: (session: RecordedSession) => void = () => {}
  /** Upgrades being decided about. */
  pending = 0
  /** Upgrades whose client left meanwhile. */
  aborted = 0
  readonly #changed: Signal = new Signal()

  constructor() {
    const log = (fields: object) => {
      this.logged.push(fields)
    }
    this.logger = { debug: log, info: log, warn: log, error: log }
  }

  async admit(request: UpgradeRequest, _options?: AdmitOptions): Promise<Accept | Reject> {
    this.requests.push(request)
    this.pending++
    const onAbort = () => {
      this.aborted++
      this.#changed.notify()
    }
    request.signal.addEventListener('abort', onAbort, { once: true })
    this.#changed.notify()
    try {
      return await this.answer(request)
    } finally {
      request.signal.removeEventListener('abort', onAbort)
      this.pending--
      this.#changed.notify()
    }
  }

  open(socket: VoiceSocket, _accept: Accept): SocketSink {
    const session = new RecordedSession(socket, this.limits, this.#changed)
    this.sessions.push(session)
    this.onOpen(session)
    this.#changed.notify()
    return session
  }

  /** Lets the first `count` upgrades wait until the returned function is called, and accepts the others. */
  holdAnswers(count: number): () => void {
    let arrived = 0
    const held: (() => void)[] = []
    this.answer = () => {
      if (++arrived > count) return accept()
      return new Promise(resolve => {
        held.push(() => resolve(accept()))
      })
    }
    return () => {
      for (const release of held) release()
    }
  }

  /** What adapters did against their contract. Empty at the end of every test. */
  get violations(): string[] {
    return this.sessions.flatMap(session => session.violations)
  }

  /** The session number `index`, once it is there. */
  async session(index = 0): Promise<RecordedSession> {
    await this.until(`session ${index}`, () => this.sessions.length > index)
    return this.sessions[index]!
  }

  /** Waits for something that the mount or a session can see. */
  until(what: string, condition: () => boolean): Promise<void> {
    return this.#changed.until(what, condition)
  }
}

/** What an adapter did to one socket. */
export class RecordedSession implements SocketSink {
  readonly socket: VoiceSocket
  readonly messages: (string | Uint8Array)[] = []
  readonly pongs: Uint8Array[] = []
  readonly violations: string[] = []
  drains = 0
  ended: SocketClosed | undefined
  /** Runs at each message, inside the adapter's event. */
  onMessage: (data: string | Uint8Array) => void = () => {}
  onDrain: () => void = () => {}
  onPong: () => void = () => {}
  readonly #limits: RecordingMount['limits']
  readonly #changed: Signal
  #callsInside = 0

  constructor(socket: VoiceSocket, limits: RecordingMount['limits'], changed: Signal) {
    this.socket = socket
    this.#limits = limits
    this.#changed = changed
  }

  /** Uses the socket as core does. What the adapter must not do meanwhile is noticed. */
  act<T>(use: (socket: VoiceSocket) => T): T {
    this.#callsInside++
    try {
      return use(this.socket)
    } catch (error) {
      this.violations.push(`a socket member threw: ${String(error)}`)
      throw error
    } finally {
      this.#callsInside--
    }
  }

  close(code: number, reason: string): void {
    this.act(socket => socket.close(code, fitCloseReason(reason)))
  }

  message(data: string | Uint8Array): void {
    this.#mustBeOpen('message')
    const isText = typeof data === 'string'
    // Not `slice()`: that of a Buffer copies nothing.
    this.messages.push(isText ? data : new Uint8Array(data))
    this.#changed.notify()
    if (data.length > (isText ? this.#limits.textBytes : this.#limits.binaryBytes)) this.close(1009, 'too large')
    else this.onMessage(data)
  }

  drain(): void {
    this.#mustBeOpen('drain')
    this.drains++
    this.#changed.notify()
    this.onDrain()
  }

  pong(payload: Uint8Array): void {
    this.#mustBeOpen('pong')
    this.pongs.push(new Uint8Array(payload))
    this.#changed.notify()
    this.onPong()
  }

  closed(info: SocketClosed): void {
    this.#mustBeOpen('closed')
    if (this.#callsInside > 0) this.violations.push('closed inside a call on the socket')
    if (this.socket.open) this.violations.push('closed while socket.open is true')
    this.ended = info
    this.#changed.notify()
  }

  /** How the connection ended, once it has. */
  async end(): Promise<SocketClosed> {
    await this.until('the end of the session', () => this.ended !== undefined)
    return this.ended!
  }

  /** Waits for something that happens to this session. */
  until(what: string, condition: () => boolean): Promise<void> {
    return this.#changed.until(what, condition)
  }

  #mustBeOpen(event: string): void {
    if (this.ended) this.violations.push(`${event} after closed`)
  }
}

export function accept(protocol = ''): Accept {
  return { ok: true, protocol }
}

export function refuse(status: number, headers: Record<string, string> = {}, body = ''): Reject {
  return { ok: false, status, headers, body }
}
