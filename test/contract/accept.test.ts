import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import fastify from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { closeFrame, frame, opcodes } from '../../adapters/testing/frames.js'
import { type ConnectOptions, RawClient, RecordingMount } from '../../adapters/testing/node.js'
import { refuse } from '../../adapters/testing/recording-mount.js'
import { acceptVoice } from '../../adapters/ws.js'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A ws server of somebody else, which hands every socket to `mount`. */
async function start(mount: RecordingMount): Promise<(options?: ConnectOptions) => RawClient> {
  const server = createServer()
  const wss = new WebSocketServer({ server })
  wss.on('connection', (ws, request) => {
    void acceptVoice(ws, request, mount)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  cleanups.push(async () => {
    wss.close()
    server.close()
    server.closeAllConnections()
    await mount.until('the end of all sessions', () => mount.sessions.every(session => session.ended))
    expect(mount.violations).toEqual([])
  })
  return options => {
    const client = new RawClient((server.address() as AddressInfo).port, options)
    cleanups.push(() => client.drop())
    return client
  }
}

const text = (message: string) => frame(opcodes.text, message)

describe('acceptVoice', () => {
  it('keeps what the client sends while core decides, in order', async () => {
    const mount = new RecordingMount()
    const connect = await start(mount)
    const release = mount.holdAnswers(1)
    const client = connect({ early: Buffer.concat([text('1'), frame(opcodes.binary, Uint8Array.of(2))]) })
    await client.answered()
    client.write(text('3'))
    await mount.until('the question', () => mount.pending === 1)
    release()
    client.write(text('4'))
    const session = await mount.session()
    await session.until('all messages', () => session.messages.length === 4)
    expect(session.messages).toEqual(['1', Uint8Array.of(2), '3', '4'])
  })

  it('stops reading a client that floods it meanwhile, and loses nothing', async () => {
    const mount = new RecordingMount()
    const connect = await start(mount)
    const release = mount.holdAnswers(1)
    const client = await connect({ early: text('config') }).answered()
    const chunk = new Uint8Array(4096)
    for (let index = 0; index < 500; index++) client.write(frame(opcodes.binary, chunk))
    await mount.until('the question', () => mount.pending === 1)
    release()
    const session = await mount.session()
    await session.until('all messages', () => session.messages.length === 501)
  })

  it('asks with the subprotocol that was negotiated, not with those offered', async () => {
    const mount = new RecordingMount()
    const connect = await start(mount)
    await connect({ protocols: ['voice.v1', 'other'] }).answered()
    const session = await mount.session()
    expect(mount.requests[0]?.protocols).toEqual(['voice.v1'])
    expect(session.socket.protocol).toBe('voice.v1')
  })

  it.each([
    [401, {}, 4401, 'no'],
    [402, {}, 4402, 'no'],
    [403, {}, 4403, 'no'],
    [400, {}, 4400, 'no'],
    [429, {}, 1013, 'no'],
    [503, { 'retry-after': '2' }, 1013, '{"r":2000}'],
  ])('closes instead of answering %i', async (status, headers, code, reason) => {
    const mount = new RecordingMount()
    const connect = await start(mount)
    mount.answer = () => refuse(status, headers, 'no')
    const client = connect()
    await client.gone()
    expect(client.closed).toEqual({ code, reason })
    expect(mount.sessions.length).toBe(0)
  })

  it.each(['drop', 'goodbye'])('opens nothing for a client that left meanwhile (%s)', async how => {
    const mount = new RecordingMount()
    const connect = await start(mount)
    const release = mount.holdAnswers(1)
    const client = connect()
    await mount.until('the question', () => mount.pending === 1)
    if (how === 'drop') client.drop()
    else client.write(closeFrame(1000))
    await mount.until('the abort', () => mount.aborted === 1)
    release()
    await connect().answered()
    await mount.session(0)
    expect(mount.sessions.length).toBe(1)
  })

  it('does nothing with a socket that is closed already', async () => {
    const mount = new RecordingMount()
    const server = createServer()
    const wss = new WebSocketServer({ server })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    cleanups.push(
      () => wss.close(),
      () => server.close(),
    )
    const client = new RawClient((server.address() as AddressInfo).port)
    const [ws, request] = await once(wss, 'connection')
    client.drop()
    await once(ws, 'close')
    await acceptVoice(ws, request, mount)
    expect(mount.requests.length).toBe(0)
  })

  it('serves a route of @fastify/websocket, after its hooks', async () => {
    const mount = new RecordingMount()
    const app = fastify()
    await app.register(fastifyWebsocket)
    app.get(
      '/voice',
      {
        websocket: true,
        preValidation: async (request, reply) => {
          if (request.headers.authorization === undefined) return reply.code(401).send()
        },
      },
      (socket, request) => {
        void acceptVoice(socket, request.raw, mount, { context: () => ({ ip: request.ip }) })
      },
    )
    await app.listen({ port: 0, host: '127.0.0.1' })
    cleanups.push(() => app.close())
    const { port } = app.server.address() as AddressInfo

    const refused = await new RawClient(port).answered()
    expect(refused.status).toBe(401)
    const client = new RawClient(port, { headers: ['Authorization: Bearer x'], early: text('first') })
    const session = await mount.session()
    await session.until('the message', () => session.messages.length === 1)
    expect([session.messages, mount.requests[0]?.context]).toEqual([['first'], { ip: '127.0.0.1' }])
    client.close(1000)
    await session.end()
  })
})
