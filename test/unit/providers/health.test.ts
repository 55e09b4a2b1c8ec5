import { describe, expect, it } from 'vitest'
import type { FailureClass, ProviderFailure } from '../../../src/providers/contracts.js'
import { ProviderHealth, type ProviderStatus } from '../../../src/providers/health.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'

function failure(failureClass: FailureClass = 'connection', retryAfterMs?: number): ProviderFailure {
  return { class: failureClass, reason: 'test', retryAfterMs }
}

function setUp(random = () => 0.5): { clock: ManualClock; health: ProviderHealth; changes: ProviderStatus[] } {
  const clock = new ManualClock()
  const changes: ProviderStatus[] = []
  const health = new ProviderHealth({ clock, random, onChange: status => changes.push(status) })
  return { clock, health, changes }
}

function fail(health: ProviderHealth, times: number, failureClass?: FailureClass): void {
  for (let i = 0; i < times; i++) health.attempt('stt', 'a', { force: true })!.failed(failure(failureClass))
}

describe('the health of a provider', () => {
  it('opens after 5 failures in a row, for a second', () => {
    const { clock, health, changes } = setUp()
    fail(health, 4)
    expect(health.attempt('stt', 'a')).not.toBeNull()
    fail(health, 1)
    expect(health.attempt('stt', 'a')).toBeNull()
    expect(health.coolDownMs('stt', 'a')).toBe(1000)
    expect(changes).toMatchObject([{ state: 'open', failures: 5, failure: { class: 'connection' } }])
    clock.advance(1000)
    expect(health.attempt('stt', 'a')).not.toBeNull()
  })

  it.each(['auth', 'quota'] as const)('opens at the first %s failure', failureClass => {
    const { health } = setUp()
    fail(health, 1, failureClass)
    expect(health.attempt('stt', 'a')).toBeNull()
  })

  it.each(['data', 'lifetime', 'idle'] as const)('counts no %s', failureClass => {
    const { health } = setUp()
    fail(health, 20, failureClass)
    expect(health.snapshot()).toMatchObject([{ state: 'closed', failures: 0 }])
  })

  it('counts nothing that the client’s own credentials caused', () => {
    const { health } = setUp()
    for (const failureClass of ['auth', 'quota', 'rate'] as const) {
      for (let i = 0; i < 6; i++) health.attempt('stt', 'a', { ownCredentials: true })!.failed(failure(failureClass))
    }
    expect(health.snapshot()).toMatchObject([{ state: 'closed', failures: 0 }])
    for (let i = 0; i < 5; i++) health.attempt('stt', 'a', { ownCredentials: true })!.failed(failure())
    expect(health.snapshot()).toMatchObject([{ state: 'open' }])
  })

  it('lets one session find out whether it serves again, and doubles the wait when it does not, up to a minute', () => {
    const { clock, health, changes } = setUp()
    fail(health, 5)
    const waits: number[] = []
    for (let i = 0; i < 8; i++) {
      waits.push(health.coolDownMs('stt', 'a'))
      clock.advance(waits.at(-1)!)
      const trial = health.attempt('stt', 'a')!
      expect(health.attempt('stt', 'a')).toBeNull()
      trial.failed(failure())
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    expect(changes.slice(0, 3).map(status => status.state)).toEqual(['open', 'half-open', 'open'])
  })

  it('closes with the first result, not with the handshake', () => {
    const { clock, health } = setUp()
    fail(health, 5)
    clock.advance(1000)
    const trial = health.attempt('stt', 'a')!
    trial.opened()
    expect(health.attempt('stt', 'a')).toBeNull()
    trial.result()
    expect(health.attempt('stt', 'a')).not.toBeNull()
    expect(health.snapshot()).toMatchObject([{ state: 'closed', failures: 0, failure: undefined }])
  })

  it('passes the trial on when its session ends without a verdict, or its user stays silent', () => {
    const { clock, health } = setUp()
    fail(health, 5)
    clock.advance(1000)
    health.attempt('stt', 'a')!.ended()
    const silent = health.attempt('stt', 'a')!
    silent.opened()
    clock.advance(9999)
    expect(health.attempt('stt', 'a')).toBeNull()
    clock.advance(1)
    expect(health.attempt('stt', 'a')).not.toBeNull()
  })

  it('is not reset by old connections that go on giving results', () => {
    const { health } = setUp()
    const old = health.attempt('stt', 'a')!
    old.opened()
    old.result()
    fail(health, 4)
    old.result()
    fail(health, 1)
    expect(health.attempt('stt', 'a')).toBeNull()
  })

  it('opens after three connections in a row that lived less than 5 s', () => {
    const { clock, health } = setUp()
    for (let i = 0; i < 3; i++) {
      expect(health.coolDownMs('stt', 'a')).toBe(0)
      const attempt = health.attempt('stt', 'a')!
      attempt.opened()
      attempt.result()
      clock.advance(4000)
      attempt.failed(failure())
    }
    expect(health.coolDownMs('stt', 'a')).toBe(1000)
  })

  it('lets nobody in before the time a provider asked for', () => {
    const { clock, health } = setUp()
    health.attempt('stt', 'a')!.failed(failure('rate', 7000))
    expect(health.coolDownMs('stt', 'a')).toBe(7000)
    expect(health.attempt('stt', 'a')).toBeNull()
    expect(health.attempt('stt', 'a', { force: true })).not.toBeNull()
    clock.advance(7000)
    expect(health.attempt('stt', 'a')).not.toBeNull()
  })

  it('is kept apart for recognition and synthesis, and for each provider', () => {
    const { health } = setUp()
    fail(health, 5)
    expect(health.attempt('tts', 'a')).not.toBeNull()
    expect(health.attempt('stt', 'b')).not.toBeNull()
    expect(health.snapshot().map(({ leg, provider, state }) => `${leg} ${provider} ${state}`)).toEqual([
      'stt a open',
      'tts a closed',
      'stt b closed',
    ])
  })

  it('spreads the return of sessions that failed together', () => {
    const early = setUp(() => 0)
    const late = setUp(() => 0.999)
    fail(early.health, 5)
    fail(late.health, 5)
    expect(early.health.coolDownMs('stt', 'a')).toBe(750)
    expect(late.health.coolDownMs('stt', 'a')).toBeGreaterThan(1240)
  })

  it('takes only the first verdict on an attempt', () => {
    const { health } = setUp()
    const attempt = health.attempt('stt', 'a')!
    for (let i = 0; i < 9; i++) attempt.failed(failure())
    expect(health.snapshot()).toMatchObject([{ failures: 1 }])
  })

  it('holds no timer', () => {
    const { clock, health } = setUp()
    fail(health, 5)
    expect(clock.pending).toBe(0)
  })
})
