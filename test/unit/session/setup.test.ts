import { describe, expect, it } from 'vitest'
import { createVoiceHandler, defer, reject, type VoiceHandlerOptions } from '../../../src/index.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { startTestCall, type TestCallOptions } from '../../../src/testing/test-call.js'
import type { VoiceMount } from '../../../src/upgrade.js'
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

describe('a setup', () => {
  it('that overlaps with others does not carry them over a limit', async () => {
    const release: (() => void)[] = []
    const configure = () => new Promise<undefined>(resolve => release.push(() => resolve(undefined)))
    const { call: first, clock, voice } = await call({ configure, limits: { maxSessions: 1 } })
    const second = await startTestCall(voice, { clock, config: { audio: false } })
    await second.advance(50)
    for (const go of release) go()
    await first.expect('ready')
    expect((await second.closed()).code).toBe(1013)
    expect(second.of('error')[0]).toMatchObject({ code: 'capacity', retry_after_ms: 1000 })
    expect(voice.sessions.size).toBe(1)
    await voice.close()
  })

  it('whose client has left makes no session that the application would see', async () => {
    let configured = () => {}
    let sessions = 0
    const { call: started, voice } = await call({
      configure: () =>
        new Promise<undefined>(resolve => {
          configured = () => resolve(undefined)
        }),
      onSession: () => void sessions++,
    })
    await started.advance(20)
    started.peer.drop()
    await started.advance(20)
    configured()
    await started.advance(20)
    expect([sessions, voice.stats().accepted]).toEqual([0, 0])
  })

  it('whose client leaves while it is asked who it is ends there', async () => {
    let answer = () => {}
    const configured: unknown[] = []
    const { call: started, clock } = await call(
      {
        authenticate: ({ phase }) =>
          phase === 'upgrade'
            ? defer()
            : new Promise<string>(resolve => {
                answer = () => resolve('alice')
              }),
        configure: wanted => void configured.push(wanted),
      },
      { config: { audio: false } },
    )
    await started.advance(20)
    started.peer.drop()
    await started.advance(20)
    answer()
    await started.advance(100)
    expect([configured, clock.pending]).toEqual([[], 0])
  })

  it('passes on when a refused client may come back', async () => {
    const authenticate = ({ phase }: { phase: string }) =>
      phase === 'upgrade' ? defer() : reject({ status: 429, retryAfterMs: 7000 })
    const { call: started } = await call({ authenticate })
    expect(await started.closed()).toEqual({ code: 1013, reason: '{"r":7000}' })
    expect(started.of('error')[0]?.retry_after_ms).toBe(7000)
  })

  it('reports what went wrong in it, and tells the client nothing of that', async () => {
    const circular: Record<string, unknown> = {}
    circular.self = circular
    const reported: string[] = []
    const { call: started, voice } = await call({ authenticate: () => circular }, { config: false })
    voice.on('error', ({ error }) => reported.push(error.message))
    started.send({ type: 'config', audio: false })
    expect((await started.closed()).code).toBe(1011)
    expect(reported).toEqual([expect.stringContaining('principal: it cannot be written as JSON; give it an id')])
    expect(JSON.stringify(started.messages)).not.toContain('principal')
  })

  it('keeps what a plain client says too early for the config it said it after', async () => {
    const { call: started, voice } = await call({ clientMay: { userText: true } }, { protocol: '', config: false })
    const seen: string[] = []
    started.send({ type: 'config', audio: false, stream_id: 'one' })
    started.send({ type: 'config', audio: false, stream_id: 'two' })
    started.send({ type: 'clear' })
    for (let i = 0; i < 100; i++) started.sendAudio(new Uint8Array(640))
    await started.advance(100)
    for (const { stream_id } of started.of('ready')) seen.push(String(stream_id))
    expect(seen).toEqual(['one', 'two'])
    // The session recognises nothing and says so once: what came early has reached it.
    expect(started.of('error').map(({ code }) => code)).toEqual(['audio_not_ready'])
    expect(voice.sessions.size).toBe(1)
    await voice.close()
  })

  it('refuses gaps as it refuses audio, and says goodbye to whoever does', async () => {
    const { call: started, clock } = await call({}, { config: false })
    started.send({ type: 'gap', from: 0, to: 32_000, reason: 'muted' })
    started.sendAudio(new Uint8Array(640))
    started.send({ type: 'speak', text: 'x' })
    expect(started.of('error').map(({ code }) => code)).toEqual(['audio_not_ready'])
    started.send({ type: 'bye', reason: 'never mind' })
    expect(await started.closed()).toEqual({ code: 1000, reason: 'bye' })
    await started.advance(2500)
    expect(clock.pending).toBe(0)
  })

  it('on a mount whose dialect fails is refused, and reported', async () => {
    const voice = createVoiceHandler({ clock: new ManualClock(), logger: silentLogger })
    const reported: string[] = []
    voice.on('error', ({ error }) => reported.push(error.message))
    const mount: VoiceMount = {
      limits: voice.limits,
      open: (socket, accept) => voice.open(socket, accept),
      admit: request =>
        voice.admit(request, {
          dialect: () => {
            throw new Error('no dialect')
          },
        }),
    }
    const started = await startTestCall(mount, { config: false })
    expect(await started.closed()).toEqual({ code: 1011, reason: 'not admitted' })
    expect(reported).toEqual(['a connection could not be set up: no dialect'])
  })
})
