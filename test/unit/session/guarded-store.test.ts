import { describe, expect, it } from 'vitest'
import { GuardedStore } from '../../../src/session/guarded-store.js'
import { RecordKeeper } from '../../../src/session/record-keeper.js'
import { MemoryStore, type SessionRecord, type SessionStore } from '../../../src/session/store.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { sayWords, scriptedCall } from '../../fixtures/scripted-call.js'

const record: SessionRecord = {
  id: 'a',
  tokenDigest: new Uint8Array(32),
  principalKey: 'object:null',
  epoch: 1,
  history: [],
  saved: undefined,
  expiresAt: Number.POSITIVE_INFINITY,
}

/** A store that does as it is told, behind its guard. */
class Rig {
  readonly clock = new ManualClock()
  readonly warnings: object[] = []
  readonly guarded: GuardedStore
  asked = 0
  answer: () => Promise<boolean> = async () => true

  constructor() {
    const ask = () => {
      this.asked++
      return this.answer() as Promise<never>
    }
    const store: SessionStore = { get: ask, put: ask, claim: ask, delete: ask }
    const warn = (details: object) => void this.warnings.push(details)
    this.guarded = new GuardedStore(store, this.clock, { debug() {}, info() {}, warn, error() {} })
  }

  /** What became of a put. */
  async put(): Promise<unknown> {
    const outcome = this.guarded.put(record).catch((error: Error) => error.message)
    await this.clock.advanceAsync(0)
    return outcome
  }
}

describe('a store of the application', () => {
  it('has 250 ms to answer, and leaves no timer', async () => {
    const rig = new Rig()
    rig.answer = () => new Promise(() => {})
    const outcome = rig.guarded.get('a').catch((error: Error) => error.message)
    await rig.clock.advanceAsync(249)
    expect(rig.warnings).toEqual([])
    await rig.clock.advanceAsync(1)
    expect(await outcome).toBe('no answer within 250 ms')
    expect(rig.warnings).toHaveLength(1)
    rig.answer = async () => true
    expect(await rig.put()).toBe(true)
    expect(rig.clock.pending).toBe(0)
  })

  it('is left alone after five failures in a row, for ever longer, until it answers', async () => {
    const rig = new Rig()
    rig.answer = () => Promise.reject(new Error('down'))
    const pausesMs: number[] = []
    for (let at = 0; at < 5; at++) expect(await rig.put()).toBe('down')
    for (let round = 0; round < 9; round++) {
      const asked = rig.asked
      let waitedMs = 0
      while (rig.asked === asked) {
        expect(await rig.put()).toMatch(/left alone|down/)
        if (rig.asked > asked) break
        await rig.clock.advanceAsync(500)
        waitedMs += 500
      }
      pausesMs.push(waitedMs)
    }
    expect(pausesMs).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(rig.warnings).toHaveLength(rig.asked)
    rig.answer = async () => true
    await rig.clock.advanceAsync(60_000)
    expect(await rig.put()).toBe(true)
    rig.answer = () => Promise.reject(new Error('down'))
    for (let at = 0; at < 5; at++) expect(await rig.put()).toBe('down')
    expect(await rig.put()).toMatch(/left alone/)
  })

  it('says nothing of those that were on their way when it was left alone', async () => {
    const rig = new Rig()
    rig.answer = () => new Promise(() => {})
    const all = Array.from({ length: 100 }, () => rig.guarded.put(record).catch((error: Error) => error.message))
    await rig.clock.advanceAsync(250)
    expect(new Set(await Promise.all(all))).toEqual(new Set(['no answer within 250 ms']))
    expect(rig.warnings).toHaveLength(5)
  })

  it('that throws has failed like any other', async () => {
    const rig = new Rig()
    rig.answer = () => {
      throw new Error('not connected')
    }
    expect(await rig.put()).toBe('not connected')
  })
})

describe('the record of a session', () => {
  it('is written once at a time, the newest state each time, whatever happens meanwhile', async () => {
    const written: number[] = []
    const release: (() => void)[] = []
    let epoch = 1
    const put = ({ epoch }: SessionRecord) =>
      new Promise<boolean>((resolve, reject) => {
        written.push(epoch)
        release.push(epoch === 1 ? () => reject(new Error('down')) : () => resolve(true))
      })
    const store = { put } as SessionStore
    const keeper = new RecordKeeper(store, {
      tokenDigest: () => record.tokenDigest,
      record: () => ({ ...record, epoch }),
    })
    const settle = () => new Promise(resolve => setTimeout(resolve, 0))
    epoch = 0
    keeper.keep()
    epoch = 1
    await settle()
    for (epoch = 2; epoch < 5; epoch++) keeper.keep()
    await settle()
    expect(written).toEqual([1])
    release[0]!()
    await settle()
    expect(written).toEqual([1, 5])
    release[1]!()
    await settle()
    epoch = 6
    keeper.keep()
    await settle()
    expect(written).toEqual([1, 5, 6])
  })

  it('holds after every turn and every answer what was said, and nothing is written for audio', async () => {
    const clock = new ManualClock()
    const memory = new MemoryStore(clock)
    const texts: string[][] = []
    const store: SessionStore = {
      get: id => memory.get(id),
      claim: (id, epoch) => memory.claim(id, epoch),
      delete: id => memory.delete(id),
      put: written => {
        texts.push(written.history.map(({ text }) => text))
        return memory.put(written)
      },
    }
    const { call, voice } = await scriptedCall(
      { store, agent: ({ text }) => `You said ${text}.` },
      { config: { audio_out: { sample_rates: [16_000] } } },
    )
    await call.expect('ready')
    await sayWords(call, 'one two three')
    await call.advance(3000)
    await sayWords(call, 'four')
    await call.advance(3000)
    expect(texts).toContainEqual(['one two three'])
    expect(texts.at(-1)).toEqual(['one two three', 'You said one two three.', 'four', 'You said four.'])
    expect(texts.length).toBeLessThanOrEqual(8)
    await voice.close()
  })
})
