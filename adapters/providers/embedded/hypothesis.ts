/** `<unk>`, `<sil>`, `</s>`, `[NOISE]`, `++UM++`: entries of the dictionary that are not words. */
const NOT_A_WORD = /^(?:<.*>|\[.*\]|\+\+.*\+\+)$/
/** `read(2)` is the second pronunciation of `read`. */
const PRONUNCIATION = /\(\d+\)$/

/** The words of a decoder hypothesis. */
export function spokenText(hypothesis: string): string {
  return hypothesis
    .split(/\s+/)
    .filter(token => !NOT_A_WORD.test(token))
    .map(token => token.replace(PRONUNCIATION, ''))
    .join(' ')
    .trim()
}
