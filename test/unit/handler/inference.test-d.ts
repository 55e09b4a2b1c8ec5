import { describe, expectTypeOf, it } from 'vitest'
import { createVoiceHandler, defer, reject, type VoiceHandler, type VoiceSession } from '../../../src/index.js'

interface User {
  readonly id: string
}

describe('the types of a handler', () => {
  it('take the principal from authenticate and the data from configure, everywhere below', () => {
    const voice = createVoiceHandler({
      authenticate: async ({ token, phase }) => {
        expectTypeOf(phase).toEqualTypeOf<'upgrade' | 'message'>()
        if (token === undefined) return defer()
        if (token === 'broke') return reject({ status: 402 })
        return token === 'ok' ? ({ id: 'alice' } satisfies User as User) : null
      },
      configure: ({ principal }) => {
        expectTypeOf(principal).toEqualTypeOf<User>()
        return { data: { turns: 0 }, greeting: `Hello ${principal.id}` }
      },
      agent: async function* ({ session, text }) {
        expectTypeOf(session.data).toEqualTypeOf<{ turns: number }>()
        expectTypeOf(session.principal).toEqualTypeOf<User>()
        yield text
      },
      onSession: session => {
        expectTypeOf(session).toEqualTypeOf<VoiceSession<User, { turns: number }>>()
      },
    })
    expectTypeOf(voice).toEqualTypeOf<VoiceHandler<User, { turns: number }>>()
    expectTypeOf(voice.sessions.get('x')!.data.turns).toBeNumber()
  })

  it('give null and undefined without either', () => {
    expectTypeOf(createVoiceHandler({})).toEqualTypeOf<VoiceHandler<null, undefined>>()
  })

  it('take agents of every shape', () => {
    createVoiceHandler({ agent: () => 'hello' })
    createVoiceHandler({ agent: async () => 'hello' })
    createVoiceHandler({ agent: async () => {} })
    createVoiceHandler({ agent: () => undefined })
    createVoiceHandler({
      agent: async function* () {
        yield 'one'
        yield { type: 'flush' }
        yield { type: 'record', role: 'tool', data: 1 }
        yield { type: 'event', name: 'x', data: null }
        yield { type: 'end' }
      },
    })
    createVoiceHandler({
      // @ts-expect-error a part must be known
      agent: async function* () {
        yield { type: 'sing' }
      },
    })
  })
})
