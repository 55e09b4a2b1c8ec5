import { median } from '../statistics.js'
import type { Contender, Measured } from './measure.js'

/** What each contender used, round by round. */
export type Rounds<M = Measured> = ReadonlyMap<Contender, readonly M[]>

/** One figure of a measurement. */
export type Metric<M = Measured> = (measured: M) => number

/** Measures all contenders in turn, `count` times: what the machine does meanwhile happens to all of them. */
export async function interleaved<M>(
  contenders: readonly Contender[],
  count: number,
  measure: (contender: Contender) => Promise<M>,
): Promise<Rounds<M>> {
  const rounds = new Map<Contender, M[]>(contenders.map(contender => [contender, []]))
  for (let round = 0; round < count; round++) {
    // Nobody always follows the same one.
    const order = contenders.map((_, i) => contenders[(i + round) % contenders.length]!)
    for (const contender of order) rounds.get(contender)!.push(await measure(contender))
  }
  return rounds
}

/** The median of the rounds' ratios. */
export function ratio<M>(rounds: Rounds<M>, metric: Metric<M>, contender: Contender, control: Contender): number {
  const controls = rounds.get(control)!
  return median(rounds.get(contender)!.map((measured, i) => metric(measured) / metric(controls[i]!)))
}

/** The median over a contender's rounds. */
export function middle<M>(rounds: Rounds<M>, metric: Metric<M>, contender: Contender): number {
  return median(rounds.get(contender)!.map(metric))
}
