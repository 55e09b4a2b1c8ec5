import type { HistoryItem } from '../conversation/history.js'
import { retryHint } from '../protocol/close-codes.js'
import type { DecodeError, PlayedMark } from '../protocol/dialect.js'
import type { ErrorCode } from '../protocol/error-codes.js'
import type { ClientMessage, ConfigMessage, ResumeMessage } from '../protocol/messages.js'
import type { SocketSink, VoiceSocket } from '../socket.js'
import type { Expiring } from '../util/deadlines.js'
import { clientError } from './client-error.js'
import { EarlyData } from './early-data.js'
import { maxInvalid } from './inbound.js'
import { Link, type LinkOptions, type LinkTarget } from './link.js'
import type { Session } from './session.js'
import type { SessionRecord } from './store.js'
import type { Ticket, Verdict } from './ticket.js'

/** What a setup asks of the handler. */
export interface SetupPorts {
  /** Every setup that has not come to its end. */
  readonly setups: Set<Setup>
  authenticate(ticket: Ticket, token: string | undefined): Promise<Verdict>
  /** The live session of that id. */
  find(id: string): Session | undefined
  /** The ended session that the token opens. Nobody else gets it. */
  recall(id: string, token: string, principal: unknown): Promise<SessionRecord | null>
  /** Nothing came of it: whoever holds the token may come again. */
  giveBack(record: SessionRecord): void
  /** Builds and registers a session. */
  create(request: CreateRequest): Promise<Session | SetupFailure>
  /** A resume token was wrong, used up or unknown. */
  resumeRefused(): void
  /** Something threw that should not. */
  setupFailed(error: unknown): void
}

export interface CreateRequest {
  readonly ticket: Ticket
  readonly principal: unknown
  readonly config: ConfigMessage
  /** Of the session this one continues. */
  readonly previous: readonly HistoryItem[] | null
  readonly signal: AbortSignal
}

/** Why no session came of it. */
export interface SetupFailure {
  readonly closeCode: number
  readonly code: ErrorCode
  readonly message: string
  /** When the client may come back, where it may. */
  readonly retryAfterMs?: number | undefined
}

/** How long the first message may take when authentication was put off until it. */
const deferredTokenMs = 5000
/** How long a configuration may take. */
const configMs = 10_000

/**
 * A socket that has no session yet: waits for its first message, finds out whose it is, and puts the socket on a new
 * session or on the one it resumes.
 */
export class Setup implements LinkTarget, Expiring {
  private readonly ticket: Ticket
  private readonly ports: SetupPorts
  private readonly options: LinkOptions
  private readonly link: Link
  private readonly early = new EarlyData()
  private readonly abort = new AbortController()
  private phase: 'waiting' | 'working' | 'over' = 'waiting'
  private refusedEarly = false
  private invalidMessages = 0

  /** Takes an open socket over; the sink is what its adapter reports to from now on. */
  static open(socket: VoiceSocket, ticket: Ticket, ports: SetupPorts, options: LinkOptions): SocketSink {
    const link = new Link(socket, ticket.createDialect(), options)
    new Setup(link, ticket, ports, options)
    return link
  }

  /** Sets up anew on a link whose session has ended for it. */
  static again(
    link: Link,
    ticket: Ticket,
    ports: SetupPorts,
    options: LinkOptions,
    config: ConfigMessage,
    history: readonly HistoryItem[],
  ): void {
    const setup = new Setup(link, ticket, ports, options)
    setup.work(() => setup.configure(config, history))
  }

  private constructor(link: Link, ticket: Ticket, ports: SetupPorts, options: LinkOptions) {
    this.ticket = ticket
    this.ports = ports
    this.options = options
    this.link = link
    ports.setups.add(this)
    link.retarget(this)
    options.deadlines.set(this, ticket.verdict.kind === 'deferred' ? deferredTokenMs : configMs)
  }

  message(message: ClientMessage | PlayedMark): void {
    if (this.phase === 'over') return
    if (message.type === 'ping') return void this.link.sendMessage({ type: 'pong', t: message.t })
    // A gap belongs to the audio around it, which is refused as well.
    if (message.type === 'gap') return this.refuseEarly('audio_not_ready', 'gap: wait for ready or resumed')
    if (this.phase === 'working') return this.early.message(message)
    if (message.type === 'config') return this.work(() => this.configure(message, null))
    if (message.type === 'resume') return this.work(() => this.resume(message))
    if (message.type === 'bye') return this.close(1000, 'bye')
    this.refuseEarly('not_configured', `${message.type}: send config first`)
  }

  audio(bytes: Uint8Array): void {
    if (this.phase === 'over') return
    // Clients that are told when to start may wait; a plain client may speak while its config is being applied.
    if (this.phase === 'working' && !this.link.features.acks) return this.early.audio(bytes)
    if (this.link.features.acks) this.refuseEarly('audio_not_ready', 'audio: wait for ready or resumed')
    else this.refuseEarly('not_configured', 'audio: send config first')
  }

  invalid(error: DecodeError): void {
    if (this.phase === 'over' || error.code === 'unknown_type') return
    if (error.code === 'bad_message' && ++this.invalidMessages < maxInvalid) {
      this.link.sendMessage(clientError('bad_message', error.message))
    } else {
      this.fail({ closeCode: 4400, code: error.code, message: error.message })
    }
  }

  drain(): void {}

  probed(): void {}

  linkClosed(): void {
    this.over()
  }

  expire(): void {
    if (this.ticket.verdict.kind === 'deferred' && this.phase === 'waiting') {
      this.fail({ closeCode: 4401, code: 'unauthenticated', message: `config: none came within ${deferredTokenMs} ms` })
    } else if (this.phase === 'waiting') {
      this.fail({ closeCode: 4408, code: 'config_timeout', message: `config: none came within ${configMs} ms` })
    } else {
      this.fail({ closeCode: 1011, code: 'configure_failed', message: 'the session could not be configured in time' })
    }
  }

  /** Gives up, and the socket with it. */
  close(code: number, reason: string): void {
    this.over()
    this.link.close(code, reason)
  }

  /** Runs the one asynchronous stretch of a setup. */
  private work(run: () => Promise<void>): void {
    this.phase = 'working'
    this.options.deadlines.set(this, configMs)
    run().catch(error => {
      this.ports.setupFailed(error)
      this.fail({ closeCode: 1011, code: 'internal', message: 'the session could not be set up' })
    })
  }

  private async configure(config: ConfigMessage, previous: readonly HistoryItem[] | null): Promise<void> {
    const principal = await this.identify(config.token)
    if (principal === refused) return
    const { previous_session: wanted } = config
    const ended =
      wanted && !previous ? await this.ports.recall(wanted.session_id, wanted.resume_token, principal) : null
    await this.create(principal, config, previous ?? ended?.history ?? null, ended)
  }

  private async resume(message: ResumeMessage): Promise<void> {
    const principal = await this.identify(message.token)
    if (principal === refused) return
    const session = this.ports.find(message.session_id)
    const presented = await session?.life.present(message.resume_token)
    if (this.phase !== 'working') return
    if (presented && session?.life.canResume(message, presented, principal)) {
      this.handOver()
      session.life.resume(this.link, message)
      return this.early.deliver(this.link)
    }
    const ended = await this.ports.recall(message.session_id, message.resume_token, principal)
    if (!ended) this.ports.resumeRefused()
    await this.create(principal, message.config, ended?.history ?? null, ended)
  }

  /** Who this is, asking once more when the upgrade could not tell. */
  private async identify(token: string | undefined): Promise<unknown | typeof refused> {
    const { verdict } = this.ticket
    const known = verdict.kind === 'principal' ? verdict : await this.ports.authenticate(this.ticket, token)
    if (this.phase !== 'working') return refused
    if (known.kind === 'principal') return known.principal
    this.fail(refusalOf(known))
    return refused
  }

  /** @param ended what the new session goes on from; it is as it was when the client never gets to talk in the new one. */
  private async create(
    principal: unknown,
    config: ConfigMessage,
    previous: readonly HistoryItem[] | null,
    ended: SessionRecord | null,
  ): Promise<void> {
    const giveBack = () => {
      if (ended) this.ports.giveBack(ended)
    }
    if (this.phase !== 'working') return giveBack()
    const made = await this.ports.create({
      ticket: this.ticket,
      principal,
      config,
      previous,
      signal: this.abort.signal,
    })
    if ('closeCode' in made) {
      giveBack()
      return this.fail(made)
    }
    if (ended) {
      const undo = made.on('closed', giveBack)
      made.on('ready', undo)
    }
    if (this.phase !== 'working') return made.close({ code: 1001, reason: 'client left' })
    this.handOver()
    made.life.start(this.link)
    this.early.deliver(this.link)
  }

  /** From here on the link is the session's. */
  private handOver(): void {
    this.phase = 'over'
    this.ports.setups.delete(this)
    this.options.deadlines.clear(this)
  }

  private fail({ closeCode, code, message, retryAfterMs }: SetupFailure): void {
    if (this.phase === 'over') return
    this.link.sendMessage(clientError(code, message, retryAfterMs))
    this.close(closeCode, retryAfterMs === undefined ? code : retryHint(retryAfterMs))
  }

  private over(): void {
    if (this.phase === 'over') return
    this.handOver()
    this.abort.abort()
  }

  /** One error, however many frames come too early. */
  private refuseEarly(code: ErrorCode, message: string): void {
    if (this.refusedEarly) return
    this.refusedEarly = true
    this.link.sendMessage(clientError(code, message))
  }
}

const refused: unique symbol = Symbol('refused')

function refusalOf(verdict: Exclude<Verdict, { kind: 'principal' }>): SetupFailure {
  switch (verdict.kind) {
    case 'deferred':
    case 'unauthenticated':
      return { closeCode: 4401, code: 'unauthenticated', message: 'token: missing or not valid' }
    case 'failed':
      return {
        closeCode: 1013,
        code: 'auth_unavailable',
        message: 'authentication is unavailable; try again',
        retryAfterMs: 1000,
      }
    case 'rejected': {
      const { status, retryAfterMs } = verdict
      if (status === 402) return { closeCode: 4402, code: 'quota', message: 'the quota is used up' }
      if (status === 429 || status >= 500)
        return { closeCode: 1013, code: 'capacity', message: 'refused; try again later', retryAfterMs }
      return { closeCode: 4403, code: 'forbidden', message: 'not allowed' }
    }
  }
}
