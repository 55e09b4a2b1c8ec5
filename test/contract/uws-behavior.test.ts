import { afterEach, describe, expect, it } from 'vitest'
import { RawClient, RecordingMount, type RunningTransport } from '../../adapters/testing/node.js'
import { type UwsBehaviorOptions, voiceBehavior } from '../../adapters/uws.js'
import { isNative, runningUws, uws } from './fixtures/uws.js'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(mount: RecordingMount, options: UwsBehaviorOptions): Promise<RunningTransport> {
  const transport = await runningUws(uws.App().ws('/voice', voiceBehavior(mount, options)))
  cleanups.push(() => transport.close())
  return transport
}

async function connect({ port }: RunningTransport, path = '/voice'): Promise<RawClient> {
  const client = await new RawClient(port!, { path }).answered()
  cleanups.push(() => client.destroy())
  return client
}

describe('voiceBehavior', () => {
  it('runs on the native uWebSockets.js', () => {
    expect(isNative()).toBe(true)
  })

  it.each([1, 7, 7.9, 961, -1, Number.NaN])(
    'refuses an idleTimeout of %d, on which uWS ends the process',
    idleTimeout => {
      expect(() => voiceBehavior(new RecordingMount(), { idleTimeout })).toThrow(/idleTimeout: .* use 0 or 8 to 960/)
    },
  )

  it.each([-1, 241, Number.NaN])('refuses a maxLifetime of %d, on which uWS ends the process', maxLifetime => {
    expect(() => voiceBehavior(new RecordingMount(), { maxLifetime })).toThrow(/maxLifetime: .* use 0 to 240/)
  })

  it.each([0, 8, 960])('takes an idleTimeout of %d', idleTimeout => {
    expect(voiceBehavior(new RecordingMount(), { idleTimeout }).idleTimeout).toBe(idleTimeout)
  })

  it('keeps the limits of uWS out of the way of those of core', () => {
    const mount = new RecordingMount()
    expect(voiceBehavior(mount)).toMatchObject({
      maxPayloadLength: 8192,
      maxBackpressure: 1024 * 1024,
      idleTimeout: 120,
      sendPingsAutomatically: false,
    })
    const large = Object.assign(new RecordingMount(), { limits: { textBytes: 1, binaryBytes: 1024 * 1024 } })
    expect(voiceBehavior(large)).toMatchObject({
      maxPayloadLength: 2 * 1024 * 1024,
      maxBackpressure: 16 * 1024 * 1024,
    })
  })

  it('runs the handlers of the user after its own, and contains what they throw', async () => {
    const mount = new RecordingMount()
    const seen: string[] = []
    const transport = await start(mount, {
      open: () => {
        seen.push(`open ${mount.sessions.length}`)
        throw new Error('open')
      },
      message: (_ws, message) => {
        seen.push(`message ${message.byteLength} ${mount.sessions[0]?.messages.length}`)
        throw new Error('message')
      },
      pong: () => seen.push(`pong ${mount.sessions[0]?.pongs.length}`),
      close: (_ws, code) => seen.push(`close ${code}`),
    })
    const client = await connect(transport)
    const session = await mount.session()
    client.send('hello')
    await session.until('the message', () => session.messages.length === 1)
    session.act(socket => socket.ping?.(Uint8Array.of(1)))
    await session.until('the pong', () => session.pongs.length === 1)
    client.close(4001)
    await session.end()
    expect(seen).toEqual(['open 1', 'message 5 1', 'pong 1', 'close 4001'])
    expect(mount.logged.length).toBe(2)
  })

  it('shows the request to handlers of the user', async () => {
    const mount = new RecordingMount()
    const seen: unknown[] = []
    const transport = await start(mount, {
      context: (_response, request) => ({ room: request.getQuery() }),
      open: ws => seen.push((ws.getUserData() as { request: { context: unknown } }).request.context),
    })
    await connect(transport, '/voice?blue')
    await mount.session()
    expect(seen).toEqual([{ room: 'blue' }])
  })

  it('answers 500 when `context` throws', async () => {
    const mount = new RecordingMount()
    const transport = await start(mount, {
      context: () => {
        throw new Error('context')
      },
    })
    expect((await connect(transport)).status).toBe(500)
  })
})
