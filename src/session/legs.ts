import type { Cancel, Clock } from '../util/clock.js'
import type { VoiceError } from '../util/errors.js'

export type Leg = 'stt' | 'tts'

/** `starting`: has never served. `none`: this session has no such leg, or has given it up. */
type LegStatus = 'none' | 'starting' | 'live' | 'down'

export interface LegChange {
  readonly state: 'live' | 'down' | 'lost'
  readonly provider: string
  readonly error?: VoiceError | undefined
}

export interface LegPorts {
  /** Every leg the session has serves for the first time. */
  ready(): void
  /** A leg stopped serving and is being recovered. */
  down(leg: Leg, change: LegChange): void
  /** Every leg serves again. */
  live(leg: Leg, change: LegChange): void
  /** A leg is gone for good and the session cannot do without it. */
  lost(leg: Leg, error: VoiceError | undefined): void
  /** A leg is gone for good and the session goes on without it. */
  abandoned(leg: Leg, error: VoiceError | undefined): void
}

export interface LegsOptions {
  readonly clock: Clock
  readonly budgetMs: number
  /** What the session does without the leg. */
  readonly whenLost: Readonly<Record<Leg, 'fail' | 'continue'>>
  /** The legs this session has. */
  readonly has: Readonly<Record<Leg, boolean>>
}

/**
 * The recognition and the synthesis leg of a session, and how long either may be down. The budget is spent only
 * while a client is attached: nobody is kept waiting otherwise.
 */
export class Legs {
  private readonly options: LegsOptions
  private readonly ports: LegPorts
  private readonly status: Record<Leg, LegStatus>
  private readonly lastError: Partial<Record<Leg, VoiceError>> = {}
  private wasReady = false
  private attached = true
  private spentMs = 0
  private spendingSinceMs: number | undefined
  private cancelBudget: Cancel | undefined

  constructor(options: LegsOptions, ports: LegPorts) {
    this.options = options
    this.ports = ports
    this.status = { stt: options.has.stt ? 'starting' : 'none', tts: options.has.tts ? 'starting' : 'none' }
  }

  /** No leg is down or has yet to serve. */
  get allLive(): boolean {
    return this.waiting().length === 0
  }

  start(): void {
    this.settle()
  }

  change(leg: Leg, change: LegChange): void {
    if (this.status[leg] === 'none') return
    if (change.error) this.lastError[leg] = change.error
    switch (change.state) {
      case 'live':
        if (this.status[leg] === 'live') return
        this.status[leg] = 'live'
        if (this.wasReady && this.allLive) this.ports.live(leg, change)
        return this.settle()
      case 'down':
        if (this.status[leg] !== 'live') return
        this.status[leg] = 'down'
        this.ports.down(leg, change)
        return this.settle()
      case 'lost':
        return this.give(leg)
    }
  }

  attach(): void {
    this.attached = true
    this.settle()
  }

  detach(): void {
    this.attached = false
    this.settle()
  }

  close(): void {
    this.stopBudget()
    this.status.stt = 'none'
    this.status.tts = 'none'
  }

  private waiting(): Leg[] {
    return (['stt', 'tts'] as const).filter(leg => this.status[leg] === 'starting' || this.status[leg] === 'down')
  }

  /** The leg is over: the session ends or goes on without it. */
  private give(leg: Leg): void {
    if (this.status[leg] === 'none') return
    if (this.options.whenLost[leg] === 'fail') {
      this.stopBudget()
      return this.ports.lost(leg, this.lastError[leg])
    }
    this.status[leg] = 'none'
    this.ports.abandoned(leg, this.lastError[leg])
    this.settle()
  }

  private settle(): void {
    if (this.allLive) {
      this.stopBudget()
      this.spentMs = 0
      if (!this.wasReady) {
        this.wasReady = true
        this.ports.ready()
      }
    } else if (this.attached) {
      this.startBudget()
    } else {
      this.stopBudget()
    }
  }

  private startBudget(): void {
    if (this.cancelBudget) return
    this.spendingSinceMs = this.options.clock.now()
    this.cancelBudget = this.options.clock.after(Math.max(0, this.options.budgetMs - this.spentMs), () => {
      this.stopBudget()
      for (const leg of this.waiting()) this.give(leg)
    })
  }

  private stopBudget(): void {
    this.cancelBudget?.()
    this.cancelBudget = undefined
    if (this.spendingSinceMs !== undefined) this.spentMs += this.options.clock.now() - this.spendingSinceMs
    this.spendingSinceMs = undefined
  }
}
