import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve, upgradeWebSocket } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { type RouteOptions, voiceRoute } from '../../adapters/hono.js'
import { frame, opcodes } from '../../adapters/testing/frames.js'
import { type ConnectOptions, RawClient, RecordingMount } from '../../adapters/testing/node.js'
import { refuse } from '../../adapters/testing/recording-mount.js'
import { type VoiceServer, voiceServer } from '../../adapters/ws.js'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Setup {
  readonly app?: Hono
  readonly server?: VoiceServer
  readonly options?: RouteOptions<Context>
}

async function start(mount: RecordingMount, { app = new Hono(), server, options }: Setup = {}) {
  app.get('/voice', voiceRoute(mount, upgradeWebSocket, options))
  const http = serve({
    fetch: app.fetch,
    port: 0,
    hostname: '127.0.0.1',
    websocket: { server: server ?? voiceServer(mount) },
  }) as Server
  if (!http.listening) await once(http, 'listening')
  cleanups.push(() => {
    http.close()
    http.closeAllConnections()
  })
  const { port } = http.address() as AddressInfo
  const connect = (connectOptions?: ConnectOptions): Promise<RawClient> => {
    const client = new RawClient(port, connectOptions)
    cleanups.push(() => client.drop())
    return client.answered()
  }
  return { http, port, connect }
}

describe('voiceRoute', () => {
  it('lets middleware refuse, and add headers to the answer', async () => {
    const mount = new RecordingMount()
    const app = new Hono().use('/voice', async (c, next) => {
      if (c.req.query('stop') !== undefined) return c.text('stopped', 403, { 'x-why': 'middleware' })
      await next()
      c.header('x-served-by', 'hono')
      return undefined
    })
    const { connect } = await start(mount, { app })
    const refused = await connect({ path: '/voice?stop' })
    expect([refused.status, refused.headers.get('x-why'), mount.requests.length]).toEqual([403, 'middleware', 0])
    const served = await connect()
    expect([served.status, served.headers.get('x-served-by')]).toEqual([101, 'hono'])
  })

  it('never lets a refusal become an error of the app', async () => {
    const mount = new RecordingMount()
    mount.answer = () => refuse(401, { 'www-authenticate': 'Bearer' }, 'who are you')
    const errors: unknown[] = []
    const app = new Hono()
    app.onError((error, c) => {
      errors.push(error)
      return c.text('broken', 500)
    })
    const { connect } = await start(mount, { app })
    expect((await connect()).status).toBe(401)
    expect(errors).toEqual([])
  })

  it('answers its refusals also beside another upgrade listener, where Hono would not', async () => {
    const mount = new RecordingMount()
    mount.answer = () => refuse(403)
    const { http, connect } = await start(mount)
    http.on('upgrade', () => {})
    const client = await connect()
    expect(client.status).toBe(403)
    await client.gone()
  })

  it('answers 426 to a plain request', async () => {
    const mount = new RecordingMount()
    const { port } = await start(mount)
    const response = await fetch(`http://127.0.0.1:${port}/voice`)
    expect([response.status, response.headers.get('upgrade'), mount.requests.length]).toEqual([426, 'websocket', 0])
  })

  it('gives core the context of Hono, or what is made of it', async () => {
    const mount = new RecordingMount()
    const app = new Hono().get('/named', c => c.text('x'))
    const { connect } = await start(mount, { app })
    await connect({ path: '/voice?user=7' })
    expect((mount.requests[0]!.context as Context).req.query('user')).toBe('7')

    const other = new RecordingMount()
    const made = await start(other, { options: { context: c => c.req.query('user') } })
    await made.connect({ path: '/voice?user=7' })
    expect(other.requests[0]?.context).toBe('7')
  })

  it('refuses with 500 when `context` throws', async () => {
    const mount = new RecordingMount()
    const { connect } = await start(mount, {
      options: {
        context: () => {
          throw new Error('context')
        },
      },
    })
    expect((await connect()).status).toBe(500)
  })

  it('makes no event of a frame once the connection is open', async () => {
    const mount = new RecordingMount()
    const { connect } = await start(mount)
    let made = 0
    const { MessageEvent } = globalThis
    globalThis.MessageEvent = new Proxy(MessageEvent, {
      construct(target, args) {
        made++
        return Reflect.construct(target, args)
      },
    })
    cleanups.push(() => {
      globalThis.MessageEvent = MessageEvent
    })
    const client = await connect({ early: frame(opcodes.text, 'first') })
    const session = await mount.session()
    await session.until('the first message', () => session.messages.length === 1)
    const before = made
    for (let index = 0; index < 10; index++) client.send('more')
    await session.until('all messages', () => session.messages.length === 11)
    expect(made).toBe(before)
  })

  it.each([
    [{ perMessageDeflate: true }, 1],
    [{ maxPayload: 100 * 1024 * 1024 }, 1],
    [{ maxPayload: 100 }, 1],
    [{ maxPayload: 8192 }, 0],
  ])('warns once about a ws server with other settings: %j', async (settings, warnings) => {
    const mount = new RecordingMount()
    const server = new WebSocketServer({ noServer: true, ...settings }) as unknown as VoiceServer
    const { connect } = await start(mount, { server })
    await connect()
    await connect()
    expect(mount.logged.length).toBe(warnings)
  })
})
