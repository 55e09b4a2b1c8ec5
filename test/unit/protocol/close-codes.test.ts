import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classifyClose, fitCloseReason, isSendableCloseCode, retryHint } from '../../../src/protocol/close-codes.js'

describe('classifyClose', () => {
  const always = Number.POSITIVE_INFINITY
  it.each([
    [1000, 'NORMAL', 'stop', 0],
    [1001, 'CONNECTION', 'retry', always],
    [1002, 'DATA', 'stop', 0],
    [1003, 'DATA', 'stop', 0],
    [1005, 'CONNECTION', 'retry', always],
    [1006, 'CONNECTION', 'retry', always],
    [1007, 'DATA', 'stop', 0],
    [1008, 'AUTH', 'refresh', 1],
    [1009, 'DATA', 'stop', 0],
    [1010, 'DATA', 'stop', 0],
    [1011, 'CONNECTION', 'retry', 3],
    [1012, 'CONNECTION', 'retry', always],
    [1013, 'CONNECTION', 'retry', always],
    [1014, 'CONNECTION', 'retry', always],
    [1015, 'CONNECTION', 'retry', 2],
    [3000, 'AUTH', 'refresh', 1],
    [3001, 'DATA', 'stop', 0],
    [3003, 'AUTH', 'refresh', 1],
    [3008, 'CONNECTION', 'retry', always],
    [3999, 'DATA', 'stop', 0],
    [4000, 'DATA', 'stop', 0],
    [4001, 'AUTH', 'refresh', 1],
    [4400, 'DATA', 'stop', 0],
    [4401, 'AUTH', 'refresh', 1],
    [4402, 'AUTH', 'stop', 0],
    [4403, 'AUTH', 'stop', 0],
    [4404, 'AUTH', 'refresh', 1],
    [4408, 'DATA', 'stop', 0],
    [4409, 'NORMAL', 'stop', 0],
    [4429, 'DATA', 'stop', 0],
    [4999, 'AUTH', 'refresh', 1],
  ])('%i is %s: %s', (code, errorClass, action, maxInARow) => {
    expect(classifyClose(code, '')).toEqual({ class: errorClass, action, maxInARow })
  })

  it.each([0, 999, 1004, 1016, 2999, 5000, -1, Number.NaN, 1006.5])(
    '%d, which nobody may send, is a connection lost',
    code => {
      expect(classifyClose(code, '')).toEqual({ class: 'CONNECTION', action: 'retry', maxInARow: 3 })
    },
  )

  it('never retries a private code, so that "4001 and up is final" holds for any client', () => {
    for (let code = 4000; code <= 4999; code++) expect(classifyClose(code, '{"r":1}').action).not.toBe('retry')
  })
})

describe('the hint of a retryable close', () => {
  it.each([
    ['{"r":25000}', 25000],
    ['{"r":0}', 0],
    ['{"r":1500.5,"x":1}', 1500.5],
    ['{"r":86400000}', 300000],
    ['{"r":1e999}', 300000],
  ])('%s is followed', (reason, retryWithinMs) => {
    expect(classifyClose(1012, reason)).toEqual({ ...classifyClose(1012, ''), retryWithinMs })
  })

  it.each([
    '',
    'going down',
    '{"r":-1}',
    '{"r":"25000"}',
    '{"r":null}',
    '{}',
    '{"r":2',
    '[25000]',
    '25000',
    '{"__proto__":{"r":1}}',
  ])('%s is none', reason => expect(classifyClose(1012, reason)).toEqual(classifyClose(1012, '')))

  it('does not bring back a client that shall stop', () => {
    expect(classifyClose(4403, '{"r":25000}')).toEqual(classifyClose(4403, ''))
    expect(classifyClose(1008, '{"r":25000}')).toEqual(classifyClose(1008, ''))
  })

  it('is read as it was written', () => {
    expect(retryHint(24_999.6)).toBe('{"r":25000}')
    expect(retryHint(-5)).toBe('{"r":0}')
    expect(classifyClose(1013, retryHint(700)).retryWithinMs).toBe(700)
  })
})

describe('isSendableCloseCode', () => {
  it('is true for what RFC 6455 lets an endpoint send', () => {
    const sendable = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
    const found: number[] = []
    for (let code = -1; code < 3000; code++) if (isSendableCloseCode(code)) found.push(code)
    expect(found).toEqual(sendable)
    for (const code of [3000, 3999, 4000, 4999]) expect(isSendableCloseCode(code)).toBe(true)
    for (const code of [5000, 65536, 1000.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(isSendableCloseCode(code)).toBe(false)
  })
})

describe('fitCloseReason', () => {
  const bytes = (text: string) => new TextEncoder().encode(text).length

  it('keeps the longest beginning that fits into 123 bytes and is whole', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), reason => {
        const fitted = fitCloseReason(reason)
        expect(reason.startsWith(fitted)).toBe(true)
        expect(bytes(fitted)).toBeLessThanOrEqual(123)
        expect(decodeURIComponent(encodeURIComponent(fitted))).toBe(fitted)
        const next = [...reason.slice(fitted.length)][0]
        if (next !== undefined) expect(bytes(fitted + next)).toBeGreaterThan(123)
      }),
      { numRuns: 2000, seed: 20260101 },
    )
  })

  it('fits halves of characters too, as they are sent', () => {
    expect(bytes(fitCloseReason('\ud83d'.repeat(200)))).toBe(123)
  })
})
