import { describe, expect, test } from 'vitest'
import { Alignment } from '../../../src/conversation/alignment.js'
import { countWords, joinSpeech, wholeWords } from '../../../src/conversation/words.js'

const text = 'One two three. Four five-six (seven), eight.'

function timed(words: string, from: number, msEach: number) {
  return words.split(' ').map((word, n) => ({ text: word, startMs: from + n * msEach, endMs: from + (n + 1) * msEach }))
}

function heard(alignment: Alignment, ms: number): string {
  return text.slice(0, alignment.heard(text, ms).chars)
}

describe('by word times', () => {
  function aligned(): Alignment {
    const alignment = new Alignment()
    alignment.begin(0, 14)
    alignment.time(text, timed('One two three.', 0, 100), 'word')
    alignment.grow(400)
    alignment.complete()
    alignment.begin(14, text.length)
    alignment.grow(1000)
    alignment.time(text, timed('Four five-six seven eight', 0, 200), 'word')
    return alignment
  }

  test.each([
    [0, ''],
    [99, 'One'],
    [98, ''],
    [250, 'One two'],
    [399, 'One two three.'],
    [599, 'One two three. Four'],
    [800, 'One two three. Four five-six'],
    [5000, 'One two three. Four five-six (seven), eight'],
  ])('after %i ms "%s" was heard', (ms, expected) => {
    expect(heard(aligned(), ms)).toBe(expected)
    expect(aligned().heard(text, ms).basis).toBe('words')
  })

  test('what is abandoned goes on with the first word that is not all there', () => {
    const alignment = new Alignment()
    alignment.begin(0, 14)
    alignment.time(text, timed('One two three.', 0, 100), 'word')
    alignment.grow(250)
    expect(text.slice(alignment.abandon(text))).toMatch(/^ three/)
    expect(heard(alignment, 1000)).toBe('One two')
  })

  test('of single characters, words are taken whole', () => {
    const alignment = new Alignment()
    alignment.begin(0, 14)
    alignment.time(
      text,
      [...'One two three.'].map((char, n) => ({ text: char, startMs: n * 10, endMs: (n + 1) * 10 })),
      'char',
    )
    alignment.grow(140)
    expect(heard(alignment, 95)).toBe('One two ')
    expect(heard(alignment, 130)).toBe('One two three')
  })

  test('words that were spoken differently are passed over, and do not lead astray', () => {
    const alignment = new Alignment()
    const order = 'I want 3 of a kind and a half.'
    alignment.begin(0, order.length)
    alignment.time(order, timed('I want three of a kind and a half.', 0, 100), 'word')
    alignment.grow(900)
    expect(order.slice(0, alignment.heard(order, 300).chars)).toBe('I want')
    expect(order.slice(0, alignment.heard(order, 500).chars)).toBe('I want 3 of a')
    expect(order.slice(0, alignment.heard(order, 900).chars)).toBe(order)
  })
})

describe('by share of characters', () => {
  test('with a pace that is too slow rather than too fast, until one is known', () => {
    const alignment = new Alignment()
    alignment.begin(0, 14)
    alignment.grow(300)
    // 14 characters at 90 ms each: a quarter of them so far, which is inside a word.
    expect(alignment.heard(text, 300)).toEqual({ chars: 3, basis: 'proportion' })
    alignment.grow(400)
    alignment.complete()
    alignment.begin(14, text.length)
    alignment.grow(500)
    // 50 ms a character now: ten more characters, of which the last are inside "five-six".
    expect(heard(alignment, 1200)).toBe('One two three. Four ')
  })

  test('of a stretch that was given up, no more than it had', () => {
    const alignment = new Alignment()
    alignment.begin(0, 14)
    alignment.grow(400)
    expect(alignment.abandon(text)).toBe(0)
    alignment.begin(0, 14)
    expect(heard(alignment, 400)).toBe('One ')
    expect(heard(alignment, 100_000)).toBe('One ')
  })

  test('nothing was heard of what has no audio', () => {
    const alignment = new Alignment()
    expect(alignment.heard(text, 100)).toEqual({ chars: 0, basis: 'words' })
    alignment.begin(0, 14)
    expect(alignment.heard(text, 100).chars).toBe(0)
    expect(alignment.abandon(text)).toBe(0)
  })
})

describe('words', () => {
  test.each([
    ['well-known facts', 6, 0],
    ['well-known facts', 10, 10],
    ["don't stop", 3, 0],
    ['(hello) there', 4, 0],
    ['hello, there', 5, 5],
    ['今日は', 2, 2],
  ])('"%s" cut at %i keeps %i characters', (words, at, expected) => {
    expect(wholeWords(words, 0, at)).toBe(expected)
  })

  test('are counted, two characters of a script without blanks as one', () => {
    expect(countWords(' one  two, three! - ')).toBe(3)
    expect(countWords('今日はいい')).toBe(3)
    expect(countWords('')).toBe(0)
  })

  test('are joined with one blank where there is none', () => {
    expect(joinSpeech('one', 'two')).toBe('one two')
    expect(joinSpeech('one ', 'two')).toBe('one two')
    expect(joinSpeech('one', ' two')).toBe('one two')
    expect(joinSpeech('', 'two')).toBe('two')
  })
})
