/** Words after which a comma ends a clause: shorter pieces lose their melody. */
const COMMA_WORDS = 6
/** A clause without punctuation is cut here, so that no call takes longer than about half a second. */
const MAX_WORDS = 30
/** Longer runs without a space are no words, and one letter of them can take 300 ms to spell. */
const MAX_WORD_CHARS = 60

const WORD = new RegExp(`\\S{1,${MAX_WORD_CHARS}}`, 'g')
const SENTENCE_END = /[.?!;:]["')\]]*$/
const COMMA_END = /,["')\]]*$/
/** `Dr.`, `e.g.`, and single letters as in `J. Smith`: their period ends no sentence. */
const ABBREVIATION = /^["'([]*(?:(?:mr|mrs|ms|dr|prof|st|no|vs|etc|approx)|(?:[a-z]\.)*[a-z])\.$/i

export interface ClauseCut {
  readonly clauses: readonly string[]
  /** The beginning of a clause whose end has not come yet. */
  readonly rest: string
}

/** Cuts text where a speaker may pause. `all` takes the unfinished last clause too. */
export function cutClauses(text: string, all: boolean): ClauseCut {
  const clauses: string[] = []
  let start = 0
  let words = 0
  for (const match of text.matchAll(WORD)) {
    const end = match.index + match[0].length
    // Whatever follows directly may still belong to the last word: "3." and then "14".
    if (end === text.length && !all) break
    words++
    if (!endsClause(match[0], words)) continue
    clauses.push(text.slice(start, end).trim())
    start = end
    words = 0
  }
  const rest = text.slice(start)
  if (!all) return { clauses, rest }
  if (rest.trim() !== '') clauses.push(rest.trim())
  return { clauses, rest: '' }
}

function endsClause(word: string, words: number): boolean {
  if (words >= MAX_WORDS) return true
  if (COMMA_END.test(word)) return words >= COMMA_WORDS
  return SENTENCE_END.test(word) && !ABBREVIATION.test(word)
}
