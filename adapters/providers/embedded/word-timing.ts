import type { TimedText } from '../../../src/providers/contracts.js'
import { PAUSE, type Phone } from './flite.js'

/** Remembered words: a few hundred cover most of what an agent says. */
const MAX_REMEMBERED = 5_000
const EDGE_PUNCTUATION = /^[^\p{L}\p{N}$]+|[^\p{L}\p{N}%]+$/gu

/**
 * Flite tells when each phone ends but not which word it belongs to. How many phones a word has is asked separately,
 * once per word, by letting Flite pronounce the new words with a pause after each.
 */
export class PhoneCounter {
  readonly #pronounce: (text: string) => readonly string[]
  readonly #counts: Map<string, number> = new Map()

  constructor(pronounce: (text: string) => readonly string[]) {
    this.#pronounce = pronounce
  }

  /** The number of phones of each word, undefined where it could not be told. Punctuation has none. */
  count(words: readonly string[]): (number | undefined)[] {
    const bare = words.map(word => word.replace(EDGE_PUNCTUATION, ''))
    this.#learn([...new Set(bare)].filter(word => word !== '' && !this.#counts.has(word)))
    return bare.map(word => (word === '' ? 0 : this.#counts.get(word)))
  }

  #learn(words: readonly string[]): void {
    if (words.length === 0) return
    if (this.#counts.size > MAX_REMEMBERED) this.#counts.clear()
    const lengths = groupLengths(this.#pronounce(words.map(word => `${word},`).join(' ')))
    // A word that is spoken with a pause of its own spoils the division.
    if (lengths.length !== words.length) return
    words.forEach((word, index) => {
      this.#counts.set(word, lengths[index]!)
    })
  }
}

/** How many phones stand between pauses. */
function groupLengths(phones: readonly string[]): number[] {
  const lengths: number[] = []
  let length = 0
  for (const phone of [...phones, PAUSE]) {
    if (phone !== PAUSE) length++
    else if (length > 0) {
      lengths.push(length)
      length = 0
    }
  }
  return lengths
}

/** When each word of a clause is spoken; the clause as one item where its words and phones do not add up. */
export function timeWords(clause: string, phones: readonly Phone[], counter: PhoneCounter): TimedText[] {
  const spoken = soundingPhones(phones)
  if (spoken.length === 0) return []
  const words = clause.split(/\s+/).filter(Boolean)
  const counts = counter.count(words)
  const total = counts.reduce<number>((sum, count) => sum + (count ?? Number.NaN), 0)
  if (total !== spoken.length) return [{ text: clause, startMs: spoken[0]!.startMs, endMs: spoken.at(-1)!.endMs }]
  const items: TimedText[] = []
  let next = 0
  words.forEach((text, index) => {
    const count = counts[index]!
    const first = spoken[Math.min(next, spoken.length - 1)]!
    const last = spoken[Math.min(next + count, spoken.length) - 1] ?? first
    items.push(
      count > 0
        ? { text, startMs: first.startMs, endMs: last.endMs }
        : { text, startMs: last.endMs, endMs: last.endMs },
    )
    next += count
  })
  return items
}

function soundingPhones(phones: readonly Phone[]): { startMs: number; endMs: number }[] {
  return phones
    .map((phone, index) => ({ name: phone.name, startMs: phones[index - 1]?.endMs ?? 0, endMs: phone.endMs }))
    .filter(phone => phone.name !== PAUSE)
}
