/** Scripts that put no blanks between words. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u
const unspacedAll = new RegExp(unspaced.source, 'gu')
const wordCharacter = /[\p{L}\p{N}'’]/u
const blank = /\s/u
const speakable = /[\p{L}\p{N}]/u

/** Whether there is anything in it to say. */
export function isSpeakable(text: string): boolean {
  return speakable.test(text)
}

/** Whether the characters on both sides of `at` belong to one word. */
export function insideWord(text: string, at: number): boolean {
  const before = text[at - 1] ?? ''
  return wordCharacter.test(before) && wordCharacter.test(text[at] ?? '') && !unspaced.test(before)
}

/** The last place at or before `end` where a cut leaves whole words only; "twenty-one" is one. */
export function wholeWords(text: string, start: number, end: number): number {
  while (end > start && splitsWord(text, end)) end--
  return end
}

function splitsWord(text: string, at: number): boolean {
  const before = text[at - 1]!
  if (blank.test(before) || unspaced.test(before)) return false
  for (let next = at; next < text.length && !blank.test(text[next]!) && !unspaced.test(text[next]!); next++) {
    if (speakable.test(text[next]!)) return true
  }
  return false
}

/** Words in `text`; of scripts without blanks, two characters count as one. */
export function countWords(text: string): number {
  const spaced = text.replace(unspacedAll, ' ').split(/\s+/u).filter(isSpeakable).length
  return spaced + Math.ceil((text.match(unspacedAll)?.length ?? 0) / 2)
}

/** `a` and what was said after it. */
export function joinSpeech(a: string, b: string): string {
  if (a === '' || b === '' || /\s$/u.test(a) || /^\s/u.test(b)) return a + b
  return unspaced.test(a.at(-1)!) && unspaced.test(b[0]!) ? a + b : `${a} ${b}`
}
