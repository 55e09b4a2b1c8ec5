import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../src/util/sha256.js'

describe('sha256', () => {
  it('says of "abc" what the standard says', () => {
    expect(Buffer.from(sha256(new TextEncoder().encode('abc'))).toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  it('agrees with OpenSSL on messages of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), message => {
        expect(Buffer.from(sha256(message))).toEqual(createHash('sha256').update(message).digest())
      }),
      { examples: [0, 55, 56, 63, 64, 119, 120].map(length => [new Uint8Array(length).fill(7)]) },
    )
  })
})
