import { describe, expect, it } from 'vitest'
import { createVoiceHandler, defer, reject, type VoiceHandlerOptions } from '../../../src/index.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { startTestCall, type TestCallOptions } from '../../../src/testing/test-call.js'
import { silentLogger } from '../../../src/util/logger.js'

async function call<P, D>(options: VoiceHandlerOptions<P, D>, callOptions: TestCallOptions = {}) {
  const clock = new ManualClock()
  const voice = createVoiceHandler({ clock, logger: silentLogger, ...options })
  return { clock, voice, call: await startTestCall(voice, { clock, config: { audio: false }, ...callOptions }) }
}

async function ending<P, D>(options: VoiceHandlerOptions<P, D>, callOptions: TestCallOptions = {}, withinMs = 15_000) {
  const { clock, voice, call: started } = await call(options, callOptions)
  const { code } = await started.closed(withinMs)
  await started.advance(2500)
  expect([clock.pending, voice.sessions.size]).toEqual([0, 0])
  return { code, error: started.of('error').at(-1)?.code }
}

describe('the first message', () => {
  it('is a config within 10 s, else 4408', async () => {
    expect(await ending({}, { config: false })).toEqual({ code: 4408, error: 'config_timeout' })
  })

  it('carries a token within 5 s when authentication waits for it, else 4401', async () => {
    const { clock, call: started } = await call({ authenticate: () => defer() }, { config: false })
    await started.advance(4900)
    expect(started.peer.closed).toBeUndefined()
    await started.advance(600)
    expect([started.peer.closed?.code, clock.pending]).toEqual([4401, 0])
  })

  it('is asked about with its own token', async () => {
    const asked: unknown[] = []
    const { call: started, voice } = await call(
      {
        authenticate: ({ phase, token }) => {
          asked.push([phase, token])
          return phase === 'upgrade' ? defer() : { id: token }
        },
      },
      { config: { audio: false, token: 'abc' } },
    )
    await started.expect('ready')
    expect(asked).toEqual([
      ['upgrade', undefined],
      ['message', 'abc'],
    ])
    expect([...voice.sessions.values()][0]?.principal).toEqual({ id: 'abc' })
  })

  it.each<readonly [string, () => unknown, number, string]>([
    ['null', () => null, 4401, 'unauthenticated'],
    ['defer() again', () => defer(), 4401, 'unauthenticated'],
    ['403', () => reject({ status: 403 }), 4403, 'forbidden'],
    ['402', () => reject({ status: 402 }), 4402, 'quota'],
    ['429', () => reject({ status: 429 }), 1013, 'capacity'],
    ['a throw', () => Promise.reject(new Error('db')), 1013, 'auth_unavailable'],
    ['no answer', () => new Promise<null>(() => {}), 1013, 'auth_unavailable'],
  ])('answered with %s', async (_, answer, code, error) => {
    const authenticate = ({ phase }: { phase: string }) => (phase === 'upgrade' ? defer() : answer())
    expect(await ending({ authenticate: authenticate as () => null })).toEqual({ code, error })
  })
})

describe('configure', () => {
  it('sees the call and decides about it', async () => {
    const seen: unknown[] = []
    const { call: started, voice } = await call(
      {
        authenticate: () => 'alice',
        configure: ({ principal, metadata, wanted, origin, history }) => {
          seen.push([principal, metadata, wanted.stream_id, origin, history])
          return { data: { tier: 'gold' }, history: [{ id: 'x', role: 'user', text: 'before', atMs: 0 }] }
        },
      },
      { config: { audio: false, stream_id: 's', metadata: { page: 1 } } },
    )
    await started.expect('ready')
    expect(seen).toEqual([['alice', { page: 1 }, 's', 'new', []]])
    const session = [...voice.sessions.values()][0]
    expect([session?.data, session?.history[0]?.text, session?.streamId]).toEqual([{ tier: 'gold' }, 'before', 's'])
  })

  it.each([
    ['throws', () => Promise.reject(new Error('no'))],
    ['names a provider that is not there', () => ({ stt: ['nobody'] })],
    ['does not answer', () => new Promise<undefined>(() => {})],
  ] as const)('that %s ends the connection with 1011', async (_, configure) => {
    expect(await ending({ configure, stt: [] }, { config: {} })).toEqual({ code: 1011, error: 'configure_failed' })
  })

  it('learns that its client left, and no session comes of it', async () => {
    let aborted = false
    let finish = () => {}
    const {
      call: started,
      voice,
      clock,
    } = await call({
      configure: ({ signal }) => {
        signal.addEventListener('abort', () => {
          aborted = true
        })
        return new Promise<undefined>(resolve => {
          finish = () => resolve(undefined)
        })
      },
    })
    await started.advance(100)
    started.peer.drop()
    await started.advance(20)
    expect(aborted).toBe(true)
    finish()
    await started.advance(100)
    expect([voice.sessions.size, clock.pending]).toEqual([0, 0])
  })
})

describe('onSession', () => {
  it('runs once, before anything is said, and its failure harms only that session', async () => {
    let runs = 0
    const errors: unknown[] = []
    const { call: started, voice } = await call({
      onSession: session => {
        runs++
        session.on('ready', () => session.send('hello'))
      },
    })
    expect((await started.expect('event')).name).toBe('hello')
    expect(runs).toBe(1)
    voice.on('error', ({ error }) => errors.push(error.code))
    const broken = await ending({
      onSession: () => {
        throw new Error('bug')
      },
    })
    expect(broken).toEqual({ code: 1011, error: 'internal' })
  })
})

describe('limits', () => {
  it('refuses the session over maxSessions with 1013 and a hint', async () => {
    const clock = new ManualClock()
    const voice = createVoiceHandler({ clock, logger: silentLogger, limits: { maxSessions: 1 } })
    const first = await startTestCall(voice, { clock, config: { audio: false } })
    await first.expect('ready')
    const second = await startTestCall(voice, { clock, config: { audio: false } })
    const { code, reason } = await second.closed()
    expect([code, JSON.parse(reason)]).toEqual([1013, { r: 1000 }])
    expect(second.of('error')[0]).toMatchObject({ code: 'capacity', retryable: true, retry_after_ms: 1000 })
    await expect(startTestCall(voice, { clock, protocol: '' })).rejects.toThrow('refused: 503')
  })

  it('counts sessions per address and per principal', async () => {
    const clock = new ManualClock()
    const limits = { perIp: 2, perPrincipal: 1 }
    const voice = createVoiceHandler({ clock, logger: silentLogger, limits, authenticate: ({ token }) => token ?? 'x' })
    const start = (token: string) =>
      startTestCall(voice, { clock, config: { audio: false }, headers: { authorization: `Bearer ${token}` } })
    const alice = await start('alice')
    await alice.expect('ready')
    expect((await (await start('alice')).closed()).code).toBe(1013)
    await (await start('bob')).expect('ready')
    // A client of voice.v1 may want to resume, so it is judged by what it sends; one of the plain dialect is not.
    expect((await (await start('carol')).closed()).code).toBe(1013)
    await expect(startTestCall(voice, { clock, protocol: '' })).rejects.toThrow('refused: 429')
    alice.send({ type: 'bye', reason: '' })
    await alice.closed()
    await (await start('carol')).expect('ready')
  })

  it('ends an idle session with 1000 and says why', async () => {
    expect(await ending({ limits: { idleMs: 20_000 } }, {}, 40_000)).toEqual({ code: 1000, error: 'session_ending' })
  })
})
