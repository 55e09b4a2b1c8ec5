/** One measured figure. */
export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What it must reach: `<= 1.05`, `>= 300`. Absent: measured for comparison only. */
  readonly target?: string | undefined
  /** The same figure between two identical controls: how far the machine's noise alone goes. */
  readonly aa?: number | undefined
  readonly rounds?: number | undefined
  /** What else was measured, for people. */
  readonly note?: string | undefined
}

export interface BenchOptions {
  /** Finish within a minute, for CI. */
  readonly quick: boolean
  /** The target: the first as a rule, the second where a busy machine must not fail what is no slower (`--ci`). */
  gate(target: string, ci: string): string
}

/** A benchmark by name. */
export interface Bench {
  run(options: BenchOptions): Promise<readonly Row[]>
}

/** Whether a row reaches its target; true for rows that have none. */
export function passes({ target, value }: Row): boolean {
  if (target === undefined) return true
  const [, comparison, bound] = /^(<=|>=) ([\d.]+)$/.exec(target) ?? []
  if (!comparison) throw new TypeError(`target: '${target}' is not understood; write '<= 1.05' or '>= 300'`)
  return comparison === '<=' ? value <= Number(bound) : value >= Number(bound)
}

/** A table for people. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(row => [
    row.name,
    round(row.value),
    row.unit,
    row.target ?? '',
    row.aa === undefined ? '' : round(row.aa),
    row.rounds === undefined ? '' : String(row.rounds),
    row.target === undefined ? '' : passes(row) ? 'pass' : 'FAIL',
    row.note ?? '',
  ])
  const head = ['what', 'value', 'unit', 'target', 'A/A', 'rounds', '', 'beside it']
  return [head, head.map(() => '---'), ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

/** One JSON line per row with a target. */
export function jsonOf(row: Row): string {
  const { name, target, value, unit, aa, rounds } = row
  return JSON.stringify({ name, target, value, unit, aa, rounds, pass: passes(row) })
}

function round(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
