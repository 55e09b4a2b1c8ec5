import { describe, expect, it } from 'vitest'
import { recallSession } from '../../../src/session/recall.js'
import { principalKey } from '../../../src/session/resume.js'
import { MemoryStore, type SessionRecord, type SessionStore } from '../../../src/session/store.js'
import { digestOf } from '../../../src/session/token.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { comeBack, resumeMessage, sayWords, scriptedCall } from '../../fixtures/scripted-call.js'

const config = { audio_out: { sample_rates: [16_000] } }

async function record(id: string, over: Partial<SessionRecord> = {}): Promise<SessionRecord> {
  return {
    id,
    tokenDigest: await digestOf('token'),
    principalKey: principalKey(null),
    epoch: 1,
    history: [{ id: 'i', role: 'user', text: 'hello', atMs: 0 }],
    saved: undefined,
    expiresAt: Number.POSITIVE_INFINITY,
    ...over,
  }
}

describe('MemoryStore', () => {
  it('forgets the oldest record beyond its bound; writing one makes it young', async () => {
    const store = new MemoryStore(new ManualClock(), 2)
    for (const id of ['a', 'b', 'a', 'c']) expect(await store.put(await record(id))).toBe(true)
    expect([await store.get('a'), await store.get('b'), await store.get('c')].map(Boolean)).toEqual([true, false, true])
  })

  it('forgets a record when its time is over', async () => {
    const clock = new ManualClock()
    const store = new MemoryStore(clock)
    await store.put(await record('a', { expiresAt: clock.wallTime() + 1000 }))
    clock.advance(999)
    expect(await store.get('a')).not.toBeNull()
    clock.advance(1)
    expect([await store.get('a'), await store.claim('a', 1)]).toEqual([null, null])
  })

  it('takes nothing from the owner before, and lets one of two claims win', async () => {
    const store = new MemoryStore(new ManualClock())
    await store.put(await record('a'))
    const claims = await Promise.all([store.claim('a', 1), store.claim('a', 1), store.claim('b', 1)])
    expect(claims.map(claimed => claimed?.epoch)).toEqual([2, undefined, undefined])
    expect(await store.put(await record('a', { epoch: 1 }))).toBe(false)
    expect(await store.put(await record('a', { epoch: 2 }))).toBe(true)
    await store.delete('a')
    expect(await store.get('a')).toBeNull()
  })
})

describe('the history of an ended session', () => {
  it('goes to one of two that present the token at once', async () => {
    const clock = new ManualClock()
    const store = new MemoryStore(clock)
    await store.put(await record('a'))
    const both = await Promise.all([1, 2].map(() => recallSession(store, 'a', 'token', null)))
    expect(both.filter(history => history !== null)).toHaveLength(1)
    expect(await recallSession(store, 'a', 'token', null)).toBeNull()
    expect(clock.pending).toBe(0)
  })

  it.each<readonly [string, () => Promise<never>]>([
    ['rejects', () => Promise.reject(new Error('down'))],
    ['hangs', () => new Promise<never>(() => {})],
    [
      'throws',
      () => {
        throw new Error('not connected')
      },
    ],
  ])('is none when the store %s, and the calls go on', async (_, fail) => {
    const store: SessionStore = { get: fail, put: fail, claim: fail, delete: fail }
    const scripted = await scriptedCall({ store, agent: () => 'Yes.' }, { config })
    const ready = await scripted.call.expect('ready')
    const session = [...scripted.voice.sessions.values()][0]!
    session.saved = { step: 1 }
    await sayWords(scripted.call, 'hello')
    scripted.call.peer.drop()
    await scripted.call.advance(500)
    const back = await comeBack(scripted, resumeMessage(ready, { start: 0, end: 1_000_000 }))
    expect(await back.expect('resumed')).toMatchObject({ epoch: 2 })
    back.peer.close(1000)
    await back.advance(100)
    expect(session.state).toBe('closed')
    const late = await comeBack(scripted, resumeMessage(ready, { start: 0, end: 1_000_000 }))
    expect((await late.expect('ready')).history).toBeUndefined()
    await scripted.voice.close()
    await late.advance(2500)
    expect(scripted.clock.pending).toBe(0)
  })

  it('is not brought back by an application that saves something in an ended session', async () => {
    const scripted = await scriptedCall({ agent: () => 'Yes.' }, { config })
    const ready = await scripted.call.expect('ready')
    await sayWords(scripted.call, 'hello')
    const session = [...scripted.voice.sessions.values()][0]!
    scripted.call.send({ type: 'bye', reason: 'done' })
    await scripted.call.advance(100)
    const previous_session = { session_id: ready.session_id, resume_token: ready.resume_token }
    const again = async () => {
      const call = await comeBack(scripted, { type: 'config', ...config, previous_session })
      return (await call.expect('ready')).history
    }
    expect(await again()).toMatchObject({ restored: true })
    session.saved = 'late'
    expect(await again()).toBeUndefined()
    await scripted.voice.close()
  })
})

describe('principalKey', () => {
  it('is the id where there is one, else the whole, and says what to do where there can be none', () => {
    expect(principalKey({ id: 7, name: 'x' })).toBe(principalKey({ id: 7, name: 'y' }))
    expect(principalKey({ name: 'x' })).not.toBe(principalKey({ name: 'y' }))
    expect(principalKey('7')).not.toBe(principalKey(7))
    const circular: Record<string, unknown> = {}
    circular.self = circular
    expect(() => principalKey(circular)).toThrow(/principal: .* give it an id/)
  })
})
