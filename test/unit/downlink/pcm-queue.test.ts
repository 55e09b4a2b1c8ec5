import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PcmQueue } from '../../../src/downlink/pcm-queue.js'

/** What each byte of a stream is, by its position. */
function bytesAt(from: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (from + i) % 251)
}

describe('PcmQueue', () => {
  it('behaves like one long array with a cursor', () => {
    const step = fc.oneof(
      fc.record({ op: fc.constant('push'), n: fc.nat(50) }),
      fc.record({ op: fc.constant('read'), n: fc.nat(80) }),
      fc.record({ op: fc.constant('skip'), n: fc.nat(80) }),
      fc.record({ op: fc.constant('forget'), n: fc.nat(100) }),
      fc.record({ op: fc.constant('seek'), n: fc.nat(100) }),
      fc.record({ op: fc.constant('clear'), n: fc.constant(0) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const queue = new PcmQueue()
        let end = 0
        let position = 0
        for (const { op, n } of steps) {
          if (op === 'push') {
            queue.push(bytesAt(end, n))
            end += n
          } else if (op === 'read') {
            const target = new Uint8Array(Math.min(n, queue.unread))
            queue.copy(target)
            expect(target).toEqual(bytesAt(position, target.length))
            queue.read(target)
            expect(target).toEqual(bytesAt(position, target.length))
            position += target.length
          } else if (op === 'skip') {
            const count = Math.min(n, queue.unread)
            queue.skip(count)
            position += count
            expect(queue.keptFrom).toBe(position)
          } else if (op === 'forget') queue.forget(position - n)
          else if (op === 'seek') {
            position = Math.max(queue.keptFrom, position - n)
            queue.seek(position)
          } else {
            expect(queue.clear()).toBe(end - position)
            end = position
          }
          expect([queue.position, queue.end, queue.unread]).toEqual([position, end, end - position])
          expect(queue.keptFrom).toBeLessThanOrEqual(position)
        }
        const rest = new Uint8Array(queue.unread)
        queue.read(rest)
        expect(rest).toEqual(bytesAt(position, rest.length))
      }),
      { numRuns: 200 },
    )
  })

  it('does not keep a large shared buffer alive for a small part of it', () => {
    const queue = new PcmQueue()
    const slab = new Uint8Array(8192)
    const part = slab.subarray(100, 200).fill(7)
    queue.push(part)
    slab.fill(0)
    const read = new Uint8Array(100)
    queue.read(read)
    expect(read).toEqual(new Uint8Array(100).fill(7))
  })
})
