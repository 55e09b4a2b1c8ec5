import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import { serve, upgradeWebSocket } from '@hono/node-server'
import fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { RawClient, RecordingMount } from '../../adapters/testing/node.js'
import { attachVoice, voiceServer } from '../../adapters/ws.js'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function listen(server: Server = createServer()): Promise<Server> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
  cleanups.push(async () => {
    server.close()
    server.closeAllConnections()
  })
  return server
}

async function answerTo(server: Server, path: string): Promise<RawClient> {
  const client = new RawClient((server.address() as AddressInfo).port, { path })
  cleanups.push(() => client.drop())
  return client.answered()
}

/** The status with which each path is answered. */
async function statuses(server: Server, ...paths: string[]): Promise<(number | undefined)[]> {
  const answers: (number | undefined)[] = []
  for (const path of paths) answers.push((await answerTo(server, path)).status)
  return answers
}

function echoServer(server: Server, path: string): WebSocketServer {
  const wss = new WebSocketServer({ server, path })
  wss.on('connection', ws => ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary })))
  cleanups.push(() => wss.close())
  return wss
}

describe('attachVoice beside other users of the same server', () => {
  it.each(['before', 'after'])('lives with a ws server that was attached %s', async when => {
    const server = await listen()
    const mount = new RecordingMount()
    if (when === 'before') echoServer(server, '/other')
    attachVoice(server, mount)
    if (when === 'after') echoServer(server, '/other')
    // A `ws` server with a path answers 400 to every other one.
    expect(await statuses(server, '/voice', '/other', '/nobody')).toEqual([101, 101, 400])
    const other = await answerTo(server, '/other')
    other.send('hello')
    await other.until('the echo', () => other.received.length === 1)
    expect(mount.sessions.length).toBe(1)
  })

  it('leaves its paths, its refusals and its middleware to Hono', async () => {
    const mount = new RecordingMount()
    const events: string[] = []
    const app = new Hono()
      .use('/private', async c => c.text('no', 401))
      .get(
        '/hono',
        upgradeWebSocket(() => ({ onOpen: () => events.push('open') })),
      )
    const server = await listen(
      serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', websocket: { server: voiceServer(mount) } }) as Server,
    )
    attachVoice(server, mount)
    expect(await statuses(server, '/voice', '/hono', '/private', '/nobody')).toEqual([101, 101, 401, 404])
    expect([events, mount.sessions.length]).toEqual([['open'], 1])
  })

  it('lives with @fastify/websocket, which answers 404 to what it does not know', async () => {
    const mount = new RecordingMount()
    const app = fastify()
    await app.register(fastifyWebsocket)
    app.get('/fastify', { websocket: true }, socket => {
      socket.on('message', data => socket.send(data))
    })
    attachVoice(app.server, mount)
    await app.listen({ port: 0, host: '127.0.0.1' })
    cleanups.push(() => app.close())
    expect(await statuses(app.server, '/voice', '/fastify', '/nobody')).toEqual([101, 101, 404])
  })

  it('serves several paths with several handlers', async () => {
    const server = await listen()
    const [sales, support] = [new RecordingMount(), new RecordingMount()]
    attachVoice(server, sales, { path: '/sales' })
    attachVoice(server, support, { path: '/support' })
    expect(await statuses(server, '/sales?x=1', '/support', '/support/', '/voice')).toEqual([101, 101, 404, 404])
    expect([sales.sessions.length, support.sessions.length]).toEqual([1, 1])
  })
})

describe('upgrades on other paths', () => {
  it('are answered 404 when nobody else listens', async () => {
    const server = await listen()
    attachVoice(server, new RecordingMount())
    const client = await answerTo(server, '/elsewhere')
    expect([client.status, client.headers.get('connection'), client.headers.get('content-length')]).toEqual([
      404,
      'close',
      '9',
    ])
    await client.gone()
  })

  it('are left alone when told to ignore them', async () => {
    const server = await listen()
    attachVoice(server, new RecordingMount(), { onUnhandled: 'ignore' })
    const ignored = new RawClient((server.address() as AddressInfo).port, { path: '/elsewhere' })
    cleanups.push(() => ignored.drop())
    expect(await statuses(server, '/voice')).toEqual([101])
    expect(ignored.status).toBe(undefined)
  })

  it('are answered 404 beside other listeners when told so', async () => {
    const server = await listen()
    server.on('upgrade', () => {})
    attachVoice(server, new RecordingMount(), { onUnhandled: 'reject404' })
    expect(await statuses(server, '/elsewhere', '/voice')).toEqual([404, 101])
  })

  it('are answered 404 again when the other listener left', async () => {
    const server = await listen()
    attachVoice(server, new RecordingMount())
    const other = () => {}
    server.on('upgrade', other)
    expect(server.listenerCount('upgrade')).toBe(1)
    server.off('upgrade', other)
    expect(await statuses(server, '/elsewhere', '/voice')).toEqual([404, 101])
  })
})

describe('detach()', () => {
  it('gives the server back as it was, and leaves open sockets alone', async () => {
    const server = await listen()
    const { emit } = server
    const mount = new RecordingMount()
    {
      using attachment = attachVoice(server, mount)
      const client = await answerTo(server, '/voice')
      attachment.detach()
      attachment.detach()
      client.send('still there')
      await mount.until('the message', () => mount.sessions[0]?.messages.length === 1)
    }
    expect(server.emit).toBe(emit)
    expect(['upgrade', 'newListener', 'removeListener'].map(event => server.listenerCount(event))).toEqual([0, 0, 0])
  })

  it('frees the path', async () => {
    const server = await listen()
    const mount = new RecordingMount()
    const first = attachVoice(server, mount)
    expect(() => attachVoice(server, mount)).toThrow('path: /voice is already mounted')
    first.detach()
    attachVoice(server, mount)
    expect(await statuses(server, '/voice')).toEqual([101])
  })

  it('works in any order', async () => {
    const server = await listen()
    const { emit } = server
    const first = attachVoice(server, new RecordingMount(), { path: '/first' })
    const second = attachVoice(server, new RecordingMount(), { path: '/second' })
    first.detach()
    expect(await statuses(server, '/first', '/second')).toEqual([404, 101])
    second.detach()
    expect(server.emit).toBe(emit)
  })
})

describe('attachVoice', () => {
  it.each(['voice', '', '/voice?x=1', '/voice#x'])('refuses the path %j', path => {
    expect(() => attachVoice(createServer(), new RecordingMount(), { path })).toThrow(TypeError)
  })

  it('gives core what `context` makes of the request, and answers 500 when it throws', async () => {
    const server = await listen()
    const mount = new RecordingMount()
    attachVoice(server, mount, {
      context: request => {
        if (request.url?.includes('boom')) throw new Error('context')
        return { url: request.url }
      },
    })
    expect(await statuses(server, '/voice?a=1', '/voice?boom')).toEqual([101, 500])
    expect(mount.requests.map(request => request.context)).toEqual([{ url: '/voice?a=1' }])
    expect(mount.logged.length).toBe(1)
  })

  it('tells its ws server about connections', async () => {
    const server = await listen()
    const { wss } = attachVoice(server, new RecordingMount())
    const connected = once(wss as unknown as WebSocketServer, 'connection')
    await answerTo(server, '/voice')
    await connected
    expect(wss.clients.size).toBe(1)
  })

  it('survives a listener of its ws server that throws', async () => {
    const server = await listen()
    const mount = new RecordingMount()
    const { wss } = attachVoice(server, mount)
    wss.on('connection', () => {
      throw new Error('a failing listener')
    })
    const client = await answerTo(server, '/voice')
    await client.gone()
    expect(mount.logged.length).toBe(1)
    expect((await mount.session()).ended ?? (await mount.sessions[0]?.end())).toMatchObject({ code: 1006 })
  })

  it('limits what ws takes to twice what core takes, without compression', () => {
    const { options } = voiceServer(new RecordingMount())
    expect(options).toMatchObject({ noServer: true, maxPayload: 8192, perMessageDeflate: false })
  })
})
