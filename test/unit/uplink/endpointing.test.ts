import { describe, expect, it } from 'vitest'
import { Call, Handler, stt } from './harness.js'

describe('the end of a turn', () => {
  it('comes with 500 ms of silence, after the final of what was said', () => {
    const handler = new Handler()
    const call = new Call([stt('a', handler)], { handler })
    call.uplink.start()
    call.quiet(1000)
    call.say('hello world')
    call.quiet(2000)
    expect(call.words).toBe('hello world')
    expect(call.turns).toEqual(['hello world'])
    expect(call.endpoints).toEqual([{ atMs: 1660, cause: 'silence' }])
    expect(call.finals).toMatchObject([{ utterance: 0, startMs: 1000, provider: 'a' }])
    call.close()
  })
})
