const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  )
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')

const units = { second: 1000, minute: 60_000, hour: 3_600_000 } as const

export interface Duration {
  readonly ms: number
  /** As it was said: "five minutes". */
  readonly words: string
}

/** Numbers up to 99, in words or in digits; recognisers give both. */
function numberOf(words: string): number | undefined {
  if (/^\d+$/.test(words)) return Number(words)
  if (words === 'a' || words === 'an') return 1
  const [first = '', second] = words.split(/[\s-]+/)
  const ten = tens.indexOf(first)
  if (ten < 0) return ones.includes(first) && second === undefined ? ones.indexOf(first) : undefined
  const one = second === undefined ? 0 : ones.indexOf(second)
  return one < 0 || one > 9 ? undefined : 20 + 10 * ten + one
}

/** The first duration in `text`, such as "twenty five minutes" or "90 seconds". */
export function durationOf(text: string): Duration | undefined {
  const found = /\b((?:[a-z]+[\s-])?[a-z]+|\d+)\s+(second|minute|hour)s?\b/i.exec(text.toLowerCase())
  if (!found) return undefined
  const [, said = '', unit = 'second'] = found
  // "for five minutes": what stands before the number is not part of it.
  for (const words of [said, said.split(/\s+/).at(-1) ?? '']) {
    const count = numberOf(words)
    if (count === undefined || count === 0) continue
    return { ms: count * units[unit as keyof typeof units], words: `${words} ${unit}${count === 1 ? '' : 's'}` }
  }
  return undefined
}
