import { pause } from '../children.js'
import { type Contender, type Measured, type Timing, Trial } from './measure.js'
import { interleaved, type Rounds } from './rounds.js'
import type { Workload } from './workload.js'

/** Waits so long, and says what it saw meanwhile. */
export type Probe<T> = (measureMs: number) => Promise<T>

/** What servers use that have been at it for a while: each is started once, warmed up, and measured in every round. */
export async function steady<T = unknown>(
  contenders: readonly Contender[],
  count: number,
  workload: Workload,
  { warmUpMs, settleMs, measureMs }: Timing,
  probe: Probe<T> = pause as Probe<never>,
): Promise<Rounds<Measured & T>> {
  const trials = new Map<Contender, Trial>()
  try {
    for (const contender of contenders) {
      const trial = await Trial.start(contender, workload)
      trials.set(contender, trial)
      await trial.connect(workload.sessions)
      await pause(warmUpMs)
      await trial.disconnect()
    }
    return await interleaved(contenders, count, contender => once(trials.get(contender)!))
  } finally {
    for (const trial of trials.values()) await trial.stop()
  }

  async function once(trial: Trial): Promise<Measured & T> {
    await trial.connect(workload.sessions)
    await pause(settleMs)
    trial.begin()
    const seen = await probe(measureMs)
    const measured = await trial.end()
    await trial.disconnect()
    return { ...measured, ...seen }
  }
}
