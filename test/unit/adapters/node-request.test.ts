import { describe, expect, it } from 'vitest'
import { offeredProtocols, plainAddress } from '../../../adapters/internal/node-request.js'
import { closeInstead } from '../../../adapters/internal/rejection.js'

describe('plainAddress', () => {
  it.each([
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['0000:0000:0000:0000:0000:ffff:7f00:0001', '127.0.0.1'],
    ['0000:0000:0000:0000:0000:ffff:c0a8:0164', '192.168.1.100'],
    ['10.0.0.1', '10.0.0.1'],
    ['::1', '::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:ffff:7f00:0001', '2001:0db8:0000:0000:0000:ffff:7f00:0001'],
    [undefined, undefined],
  ])('reads %s as %s', (address, plain) => {
    expect(plainAddress(address)).toBe(plain)
  })
})

describe('offeredProtocols', () => {
  it.each([
    [undefined, []],
    ['', []],
    ['voice.v1', ['voice.v1']],
    [' a ,b,, c', ['a', 'b', 'c']],
  ])('splits %j', (header, protocols) => {
    expect(offeredProtocols(header)).toEqual(protocols)
  })
})

describe('closeInstead', () => {
  it.each([
    [401, {}, { code: 4401, reason: 'why' }],
    [402, {}, { code: 4402, reason: 'why' }],
    [403, {}, { code: 4403, reason: 'why' }],
    [404, {}, { code: 4400, reason: 'why' }],
    [429, { 'retry-after': '3' }, { code: 1013, reason: '{"r":3000}' }],
    [500, {}, { code: 1013, reason: 'why' }],
    [503, { 'retry-after': '0' }, { code: 1013, reason: 'why' }],
  ])('tells %i as a close code', (status, headers, close) => {
    expect(closeInstead({ ok: false, status, headers, body: 'why' })).toEqual(close)
  })
})
