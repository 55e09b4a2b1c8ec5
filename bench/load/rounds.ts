import { median } from '../statistics.js'
import { type Contender, type Measured, measure, type Timing } from './measure.js'
import type { Workload } from './workload.js'

/** What each contender used, round by round. */
export type Rounds = ReadonlyMap<Contender, readonly Measured[]>

/** One figure of a measurement. */
export type Metric = (measured: Measured) => number

/** Measures all contenders in turn, `count` times: what the machine does meanwhile happens to all of them. */
export async function interleaved(
  contenders: readonly Contender[],
  count: number,
  workload: Workload,
  timing: Timing,
): Promise<Rounds> {
  const rounds = new Map<Contender, Measured[]>(contenders.map(contender => [contender, []]))
  for (let round = 0; round < count; round++) {
    // Nobody always follows the same one.
    const order = contenders.map((_, i) => contenders[(i + round) % contenders.length]!)
    for (const contender of order) rounds.get(contender)!.push(await measure(contender, workload, timing))
  }
  return rounds
}

/** The median of the rounds' ratios. */
export function ratio(rounds: Rounds, metric: Metric, contender: Contender, control: Contender): number {
  const controls = rounds.get(control)!
  return median(rounds.get(contender)!.map((measured, i) => metric(measured) / metric(controls[i]!)))
}

/** The median over a contender's rounds. */
export function middle(rounds: Rounds, metric: Metric, contender: Contender): number {
  return median(rounds.get(contender)!.map(metric))
}
