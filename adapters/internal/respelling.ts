import type { TtsOptions } from '../../src/providers/contracts.js'

/** Writes words as they are to be spoken, for vendors that take no pronunciations with a text. */
export class Respelling {
  readonly #spoken: Map<string, string>
  readonly #pattern: RegExp | undefined

  constructor(pronunciations: TtsOptions['pronunciations'] = []) {
    this.#spoken = new Map(pronunciations.map(({ word, pronunciation }) => [word.toLowerCase(), pronunciation]))
    this.#spoken.delete('')
    if (this.#spoken.size === 0) return
    // The longest first: `Dr. No` must not be found as `Dr.`.
    const words = [...this.#spoken.keys()].sort((a, b) => b.length - a.length).map(escaped)
    this.#pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})(?![\\p{L}\\p{N}])`, 'giu')
  }

  apply(text: string): string {
    if (!this.#pattern) return text
    return text.replace(this.#pattern, word => this.#spoken.get(word.toLowerCase()) ?? word)
  }
}

function escaped(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
