import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Lanes } from '../../../src/downlink/lanes.js'
import { Ledger } from '../../../src/downlink/ledger.js'
import type { ServerMessage } from '../../../src/protocol/messages.js'
import { event, result, state, vad } from './messages.js'

function lanes(): { lanes: Lanes; ledger: Ledger } {
  const ledger = new Ledger()
  return { lanes: new Lanes(ledger), ledger }
}

function all(queue: Lanes, nowMs: number, free: boolean): ServerMessage[] {
  const out: ServerMessage[] = []
  for (let m = queue.nextUrgent(); m; m = queue.nextUrgent()) out.push(m)
  for (let m = queue.next(nowMs, free); m; m = queue.next(nowMs, free)) out.push(m)
  return out
}

describe('Lanes', () => {
  it('lets urgent before control before transcript go, each in its order', () => {
    const { lanes: queue } = lanes()
    const error: ServerMessage = { type: 'error', message: 'm', code: 'c', class: 'DATA', retryable: false }
    const given = [result(1, 'a', true), event('b'), error, result(2, 'c', true), vad(), event('d')]
    for (const message of given) queue.add(message, 0)
    expect(all(queue, 0, true)).toEqual([
      error,
      event('b'),
      vad(),
      event('d'),
      result(1, 'a', true),
      result(2, 'c', true),
    ])
    expect(queue.bytes).toBe(0)
  })

  it('keeps only the latest state, in the place of the latest', () => {
    const { lanes: queue, ledger } = lanes()
    for (const message of [state('active'), event('x'), state('degraded')]) queue.add(message, 0)
    expect(all(queue, 0, true)).toEqual([event('x'), state('degraded')])
    expect(ledger.droppedMessages).toEqual({ conflated: 1 })
  })

  it('keeps the latest interim of an utterance, and none beside its final', () => {
    const { lanes: queue, ledger } = lanes()
    const given = [result(1, 'a'), result(2, 'x'), result(1, 'a b'), result(1, 'a b c', true), result(1, 'd')]
    for (const message of given) queue.add(message, 0)
    expect(all(queue, 0, true)).toEqual([result(2, 'x'), result(1, 'a b c', true), result(1, 'd')])
    expect(ledger.droppedMessages).toEqual({ conflated: 2 })
  })

  it('drops interims after 2 s, vad events and captions after 5 s, and then lets the rest go without waiting', () => {
    const { lanes: queue, ledger } = lanes()
    const caption: ServerMessage = { type: 'tts_text', utterance_id: 'u', text: 't' }
    for (const message of [result(1, 'a'), vad(), caption, event('e'), result(2, 'final', true)]) queue.add(message, 0)
    queue.expire(1999)
    expect(queue.count).toBe(5)
    queue.expire(2000)
    expect(queue.count).toBe(4)
    queue.expire(4999)
    expect(all(queue, 4999, false)).toEqual([])
    queue.expire(5000)
    expect(ledger.droppedMessages).toEqual({ timeout: 3 })
    expect(all(queue, 5000, false)).toEqual([event('e'), result(2, 'final', true)])
  })

  it('never loses, doubles or reorders a message that may not be dropped', () => {
    const message = fc.oneof(
      fc.nat(3).map(u => ({ kind: 'interim', u })),
      fc.nat(3).map(u => ({ kind: 'final', u })),
      fc.constant({ kind: 'event', u: 0 }),
      fc.constant({ kind: 'vad', u: 0 }),
      fc.constant({ kind: 'state', u: 0 }),
    )
    const step = fc.record({
      message,
      waitMs: fc.integer({ min: 0, max: 1500 }),
      free: fc.boolean(),
      interims: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const { lanes: queue, ledger } = lanes()
        const given: ServerMessage[] = []
        const left: ServerMessage[] = []
        let now = 0
        for (const [i, { message: wanted, waitMs, free, interims }] of steps.entries()) {
          const built = build(wanted.kind, wanted.u, i)
          given.push(built)
          queue.add(built, now)
          now += waitMs
          queue.expire(now)
          if (interims) queue.dropInterims()
          left.push(...all(queue, now, free))
          const dropped = Object.values(ledger.droppedMessages).reduce((sum, n) => sum + n, 0)
          expect(left.length + dropped + queue.count).toBe(given.length)
        }
        left.push(...all(queue, now, true))
        for (const mayNotBeDropped of [isFinal, isEvent]) {
          expect(left.filter(mayNotBeDropped)).toEqual(given.filter(mayNotBeDropped))
        }
        for (const lane of [isResult, (m: ServerMessage) => !isResult(m)]) {
          const order = left.filter(lane).map(m => given.indexOf(m))
          expect(order).toEqual([...order].sort((a, b) => a - b))
        }
        expect(queue.bytes).toBe(0)
      }),
      { numRuns: 200 },
    )
  })
})

function build(kind: string, u: number, i: number): ServerMessage {
  if (kind === 'interim') return result(u, `i${i}`)
  if (kind === 'final') return result(u, `f${i}`, true)
  if (kind === 'event') return event(`e${i}`)
  return kind === 'vad' ? vad(i) : state('active', `s${i}`)
}

const isResult = (message: ServerMessage) => message.type === 'stt_result'
const isFinal = (message: ServerMessage) => message.type === 'stt_result' && message.is_final
const isEvent = (message: ServerMessage) => message.type === 'event'
