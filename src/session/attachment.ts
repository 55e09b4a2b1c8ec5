import type { ServerMessage } from '../protocol/messages.js'
import type { Clock } from '../util/clock.js'
import type { Deadlines, Expiring } from '../util/deadlines.js'
import type { Link, LinkTarget } from './link.js'
import { ReplayLog } from './replay-log.js'
import { ResumeKey } from './resume.js'

export interface AttachmentOptions {
  readonly clock: Clock
  readonly deadlines: Deadlines
  /** How long a session waits for its client. */
  readonly windowMs: number
}

/** The tie between a session and the link that carries it now, if any. */
export class Attachment implements Expiring {
  readonly key: ResumeKey = new ResumeKey()
  readonly log: ReplayLog = new ReplayLog()
  private readonly options: AttachmentOptions
  private readonly windowOver: () => void
  private current: Link | null = null
  private epochs = 0
  private detachedAtMs: number | undefined

  constructor(options: AttachmentOptions, windowOver: () => void) {
    this.options = options
    this.windowOver = windowOver
  }

  get link(): Link | null {
    return this.current
  }

  /** How many links have carried the session. */
  get epoch(): number {
    return this.epochs
  }

  /** How long nothing has carried the session, counted from when its last served link broke. */
  get outageMs(): number {
    return this.detachedAtMs === undefined ? 0 : this.options.clock.now() - this.detachedAtMs
  }

  /** Puts the session on `link`. What it was on is fenced off first and returned, still to be closed. */
  attach(link: Link, target: LinkTarget): Link | null {
    const old = this.current
    old?.fence()
    this.options.deadlines.clear(this)
    this.current = link
    this.epochs++
    link.retarget(target)
    link.startKeepAlive()
    return old
  }

  /** The client is served again: the next outage gets a whole window. */
  served(): void {
    this.detachedAtMs = undefined
  }

  /** The link is gone. A link that broke before it was served leaves only what remains of the window. */
  detach(): void {
    this.current?.fence()
    this.current = null
    this.detachedAtMs ??= this.options.clock.now()
    this.options.deadlines.set(this, Math.max(0, this.options.windowMs - this.outageMs))
  }

  expire(): void {
    this.windowOver()
  }

  /** Past all lanes: for what must precede them or must still leave when they are closed. */
  send(message: ServerMessage, seq?: number): void {
    this.current?.sendMessage(message, seq)
  }

  /** Gives the link away, open as it is. */
  release(): Link | null {
    const link = this.current
    this.current = null
    return link
  }

  end(code: number, reason: string): void {
    this.options.deadlines.clear(this)
    this.current?.fence()
    this.current?.close(code, reason)
    this.current = null
  }
}
