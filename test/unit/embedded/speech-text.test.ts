import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutClauses } from '../../../adapters/providers/embedded/clauses.js'
import { PhoneCounter, timeWords } from '../../../adapters/providers/embedded/word-timing.js'

describe('clauses', () => {
  it.each([
    ['Hello there. How are you?', ['Hello there.', 'How are you?']],
    ['Yes! No; maybe: see.', ['Yes!', 'No;', 'maybe:', 'see.']],
    ['I think, so', ['I think, so']],
    ['When you come to the station, turn left', ['When you come to the station,', 'turn left']],
    ['Dr. Smith and J. Doe, e.g. at 3.14 or 10:30', ['Dr. Smith and J. Doe, e.g. at 3.14 or 10:30']],
    ['He said "stop." Then left', ['He said "stop."', 'Then left']],
    ['  spaced \n out.  ', ['spaced \n out.']],
    [' \n\t ', []],
    ['', []],
  ])('of %j', (text, clauses) => {
    expect(cutClauses(text, true)).toEqual({ clauses, rest: '' })
  })

  it('wait for their end', () => {
    expect(cutClauses('It costs 3. Or 3.', false)).toEqual({ clauses: ['It costs 3.'], rest: ' Or 3.' })
    expect(cutClauses('Hel', false)).toEqual({ clauses: [], rest: 'Hel' })
  })

  it('are short where nothing divides the text', () => {
    const { clauses } = cutClauses('word '.repeat(100), true)
    expect(clauses.map(clause => clause.split(' ').length)).toEqual([30, 30, 30, 10])
    expect(cutClauses('x'.repeat(5000), true).clauses.every(clause => clause.length <= 1800)).toBe(true)
  })

  it('hold all of the text, however it comes in', () => {
    const pieces = fc.array(fc.stringMatching(/^[a-z.,!? ]{0,8}$/))
    fc.assert(
      fc.property(pieces, texts => {
        let rest = ''
        const clauses = texts.flatMap(text => {
          const cut = cutClauses(rest + text, false)
          rest = cut.rest
          return cut.clauses
        })
        clauses.push(...cutClauses(rest, true).clauses)
        const letters = (text: string) => text.replaceAll(' ', '')
        expect(letters(clauses.join(''))).toBe(letters(texts.join('')))
      }),
    )
  })
})

/** Phones of 100 ms, one per letter; `_` is a pause. */
const phonesOf = (spelled: string) =>
  [...spelled].map((letter, index) => ({ name: letter === '_' ? 'pau' : letter, endMs: (index + 1) * 100 }))

/** Pronounces every letter, and pauses after commas and at the ends. */
function speller() {
  const asked: string[] = []
  const counter = new PhoneCounter(text => {
    asked.push(text)
    return ['pau', ...[...text.replaceAll(' ', '')].map(letter => (letter === ',' ? 'pau' : letter)), 'pau']
  })
  return { asked, counter }
}

describe('word times', () => {
  it('follow the phones, around pauses and punctuation', () => {
    const { counter } = speller()
    expect(timeWords('Hey, you - there!', phonesOf('_Hey__youthere_'), counter)).toEqual([
      { text: 'Hey,', startMs: 100, endMs: 400 },
      { text: 'you', startMs: 600, endMs: 900 },
      { text: '-', startMs: 900, endMs: 900 },
      { text: 'there!', startMs: 900, endMs: 1400 },
    ])
  })

  it('ask about each word once', () => {
    const { asked, counter } = speller()
    timeWords('one two', phonesOf('_onetwo_'), counter)
    timeWords('two, one two.', phonesOf('_two_onetwo_'), counter)
    timeWords('two three', phonesOf('_twothree_'), counter)
    expect(asked).toEqual(['one, two,', 'three,'])
  })

  it('are those of the clause where words and phones do not add up', () => {
    const { counter } = speller()
    const whole = [{ text: 'one two', startMs: 100, endMs: 600 }]
    expect(timeWords('one two', phonesOf('_onetw_'), counter)).toEqual(whole)
    const confused = new PhoneCounter(() => ['a', 'pau', 'b', 'pau', 'c'])
    expect(timeWords('one two', phonesOf('_onetw_'), confused)).toEqual(whole)
  })

  it('are none where nothing is pronounced', () => {
    const { counter } = speller()
    expect(timeWords('...', phonesOf('__'), counter)).toEqual([])
  })
})
