import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ServerMessage } from '../../../src/protocol/messages.js'
import { ReplayLog } from '../../../src/session/replay-log.js'

const event = (name: string, data: unknown = null): ServerMessage => ({ type: 'event', name, data })
const result = (isFinal: boolean): ServerMessage => ({
  type: 'stt_result',
  transcript: 'hello',
  is_final: isFinal,
  is_speech_final: false,
  confidence: 0,
  utterance: 0,
  start_ms: 0,
  end_ms: 1,
})

function replayed(log: ReplayLog): number[] {
  const numbers: number[] = []
  log.replay((_, seq) => numbers.push(seq))
  return numbers
}

describe('ReplayLog', () => {
  it('keeps what a client must not miss and nothing else', () => {
    const log = new ReplayLog()
    log.add(1, event('a'))
    log.add(2, { type: 'state', state: 'active', previous: 'configuring', reason: 'ready' })
    log.add(3, result(false))
    log.add(4, result(true))
    log.add(5, { type: 'quality', level: 'normal', sample_rate: 24_000, lag_ms: 0 })
    expect(replayed(log)).toEqual([1, 4])
  })

  it('replays exactly what was not confirmed, in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 250 }), (count, confirmed) => {
        const log = new ReplayLog()
        for (let seq = 1; seq <= count; seq++) log.add(seq, event(`e${seq}`))
        log.confirm(confirmed)
        expect(replayed(log)).toEqual(Array.from({ length: count }, (_, i) => i + 1).filter(seq => seq > confirmed))
        expect(log.lostAfter(confirmed)).toBe(false)
      }),
    )
  })

  it('is bounded in messages and says when a replay cannot be complete', () => {
    const log = new ReplayLog()
    for (let seq = 1; seq <= 300; seq++) log.add(seq, event('x'))
    expect(replayed(log)).toHaveLength(256)
    expect(log.lostAfter(43)).toBe(true)
    expect(log.lostAfter(44)).toBe(false)
  })

  it('is bounded in bytes', () => {
    const log = new ReplayLog()
    for (let seq = 1; seq <= 10; seq++) log.add(seq, event('x', 'y'.repeat(32 * 1024)))
    expect(replayed(log).length).toBeLessThan(5)
    expect(log.lostAfter(5)).toBe(true)
  })
})
