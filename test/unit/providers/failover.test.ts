import { describe, expect, it } from 'vitest'
import type { FailureClass, ProviderFailure } from '../../../src/providers/contracts.js'
import { type ChainCandidate, FailoverChain } from '../../../src/providers/failover.js'
import { ProviderHealth } from '../../../src/providers/health.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'

function candidate(name: string): ChainCandidate {
  return { provider: { name } }
}

function failure(failureClass: FailureClass = 'connection', retryAfterMs?: number): ProviderFailure {
  return { class: failureClass, reason: 'test', retryAfterMs }
}

class Chain {
  readonly clock = new ManualClock()
  readonly health = new ProviderHealth({ clock: this.clock, random: () => 0.5 })
  readonly chain: FailoverChain<ChainCandidate>

  constructor(names: string, differs?: (a: ChainCandidate, b: ChainCandidate) => boolean) {
    const candidates = [...names].map(candidate)
    const { clock, health } = this
    this.chain = new FailoverChain(candidates, { leg: 'tts', health, clock, random: () => 0.5, differs })
  }

  /** Connects and fails; the wait that follows. */
  fail(failureClass?: FailureClass, livedMs?: number, retryAfterMs?: number): number | null {
    this.chain.next()!.attempt.ended()
    const waitMs = this.chain.failed(failure(failureClass, retryAfterMs), livedMs)
    if (waitMs !== null) this.clock.advance(waitMs)
    return waitMs
  }

  get current(): string {
    return this.chain.current.provider.name
  }
}

describe('the failover order', () => {
  it('retries one provider at 0, 250, 500, 1000 and 2000 ms, then goes on', () => {
    const chain = new Chain('ab')
    expect([1, 2, 3, 4, 5].map(() => chain.fail())).toEqual([0, 250, 500, 1000, 2000])
    expect(chain.current).toBe('a')
    expect(chain.fail()).toBe(0)
    expect(chain.current).toBe('b')
  })

  it('goes round for ever, ever two seconds apart', () => {
    const chain = new Chain('ab')
    for (let i = 0; i < 12; i++) chain.fail()
    expect([chain.fail(), chain.fail()]).toEqual([2000, 2000])
    expect(['a', 'b']).toContain(chain.current)
  })

  it('starts afresh after a connection that served for a while', () => {
    const chain = new Chain('a')
    for (let i = 0; i < 5; i++) chain.fail()
    expect(chain.fail('connection', 4999)).toBe(2000)
    expect(chain.fail('connection', 5000)).toBe(0)
  })

  it('leaves a provider after three connections that hardly lived', () => {
    const chain = new Chain('ab')
    chain.fail('connection', 100)
    chain.fail('connection', 100)
    expect(chain.current).toBe('a')
    chain.fail('connection', 100)
    expect(chain.current).toBe('b')
  })

  it('does not wait again for one that took too long to connect', () => {
    const chain = new Chain('ab')
    expect(chain.chain.failed(failure(), undefined, false)).toBe(0)
    expect(chain.current).toBe('b')
  })

  it('never returns to refused credentials, and ends when all are refused', () => {
    const chain = new Chain('abc')
    expect(chain.fail('auth')).toBe(0)
    expect(chain.fail('quota')).toBe(0)
    expect(chain.current).toBe('c')
    for (let i = 0; i < 20; i++) expect(chain.fail()).not.toBeNull()
    expect(chain.current).toBe('c')
    expect(chain.fail('auth')).toBeNull()
    expect(chain.chain.next()).toBeNull()
  })

  it('waits as a provider asks, once and not for long, unless there is nobody else', () => {
    const chain = new Chain('ab')
    expect(chain.fail('rate', undefined, 1500)).toBe(1500)
    expect(chain.fail('rate', undefined, 1500)).toBe(0)
    expect(chain.current).toBe('b')
    expect(chain.fail('rate', undefined, 20_000)).toBe(250)
    const alone = new Chain('a')
    expect(alone.fail('rate', undefined, 20_000)).toBe(20_000)
  })

  it('takes what one provider calls malformed only to one that wants it otherwise', () => {
    const chain = new Chain('abc', (a, b) => a.provider.name === 'a' && b.provider.name === 'c')
    expect(chain.fail('data')).toBe(0)
    expect(chain.current).toBe('c')
    expect(new Chain('ab').fail('data')).toBeNull()
  })

  it('skips providers whose breaker is open, and forces the current one when all are', () => {
    const chain = new Chain('ab')
    for (let i = 0; i < 5; i++) chain.health.attempt('tts', 'a', { force: true })!.failed(failure())
    expect(chain.chain.next()!.candidate.provider.name).toBe('b')
    for (let i = 0; i < 5; i++) chain.health.attempt('tts', 'b', { force: true })!.failed(failure())
    expect(chain.chain.next()!.candidate.provider.name).toBe('b')
  })

  it('returns to a preferred provider after its time away, which doubles', () => {
    const chain = new Chain('ab')
    for (let i = 0; i < 6; i++) chain.fail()
    expect(chain.current).toBe('b')
    chain.clock.advance(4999)
    expect(chain.chain.preferred()).toBeNull()
    chain.clock.advance(1)
    const tried = chain.chain.preferred()!
    expect(tried.candidate.provider.name).toBe('a')
    chain.chain.declined(tried.candidate, failure())
    chain.clock.advance(9999)
    expect(chain.chain.preferred()).toBeNull()
    chain.clock.advance(1)
    const again = chain.chain.preferred()!
    expect(chain.chain.use(again.candidate)).toBe(true)
    expect(chain.current).toBe('a')
    expect(chain.chain.preferred()).toBeNull()
  })

  it('offers another provider than the current one', () => {
    expect(new Chain('ab').chain.alternative()!.candidate.provider.name).toBe('b')
    expect(new Chain('a').chain.alternative()).toBeNull()
    expect(new Chain('a').chain.use(candidate('other'))).toBe(false)
  })
})
