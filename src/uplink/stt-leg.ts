import type { ProviderFailure } from '../providers/contracts.js'
import type { LegChange } from './ports.js'
import { recognitionError } from './stt-failure.js'

/** `new`: not started. `starting`: has not served yet. */
type LegPhase = 'new' | 'starting' | 'live' | 'down' | 'lost' | 'closed'

/** Where the recognition of a session stands. Reports each change once, however many connections it took. */
export class SttLeg {
  phase: LegPhase = 'new'
  private readonly report: (change: LegChange) => void

  constructor(report: (change: LegChange) => void) {
    this.report = report
  }

  /** Nobody will recognise anything. */
  get over(): boolean {
    return this.phase === 'lost' || this.phase === 'closed'
  }

  live(provider: string): void {
    if (this.phase === 'live') return
    this.phase = 'live'
    this.report({ state: 'live', provider })
  }

  down(provider: string, failure: ProviderFailure): void {
    if (this.phase === 'down') return
    this.phase = 'down'
    this.report({ state: 'down', provider, error: recognitionError(provider, failure, true) })
  }

  lost(provider: string, failure: ProviderFailure): void {
    this.phase = 'lost'
    this.report({ state: 'lost', provider, error: recognitionError(provider, failure, false) })
  }
}
