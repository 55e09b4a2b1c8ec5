import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maxSegmentChars, Segmenter } from '../../../src/conversation/segments.js'

function cut(text: string, maxChars?: number): string[] {
  const segmenter = new Segmenter()
  segmenter.push(text)
  segmenter.end()
  return drain(segmenter, maxChars)
}

function drain(segmenter: Segmenter, maxChars?: number): string[] {
  const segments: string[] = []
  for (let next = segmenter.next(maxChars); next; next = segmenter.next(maxChars)) segments.push(next.text)
  return segments
}

function spoken(text: string): string[] {
  return cut(text).map(segment => segment.trim())
}

describe('sentences', () => {
  test.each([
    [
      'Hello there. How are you today? I am fine, thank you very much!',
      ['Hello there.', 'How are you today? I am fine, thank you very much!'],
    ],
    [
      'It costs 3.50 euros at example.com. That is not a lot of money.',
      ['It costs 3.50 euros at example.com.', 'That is not a lot of money.'],
    ],
    [
      'Dr. Smith lives on St. James street. He is a nice man indeed.',
      ['Dr. Smith lives on St. James street.', 'He is a nice man indeed.'],
    ],
    [
      'Take the no. 5 bus to fig. 3 now. You will be there in no time.',
      ['Take the no. 5 bus to fig. 3 now.', 'You will be there in no time.'],
    ],
    ['No. I do not think so at all.', ['No.', 'I do not think so at all.']],
    [
      'J. R. R. Tolkien wrote it. The U.S. edition came out much later.',
      ['J. R. R. Tolkien wrote it.', 'The U.S. edition came out much later.'],
    ],
    [
      'Well... maybe not this time. Let us see what the others have to say.',
      ['Well... maybe not this time.', 'Let us see what the others have to say.'],
    ],
    [
      'He said "Stop!" Then he left the room without another word.',
      ['He said "Stop!"', 'Then he left the room without another word.'],
    ],
    [
      'approx. five of them are left. The others have all been sold already.',
      ['approx. five of them are left.', 'The others have all been sold already.'],
    ],
    [
      '1. Open the box.\n2. Take the thing out of it and plug it in.',
      ['1. Open the box.', '2. Take the thing out of it and plug it in.'],
    ],
    ['今日はいい天気です。散歩に行きましょう。', ['今日はいい天気です。', '散歩に行きましょう。']],
    ['「こんにちは。」と言いました。', ['「こんにちは。」', 'と言いました。']],
  ])('%s', (text, expected) => {
    expect(spoken(text)).toEqual(expected)
  })

  test('short sentences after the first are spoken together', () => {
    expect(spoken('Hi. Yes. No. Maybe. I would have to think about that.')).toEqual([
      'Hi.',
      'Yes. No. Maybe. I would have to think about that.',
    ])
  })

  test('the first clause is enough to begin with, later ones are not', () => {
    expect(
      spoken('Sure, I can do that for you, just give me a moment. First I look, then I buy, then I sell.'),
    ).toEqual(['Sure, I can do that for you,', 'just give me a moment. First I look, then I buy, then I sell.'])
  })

  test('a long sentence is cut at a clause, and without one between words', () => {
    const clauses = `Well! ${'and then we went on to the next town, '.repeat(12)}`
    for (const segment of cut(clauses)) expect(segment.length).toBeLessThanOrEqual(240)
    expect(cut(clauses)[1]).toMatch(/town,$/)
    const words = `Well! ${'word '.repeat(200)}`
    for (const segment of cut(words)) {
      expect(segment.length).toBeLessThanOrEqual(240)
      expect(segment.trim()).toMatch(/^(Well!|word( word)*)$/)
    }
  })
})

describe('streaming', () => {
  test('a sentence is given as soon as the next one begins', () => {
    const segmenter = new Segmenter()
    segmenter.push('Hello')
    expect(segmenter.next()).toBeUndefined()
    segmenter.push(' there.')
    expect(segmenter.next()).toBeUndefined()
    segmenter.push(' A')
    expect(segmenter.next()?.text).toBe('Hello there.')
    expect(segmenter.next()).toBeUndefined()
  })

  test('a flush gives what is there without waiting', () => {
    const segmenter = new Segmenter()
    segmenter.push('Let me check')
    segmenter.flush()
    expect(drain(segmenter)).toEqual(['Let me check'])
    segmenter.push(' the weather.')
    expect(drain(segmenter)).toEqual([])
    segmenter.end()
    expect(drain(segmenter)).toEqual([' the weather.'])
  })

  test('a pause of the writer ends a sentence, but not a half one', () => {
    const segmenter = new Segmenter()
    segmenter.push('One moment.')
    segmenter.settle()
    expect(drain(segmenter)).toEqual(['One moment.'])
    segmenter.push(' I am looking')
    segmenter.settle()
    expect(drain(segmenter)).toEqual([])
  })

  test('what is cut again after a rewind does not wait for more text', () => {
    const segmenter = new Segmenter()
    segmenter.push('Hello there. It is a fine day in the city. And')
    expect(drain(segmenter)).toEqual(['Hello there.', ' It is a fine day in the city.'])
    segmenter.rewind(33)
    expect(drain(segmenter)).toEqual(['the city.'])
  })
})

const prose = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'Mr. ',
        '3.14',
        '...',
        '.',
        '?!',
        ', ',
        '; ',
        '\n',
        '  ',
        '"',
        '”)',
        '。',
        '，',
        'e.g. ',
        '🙂',
        ' — ',
      ),
      fc.stringMatching(/^[A-Za-z]{1,9} ?$/),
      fc.string({ unit: 'grapheme', maxLength: 12 }),
    ),
    { maxLength: 60 },
  )
  .map(pieces => pieces.join(''))

function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)
}

test('the segments joined are the text, none is too long, and no character is split', () => {
  fc.assert(
    fc.property(prose, fc.integer({ min: 2, max: 300 }), (text, maxChars) => {
      const segments = cut(text, maxChars)
      expect(segments.join('')).toBe(text)
      for (const segment of segments) {
        expect(segment.length).toBeGreaterThan(0)
        expect(segment.length).toBeLessThanOrEqual(maxChars)
        if (isWellFormed(text)) expect(isWellFormed(segment)).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})

test('where text is cut does not depend on how it arrives', () => {
  fc.assert(
    fc.property(prose, fc.array(fc.integer({ min: 1, max: 20 })), (text, sizes) => {
      const segmenter = new Segmenter()
      const segments: string[] = []
      let at = 0
      for (const size of sizes) {
        segmenter.push(text.slice(at, at + size))
        segments.push(...drain(segmenter))
        at += size
      }
      segmenter.push(text.slice(at))
      segmenter.end()
      segments.push(...drain(segmenter))
      expect(segments).toEqual(cut(text))
    }),
    { numRuns: 500 },
  )
})

test('no request is longer than 5,000 characters, whatever a synthesiser says it takes', () => {
  const segments = cut('x'.repeat(20_000), 100_000)
  expect(Math.max(...segments.map(({ length }) => length))).toBeLessThanOrEqual(maxSegmentChars)
})
