import { describe, expect, it } from 'vitest'
import { Call, Handler, stt } from './harness.js'

const sentence = 'one two three four five six seven eight nine ten eleven twelve'

describe('failover within an utterance', () => {
  it('loses no word and doubles none over A, B and C', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ closeAfterMs: 1500 }, { refuse: 'connection' }, { refuse: 'auth' }] })
    const b = stt('b', handler, { faults: [{ closeAfterMs: 2500 }, { refuse: 'auth' }] })
    const c = stt('c', handler)
    const call = new Call([a, b, c], { handler })
    call.uplink.start()
    call.quiet(200)
    call.say(sentence)
    call.quiet(4000)
    expect(call.words).toBe(sentence)
    expect(call.turns).toEqual([sentence])
    expect(call.gaps).toEqual([])
    expect(call.legStates).toEqual(['live a', 'down a', 'live b', 'down b', 'live c'])
    expect(call.uplink.stats()).toMatchObject({ failovers: 2, provider: 'c', lostBytes: 0 })
    call.close()
  })

  it('keeps timestamps in session time and monotonic', () => {
    const handler = new Handler()
    const a = stt('a', handler, { faults: [{ closeAfterMs: 3000 }, { refuse: 'quota' }] })
    const call = new Call([a, stt('b', handler)], { handler })
    call.uplink.start()
    call.quiet(500)
    call.say('early words')
    call.quiet(600)
    call.say('and then the failover')
    call.quiet(3000)
    const words = call.finals.flatMap(final => final.words ?? [])
    expect(words.map(word => word.startMs)).toEqual([500, 900, 1900, 2300, 2700, 3100])
    const times = call.finals.flatMap(final => [final.startMs, final.endMs])
    expect(times).toEqual([...times].sort((x, y) => x - y))
    call.close()
  })
})
