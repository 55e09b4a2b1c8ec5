import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AudioLog } from '../../../src/uplink/audio-log.js'
import { SLAB_BYTES, SlabPool } from '../../../src/uplink/slab-pool.js'

type Step =
  | { readonly do: 'append' | 'fill' | 'skip'; readonly bytes: number }
  | { readonly do: 'send' | 'finalise' | 'drop'; readonly share: number }

const bytes = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 40_000 }))
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('append' as const), bytes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('fill' as const, 'skip' as const), bytes }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('send' as const, 'finalise' as const, 'drop' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
)

describe('the audio log', () => {
  it('gives back what was put in, keeps its cursors in order and returns all memory', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.constantFrom(640, 1280, 1600, 40_000), (steps, grid) => {
        const pool = new SlabPool(Number.MAX_SAFE_INTEGER)
        const log = new AudioLog(pool, grid)
        // One entry per offset: the byte, or null for a hole.
        const model: (number | null)[] = []
        for (const step of steps) {
          perform(step, log, model)
          expect(log.finalised).toBeLessThanOrEqual(log.sent)
          expect(log.sent).toBeLessThanOrEqual(log.written)
          expect(log.written).toBe(model.length)
          expect(log.heldBytes).toBe(model.slice(log.finalised).filter(byte => byte !== null).length)
          check(log, model, grid)
        }
        log.clear()
        expect(pool.usedBytes).toBe(0)
      }),
      { numRuns: 40 },
    )
  })

  it('reads from memory that repeats without making new views', () => {
    const pool = new SlabPool(Number.MAX_SAFE_INTEGER)
    const log = new AudioLog(pool, 1280)
    const seen = new Set<Uint8Array>()
    let reads = 0
    for (let i = 0; i < 2000; i++) {
      log.append(new Uint8Array(640))
      if (log.written - log.sent < 1280) continue
      seen.add(log.read(log.sent, 1280))
      reads++
      log.sent += 1280
      log.finaliseTo(log.sent - 1280)
    }
    expect(reads).toBe(1000)
    expect(seen.size).toBeLessThanOrEqual(75)
  })

  it('keeps a packet in one piece', () => {
    const pool = new SlabPool(Number.MAX_SAFE_INTEGER)
    const log = new AudioLog(pool, 1)
    for (let i = 0; i < 100; i++) log.appendWhole(new Uint8Array(1000).fill(i))
    for (let i = 0; i < 100; i++) expect(log.read(i * 1000, 1000).buffer.byteLength).toBe(SLAB_BYTES)
    log.clear()
    expect(pool.usedBytes).toBe(0)
  })

  it('holds no memory before the first audio', () => {
    const pool = new SlabPool(1000)
    new AudioLog(pool, 1280).skipTo(5000)
    expect(pool.usedBytes).toBe(0)
    expect(pool.tight).toBe(false)
  })
})

function perform(step: Step, log: AudioLog, model: (number | null)[]): void {
  switch (step.do) {
    case 'append': {
      const audio = Uint8Array.from({ length: step.bytes }, (_, i) => (model.length + i) % 251)
      model.push(...audio)
      return log.append(audio)
    }
    case 'fill':
      for (let i = 0; i < step.bytes; i++) model.push(255)
      return log.fill(step.bytes, 255)
    case 'skip':
      for (let i = 0; i < step.bytes; i++) model.push(null)
      return log.skipTo(model.length)
    case 'send':
      log.sent += Math.floor(step.share * (log.written - log.sent))
      return
    case 'finalise':
      return log.finaliseTo(log.finalised + Math.floor(step.share * (log.written - log.finalised)))
    case 'drop': {
      const to = log.sent + Math.floor(step.share * (log.written - log.sent))
      if (to > log.sent) log.drop(log.sent, to)
      model.fill(null, log.sent, to)
    }
  }
}

function check(log: AudioLog, model: readonly (number | null)[], grid: number): void {
  let at = log.finalised
  for (let reads = 0; at < model.length && reads < 20; reads++) {
    const held = model.findIndex((byte, offset) => offset >= at && byte !== null)
    const start = log.nextHeld(at)
    expect(start).toBe(held < 0 ? model.length : held)
    if (held < 0) return
    const length = log.contiguous(start, grid * 3)
    const hole = model.indexOf(null, start)
    expect(length).toBe(Math.min(grid * 3, (hole < 0 ? model.length : hole) - start))
    expect(log.read(start, length).every((byte, i) => byte === model[start + i])).toBe(true)
    at = start + length
  }
}
