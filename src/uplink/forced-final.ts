/** Past this, the first pause is used. Replaying more than this to another stream would take too long. */
const PATIENT_MS = 10_000
const PAUSE_MS = 200
/** Pause or not: the log holds 15 s. */
const LIMIT_MS = 14_000

/** Whether speech without a final has gone on for so long that one should be asked for. */
export function finalIsDue(unfinalisedMs: number, pausedMs: number): boolean {
  return unfinalisedMs >= LIMIT_MS || (unfinalisedMs >= PATIENT_MS && pausedMs >= PAUSE_MS)
}
