import type { ProviderFailure } from '../providers/contracts.js'
import type { ConnectionAttempt } from '../providers/health.js'

/** Speech a provider must have been given before its silence means anything. */
const SPEECH_MS = 3000
/** How long a provider may then say nothing. Without interims it speaks only at pauses. */
const SILENT_MS = { interims: 5000, finalsOnly: 15_000 } as const
const LONGEST_MS = 60_000
/** How long a provider may refuse audio. */
const BLOCKED_MS = 5000

const deafFailure: ProviderFailure = { class: 'connection', reason: 'no event in spite of speech' }
export const blockedFailure: ProviderFailure = { class: 'connection', reason: 'takes no audio' }

/**
 * Finds a provider that has gone deaf with its connection open. What sounds like speech may be music, so the first
 * suspicion only asks for another stream: if that hears something in the same audio, the first one was deaf; if it
 * does not, there was nothing to hear, and the next suspicion takes twice as long.
 */
export class Watchdog {
  private suspicions = 0
  private speechMsAtEvent = 0
  /** When the provider last said something, or was last known to be unable to. */
  private quietSinceMs = 0
  private takenAtMs = 0
  private suspect: ConnectionAttempt | undefined

  /** Whether enough speech has been heard without an answer that time must be watched. */
  armed(speechMs: number): boolean {
    return speechMs - this.speechMsAtEvent >= SPEECH_MS
  }

  /** A stream said something: it hears, and a suspected one before it did not. */
  event(nowMs: number, speechMs: number, attempt: ConnectionAttempt): void {
    this.quietSinceMs = nowMs
    this.speechMsAtEvent = speechMs
    this.suspicions = 0
    if (this.suspect !== attempt) this.suspect?.failed(deafFailure)
    this.suspect = undefined
  }

  /** What was taken for speech has turned out to be something else since the last event. */
  get misled(): boolean {
    return this.suspicions > 0
  }

  /** The verdict on the stream of this attempt is still open. */
  investigates(attempt: ConnectionAttempt): boolean {
    return this.suspect === attempt
  }

  /** No other stream can be had: nothing can be concluded. */
  drop(): void {
    this.suspect = undefined
  }

  /** The stream broke its promise to answer a request. False: that has led nowhere before, or is looked into already. */
  accuse(attempt: ConnectionAttempt): boolean {
    if (this.suspect || this.suspicions > 0) return false
    this.suspect = attempt
    return true
  }

  close(): void {
    this.suspect?.ended()
    this.suspect = undefined
  }

  /** Time in which no answer can be expected: nobody is attached, or audio is being caught up. */
  pause(nowMs: number): void {
    this.quietSinceMs = nowMs
    this.takenAtMs = nowMs
  }

  /** True when the provider has refused audio for too long. */
  blocked(nowMs: number, refused: boolean): boolean {
    if (!refused) this.takenAtMs = nowMs
    return nowMs - this.takenAtMs >= BLOCKED_MS
  }

  /** True when another stream should hear the same audio. */
  suspects(nowMs: number, speechMs: number, interims: boolean, attempt: ConnectionAttempt): boolean {
    if (!this.armed(speechMs)) return false
    const patienceMs = interims ? SILENT_MS.interims : SILENT_MS.finalsOnly
    if (nowMs - this.quietSinceMs < Math.min(LONGEST_MS, patienceMs * 2 ** this.suspicions)) return false
    this.quietSinceMs = nowMs
    if (this.suspect) {
      this.acquit(speechMs)
      return false
    }
    this.suspect = attempt
    return true
  }

  /** Two streams heard nothing in the same audio. */
  private acquit(speechMs: number): void {
    this.close()
    this.suspicions++
    this.speechMsAtEvent = speechMs
  }
}
