import type { AudioIntake } from './audio-intake.js'
import { finalIsDue } from './forced-final.js'
import { type Hearing, KEPT_QUIET_MS } from './hearing.js'
import type { SttBridge } from './stt-bridge.js'
import type { Transcripts } from './transcripts.js'

/** A provider that ends utterances by itself knows more than a pause does; ours is only a backstop then. */
const BACKSTOP_MS = 1000

export interface TurnTaking {
  /** Silence that ends a turn, in milliseconds of audio. */
  readonly endpointMs: number
  /** Voice that is long enough to interrupt, in milliseconds of audio. */
  readonly onsetMs: number
  /** `manual`: only `finalize()` ends a turn. */
  readonly mode: 'auto' | 'manual'
}

/** Judges from the sound, and from what was recognised of it, when the user has finished. */
export class Endpointer {
  private turns: TurnTaking
  private readonly intake: AudioIntake
  private readonly hearing: Hearing
  private readonly transcripts: Transcripts
  private readonly bridge: SttBridge
  /** Session time of the last final that was asked for because it was overdue. */
  private forcedMs = 0

  constructor(turns: TurnTaking, intake: AudioIntake, hearing: Hearing, transcripts: Transcripts, bridge: SttBridge) {
    this.turns = turns
    this.intake = intake
    this.hearing = hearing
    this.transcripts = transcripts
    this.bridge = bridge
  }

  configure(turns: TurnTaking): void {
    this.turns = turns
  }

  /** Something was said that has not ended. */
  get open(): boolean {
    return this.transcripts.hasText || (this.hearing.detects && this.hearing.outstanding)
  }

  /** Takes the user to have finished, if a turn may end so and nobody says so already. */
  private end(): void {
    if (this.turns.mode === 'auto' && this.open && !this.bridge.ending) this.bridge.request('silence')
  }

  /** The user is gone: what was said is complete. */
  conclude(): void {
    this.end()
    if (this.bridge.pending) return
    if (this.transcripts.interimOpen || this.hearing.outstanding) this.bridge.request(null)
  }

  /** What the sound so far means. Once per frame, so it makes nothing. */
  judge(attached: boolean): void {
    const { hearing, bridge, transcripts } = this
    const { quietMs } = hearing
    if (this.open) {
      if (attached && quietMs >= this.endpointMs) this.end()
      if (bridge.serving && !bridge.pending) this.forceFinal()
    }
    if (quietMs >= KEPT_QUIET_MS && !transcripts.interimOpen && hearing.forgettable) this.forgetQuiet()
  }

  private get endpointMs(): number {
    const { endpointMs } = this.turns
    // Without a detector, words that stop coming are the only sign.
    const backstop = this.bridge.capabilities?.endpointing || !this.hearing.detects
    return backstop ? endpointMs + BACKSTOP_MS : endpointMs
  }

  private forceFinal(): void {
    const { hearing, bridge, intake } = this
    // Where a provider gives interims, only they tell speech from music.
    const speech = bridge.capabilities?.interims ? this.transcripts.interimOpen : hearing.outstanding
    if (!speech) return
    const { times, log } = intake
    const sentMs = times.msAt(log.sent)
    const sinceMs = Math.max(this.forcedMs, times.msAt(log.finalised))
    // While audio is caught up, the pause of now is not in what was sent.
    const pauseMs = bridge.behind ? 0 : hearing.pauseMs
    if (!finalIsDue(sentMs - sinceMs, pauseMs)) return
    this.forcedMs = sentMs
    bridge.force()
  }

  private forgetQuiet(): void {
    const { positionMs, times, log, packets } = this.intake
    const quietTo = times.offsetAt(positionMs - KEPT_QUIET_MS)
    // A provider that serves gets all of it, also what it has yet to catch up on; only one that has yet to come is
    // spared the silence.
    log.finaliseTo(this.bridge.serving ? Math.min(log.sent, quietTo) : quietTo)
    packets?.forget(log.finalised)
  }
}
