import { pause } from '../children.js'
import { type Contender, type Measured, type Timing, Trial } from './measure.js'
import { interleaved, type Rounds } from './rounds.js'
import type { Workload } from './workload.js'

/** What servers use that have been at it for a while: each is started once, warmed up, and measured in every round. */
export async function steady(
  contenders: readonly Contender[],
  count: number,
  workload: Workload,
  { warmUpMs, settleMs, measureMs }: Timing,
): Promise<Rounds> {
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

  async function once(trial: Trial): Promise<Measured> {
    await trial.connect(workload.sessions)
    await pause(settleMs)
    trial.begin()
    await pause(measureMs)
    const measured = await trial.end()
    await trial.disconnect()
    return measured
  }
}
