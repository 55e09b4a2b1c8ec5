import type { Row } from '../report.js'
import type { Contender } from './measure.js'
import { type Metric, middle, type Rounds, ratio } from './rounds.js'
import type { Usage } from './workload.js'

export interface Claim {
  readonly contender: Contender
  readonly control: Contender
  readonly target: string
}

export interface CpuFigures<M extends Usage> {
  /** What the rows are about, such as `uplink`. */
  readonly what: string
  readonly unit: string
  readonly metric: Metric<M>
  readonly claims: readonly Claim[]
  /** Two identical controls. */
  readonly twins: readonly [Contender, Contender]
}

/** A row for each claim, and one for each contender that was measured. */
export function cpuRows<M extends Usage>(
  rounds: Rounds<M>,
  { what, unit, metric, claims, twins }: CpuFigures<M>,
): Row[] {
  const aa = ratio(rounds, metric, ...twins)
  return [
    ...claims.map(({ contender, control, target }) => ({
      name: `${what}: ${contender.name} / ${control.name}`,
      value: ratio(rounds, metric, contender, control),
      unit: 'x',
      target,
      aa,
      rounds: rounds.get(contender)!.length,
    })),
    ...[...rounds].map(([contender, measured]) => ({
      name: `${what}, ${contender.name}: CPU`,
      value: middle(rounds, metric, contender),
      unit,
      rounds: measured.length,
      note: health(rounds, contender),
    })),
  ]
}

/** What else the processes' own accounting says. */
function health(rounds: Rounds<Usage>, contender: Contender): string {
  const of = (metric: Metric<Usage>, digits = 0) => middle(rounds, metric, contender).toFixed(digits)
  return [
    `GC ${of(({ gcMs }) => gcMs)} ms, longest ${of(({ gcLongestMs }) => gcLongestMs, 1)} ms`,
    `loop p99 ${of(({ delayP99Ms }) => delayP99Ms)} ms`,
    `RSS ${of(({ rssBytes }) => rssBytes / 1e6)} MB, heap ${of(({ heapBytes }) => heapBytes / 1e6)} MB`,
  ].join('; ')
}
