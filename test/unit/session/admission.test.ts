import { describe, expect, it } from 'vitest'
import { Admission, type AdmissionOptions, defer, reject } from '../../../src/admission.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import type { Accept, Reject, UpgradeRequest } from '../../../src/upgrade.js'
import { silentLogger } from '../../../src/util/logger.js'

function request(headers: Record<string, string> = {}, rest: Partial<UpgradeRequest> = {}): UpgradeRequest {
  return {
    url: '/voice',
    method: 'GET',
    headers: new Map(Object.entries({ host: 'api.example.com', ...headers })),
    protocols: [],
    remoteAddress: '10.0.0.9',
    signal: new AbortController().signal,
    context: undefined,
    raw: undefined,
    ...rest,
  }
}

function admission(options: Partial<AdmissionOptions<unknown>> = {}) {
  const clock = new ManualClock()
  const built = new Admission<unknown>({
    authenticate: undefined,
    origins: [],
    trustProxy: 0,
    clock,
    logger: silentLogger,
    busy: () => null,
    ...options,
  })
  return { clock, admission: built }
}

async function outcome(
  options: Partial<AdmissionOptions<unknown>>,
  headers: Record<string, string> = {},
): Promise<number | 'ok'> {
  const answer = await admission(options).admission.admit(request(headers))
  return answer.ok ? 'ok' : answer.status
}

describe('origins', () => {
  it.each([
    ['no Origin', {}, 'ok'],
    ['its own host', { origin: 'https://api.example.com' }, 'ok'],
    ['a listed origin', { origin: 'https://app.example.com' }, 'ok'],
    ['another origin', { origin: 'https://evil.example' }, 403],
    ['a host that only begins alike', { origin: 'https://api.example.com.evil.example' }, 403],
    ['a null origin', { origin: 'null' }, 403],
    ['an empty origin', { origin: '' }, 403],
  ] as const)('%s', async (_, headers, expected) => {
    expect(await outcome({ origins: ['https://app.example.com'] }, headers)).toBe(expected)
  })

  it('allows any with *', async () => {
    expect(await outcome({ origins: ['*'] }, { origin: 'https://evil.example' })).toBe('ok')
  })
})

describe('authentication at the upgrade', () => {
  it('hands over the bearer token and the phase', async () => {
    const calls: unknown[] = []
    const authenticate = ({ token, phase }: { token: string | undefined; phase: string }) => {
      calls.push([token, phase])
      return { id: 1 }
    }
    await outcome({ authenticate }, { authorization: 'Bearer abc.def' })
    await outcome({ authenticate }, { authorization: 'Basic abc' })
    expect(calls).toEqual([
      ['abc.def', 'upgrade'],
      [undefined, 'upgrade'],
    ])
  })

  it.each<readonly [string, () => unknown, number | 'ok']>([
    ['a principal', () => 'alice', 'ok'],
    ['a promised principal', async () => 'alice', 'ok'],
    ['null', () => null, 401],
    ['defer()', () => defer(), 'ok'],
    ['reject()', () => reject({ status: 402 }), 402],
    [
      'a throw',
      () => {
        throw new Error('db down')
      },
      503,
    ],
    ['a rejection', async () => Promise.reject(new Error('db down')), 503],
  ])('%s', async (_, authenticate, expected) => {
    expect(await outcome({ authenticate: authenticate as () => unknown })).toBe(expected)
  })

  it('answers a refusal with what a client needs', async () => {
    const { admission: gate } = admission({ authenticate: () => null })
    expect(((await gate.admit(request())) as Reject).headers).toEqual({ 'www-authenticate': 'Bearer' })
    const { admission: full } = admission({ authenticate: () => reject({ status: 429, retryAfterMs: 1500 }) })
    expect(((await full.admit(request())) as Reject).headers).toEqual({ 'retry-after': '2' })
  })

  it('gives up on an answer that does not come within 5 s, as retryable, and leaves no timer', async () => {
    const { admission: gate, clock } = admission({ authenticate: () => new Promise(() => {}) })
    const answer = gate.admit(request())
    await clock.advanceAsync(5000, 1000)
    expect(((await answer) as Reject).status).toBe(503)
    expect([clock.pending, gate.pending]).toEqual([0, 0])
  })

  it('leaves no timer behind an answer', async () => {
    const { admission: gate, clock } = admission({ authenticate: () => 'alice' })
    await gate.admit(request())
    expect(clock.pending).toBe(0)
  })

  it('takes no cookie alone for a proof when no Origin shows where it comes from', async () => {
    const authenticate = () => 'alice'
    expect(await outcome({ authenticate }, { cookie: 'sid=1' })).toBe(401)
    expect(await outcome({ authenticate }, { cookie: 'sid=1', authorization: 'Bearer t' })).toBe('ok')
    expect(await outcome({ authenticate }, { cookie: 'sid=1', origin: 'https://api.example.com' })).toBe('ok')
  })

  it('refuses a status that is no error', () => {
    expect(() => reject({ status: 200 })).toThrow('status: 200 is no HTTP error; use 400 to 599')
  })
})

describe('accepts', () => {
  it('are single-use, ours, and expire after 10 s', async () => {
    const { admission: gate, clock } = admission()
    const accept = (await gate.admit(request())) as Accept
    expect(gate.redeem(accept)).not.toBeNull()
    expect(gate.redeem(accept)).toBeNull()
    expect(gate.redeem({ ok: true, protocol: '' })).toBeNull()
    const late = (await gate.admit(request())) as Accept
    clock.advance(10_000)
    expect(gate.redeem(late)).toBeNull()
  })

  it('choose the subprotocol, and with it the dialect; a mount with its own dialect answers with none', async () => {
    const { admission: gate } = admission()
    const v1 = (await gate.admit(request({}, { protocols: ['x', 'voice.v1'] }))) as Accept
    const plain = (await gate.admit(request({}, { protocols: ['x'] }))) as Accept
    expect([v1.protocol, plain.protocol]).toEqual(['voice.v1', ''])
    expect(gate.redeem(v1)?.createDialect().name).toBe('voice.v1')
    expect(gate.redeem(plain)?.createDialect().name).toBe('plain')
    const own = (await gate.admit(request({}, { protocols: ['voice.v1'] }), {
      dialect: () => ({ name: 'own' }) as never,
    })) as Accept
    expect(own.protocol).toBe('')
    expect(gate.redeem(own)?.createDialect().name).toBe('own')
  })

  it('refuse when busy, before the application is asked', async () => {
    let asked = false
    const authenticate = () => {
      asked = true
      return 'alice'
    }
    expect(await outcome({ authenticate, busy: () => ({ status: 503, retryAfterMs: 1000 }) })).toBe(503)
    expect(asked).toBe(false)
  })
})

describe('the client address behind proxies', () => {
  const forwarded = { 'x-forwarded-for': '1.1.1.1, 2.2.2.2, 3.3.3.3' }
  it.each([
    [0, '10.0.0.9'],
    [1, '3.3.3.3'],
    [2, '2.2.2.2'],
    [9, '1.1.1.1'],
    [(address: string) => address.startsWith('10.') || address === '3.3.3.3', '2.2.2.2'],
  ] as const)('trusting %s', async (trustProxy, expected) => {
    const { admission: gate } = admission({ trustProxy })
    const accept = (await gate.admit(request(forwarded))) as Accept
    expect(gate.redeem(accept)?.remoteAddress).toBe(expected)
  })
})

it('refuses as retryable what its own application keeps it from judging', async () => {
  const trustProxy = () => {
    throw new Error('bug')
  }
  expect(await outcome({ trustProxy }, { 'x-forwarded-for': '1.2.3.4' })).toBe(503)
})
