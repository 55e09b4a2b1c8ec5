import { EventEmitter } from 'node:events'
import { type Context, Hono } from 'hono'
import { websocket as bunHandlers, upgradeWebSocket as bunHelper } from 'hono/bun'
import { upgradeWebSocket as cloudflareHelper } from 'hono/cloudflare-workers'
import { upgradeWebSocket as denoHelper } from 'hono/deno'
import type { WSContext, WSEvents } from 'hono/ws'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { voiceRoute } from '../../../adapters/hono.js'
import { RecordingMount } from '../../../adapters/testing/node.js'

// `hono/bun` and `hono/deno` look for these while they load.
vi.hoisted(() => Object.assign(globalThis, { Bun: {}, Deno: {} }))

// Hono's own helpers, on sockets that behave as those of the runtime do.

afterEach(() => {
  vi.unstubAllGlobals()
})

const request = (headers: Record<string, string> = {}) =>
  new Request('http://localhost/voice?a=1', { headers: { upgrade: 'websocket', ...headers } })

const settle = () => new Promise(resolve => setImmediate(resolve))

/** What Deno and workerd have: the socket of a page, with its limits on close codes. */
class PageSocket extends EventTarget {
  readyState = 1
  protocol = ''
  url = null
  readonly sent: unknown[] = []
  readonly closes: unknown[] = []

  accept(): void {}

  send(data: unknown): void {
    this.sent.push(data)
  }

  close(code = 1000, reason = ''): void {
    if (code !== 1000 && (code < 3000 || code > 4999)) throw new RangeError(`close code ${code}`)
    this.closes.push([code, reason])
    this.readyState = 2
  }

  receive(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }))
  }

  end(code: number, reason = '', wasClean = true): void {
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason, wasClean }))
  }
}

class DenoSocket extends PageSocket {
  binaryType = 'blob'
  bufferedAmount = 0
  onopen?: (event: Event) => void
  onmessage?: (event: Event) => void
  onclose?: (event: Event) => void
  onerror?: (event: Event) => void

  override dispatchEvent(event: Event): boolean {
    this[`on${event.type}` as 'onopen']?.(event)
    return true
  }
}

describe('on Node', () => {
  class WsSocket extends EventEmitter {
    readonly readyState = 1
    readonly protocol = ''
    readonly bufferedAmount = 0
    send(): void {}
    ping(): void {}
    pause(): void {}
    resume(): void {}
    close(): void {}
    terminate(): void {}
  }

  it('takes what the helper kept for it first, then listens to the ws socket itself', async () => {
    const mount = new RecordingMount()
    const raw = new WsSocket()
    const helper = async (_context: Context, events: WSEvents): Promise<Response> => {
      const ws = { raw, readyState: 1 } as unknown as WSContext
      events.onOpen?.(new Event('open'), ws)
      for (const data of ['kept', Uint8Array.of(1).buffer])
        events.onMessage?.(new MessageEvent('message', { data }), ws)
      await settle()
      expect([events.onMessage, events.onClose, events.onError]).toEqual([undefined, undefined, undefined])
      return new Response()
    }
    await new Hono().get('/voice', voiceRoute(mount, helper)).fetch(request())
    raw.emit('message', Buffer.from('direct'), false)
    expect(mount.sessions.length).toBe(1)
    expect(mount.sessions[0]?.messages).toEqual(['kept', Uint8Array.of(1), 'direct'])
    raw.emit('close', 1000, Buffer.from('bye'))
    await settle()
    expect(mount.sessions[0]?.ended).toEqual({ code: 1000, reason: 'bye', clean: true })
  })
})

describe('on Deno', () => {
  async function open(mount: RecordingMount, headers: Record<string, string> = {}) {
    const socket = new DenoSocket()
    vi.stubGlobal('Deno', {
      upgradeWebSocket(_request: Request, { protocol = '' }: { protocol?: string }) {
        socket.protocol = protocol
        return { response: new Response(null), socket }
      },
    })
    const app = new Hono().get('/voice', voiceRoute(mount, denoHelper))
    await app.fetch(request(headers), { remoteAddr: { hostname: '10.1.2.3' } })
    socket.dispatchEvent(new Event('open'))
    return { socket, session: await mount.session() }
  }

  it('speaks through the events, with what the socket can do', async () => {
    const mount = new RecordingMount()
    const { socket, session } = await open(mount)
    expect(session.socket.capabilities).toEqual({
      backlog: 'batch',
      drain: false,
      ping: false,
      pauseReads: false,
      reliableClose: false,
    })
    expect([socket.binaryType, mount.requests[0]?.remoteAddress]).toEqual(['arraybuffer', '10.1.2.3'])
    socket.receive('text')
    socket.receive(Uint8Array.of(1, 2).buffer)
    expect(session.messages).toEqual(['text', Uint8Array.of(1, 2)])
    expect(session.socket.send('answer')).toBe('sent')
    socket.bufferedAmount = 5
    expect([session.socket.send('more'), session.socket.bufferedBytes]).toEqual(['queued', 5])
    socket.end(4001, 'bye')
    await settle()
    expect(session.ended).toEqual({ code: 4001, reason: 'bye', clean: true })
    expect(session.socket.send('late')).toBe('closed')
  })

  it('answers the subprotocol that core chose', async () => {
    const mount = new RecordingMount()
    mount.answer = () => ({ ok: true, protocol: 'voice.v1' })
    const { socket, session } = await open(mount, { 'sec-websocket-protocol': 'other, voice.v1' })
    expect([socket.protocol, session.socket.protocol]).toEqual(['voice.v1', 'voice.v1'])
  })

  it.each([
    [1000, 1000],
    [4409, 4409],
    [1001, 3008],
    [1011, 3008],
    [1012, 3008],
    [1013, 3008],
    [1003, 4400],
    [1009, 4400],
  ])('closes with %i as far as a page may, else with what a client takes the same way', async (code, seen) => {
    const { socket, session } = await open(new RecordingMount())
    session.close(code, '{"r":5}')
    expect(socket.closes).toEqual([[seen, '{"r":5}']])
    expect(session.socket.open).toBe(false)
  })

  it('ends the session at an error, once', async () => {
    const { socket, session } = await open(new RecordingMount())
    socket.dispatchEvent(Object.assign(new Event('error'), { error: new Error('cable') }))
    socket.end(1006, '', false)
    await settle()
    expect(session.ended).toMatchObject({ code: 1006, clean: false, cause: new Error('cable') })
    expect(session.violations).toEqual([])
  })

  it('refuses Blobs, which arrive too late to keep their place', async () => {
    const { socket, session } = await open(new RecordingMount())
    socket.receive(new Blob(['x']))
    expect([socket.closes.length, session.messages.length, session.socket.open]).toEqual([1, 0, false])
  })
})

describe('on Bun', () => {
  class BunSocket {
    readyState = 1
    readonly remoteAddress = '10.4.5.6'
    readonly sent: unknown[] = []
    readonly closes: unknown[] = []
    readonly data: unknown
    buffered = 0
    terminated = false

    constructor(data: unknown) {
      this.data = data
    }

    send(data: unknown): number {
      this.sent.push(data)
      return 1
    }

    close(code: number, reason: string): void {
      this.closes.push([code, reason])
    }

    terminate(): void {
      this.terminated = true
    }

    getBufferedAmount(): number {
      return this.buffered
    }

    cork(fn: () => void): void {
      this.sent.push('corked')
      fn()
    }
  }

  async function open(mount: RecordingMount, headers: Record<string, string> = {}) {
    let socket: BunSocket | undefined
    const server = {
      requestIP: () => ({ address: '10.4.5.6' }),
      upgrade(_request: Request, { data }: { data: unknown }) {
        socket = new BunSocket(data)
        return true
      },
    }
    const app = new Hono().get('/voice', voiceRoute(mount, bunHelper))
    await app.fetch(request(headers), { server })
    bunHandlers.open(socket as never)
    return { socket: socket!, session: await mount.session() }
  }

  it('uses the exact backlog, the cork and the terminate() of its sockets', async () => {
    const mount = new RecordingMount()
    const { socket, session } = await open(mount)
    expect(session.socket.capabilities).toMatchObject({ backlog: 'exact', drain: false, ping: false })
    expect(mount.requests[0]?.remoteAddress).toBe('10.4.5.6')
    bunHandlers.message(socket as never, Uint8Array.of(7) as never)
    bunHandlers.message(socket as never, 'text')
    expect(session.messages).toEqual([Uint8Array.of(7), 'text'])
    session.act(voice => voice.cork?.(() => voice.send('a')))
    socket.buffered = 9
    expect([session.socket.send('b'), session.socket.bufferedBytes]).toEqual(['queued', 9])
    expect(socket.sent).toEqual(['corked', 'a', 'b'])
    session.act(voice => voice.terminate())
    expect([socket.terminated, session.socket.open]).toEqual([true, false])
    bunHandlers.close(socket as never, 1006, '')
    await settle()
    expect(session.ended).toMatchObject({ code: 1006, clean: false })
  })

  it('asks core only with the subprotocol that Bun will answer', async () => {
    const mount = new RecordingMount()
    await open(mount, { 'sec-websocket-protocol': 'first, voice.v1' })
    expect(mount.requests[0]?.protocols).toEqual(['first'])
  })
})

describe('on Cloudflare Workers', () => {
  class ResponseLike extends Response {
    override readonly status: number = 101

    constructor(_body: null, init: { readonly headers?: Record<string, string> }) {
      super(null, init.headers && { headers: init.headers })
    }
  }

  async function open(mount: RecordingMount, headers: Record<string, string> = {}, made: object = { cf: {} }) {
    const [client, socket] = [new PageSocket(), new PageSocket()]
    vi.stubGlobal('WebSocketPair', function pair() {
      return { 0: client, 1: socket }
    })
    vi.stubGlobal('CloseEvent', Event)
    const app = new Hono().get('/voice', voiceRoute(mount, cloudflareHelper))
    const upgrade = Object.assign(request({ 'cf-connecting-ip': '10.7.8.9', ...headers }), made)
    const answer = async () => {
      vi.stubGlobal('Response', ResponseLike)
      const response = await app.fetch(upgrade)
      vi.unstubAllGlobals()
      return response
    }
    return { socket, response: await answer() }
  }

  it('opens at the first message, because it has no open event', async () => {
    const mount = new RecordingMount()
    const { socket } = await open(mount)
    expect(mount.sessions.length).toBe(0)
    socket.receive('first')
    const session = await mount.session()
    expect([session.messages, mount.requests[0]?.remoteAddress]).toEqual([['first'], '10.7.8.9'])
    expect(session.socket.capabilities.backlog).toBe('none')
    socket.end(1000)
    await settle()
    expect(session.ended).toMatchObject({ code: 1000 })
  })

  it('opens nothing for a client that leaves without a word', async () => {
    const mount = new RecordingMount()
    const { socket } = await open(mount)
    socket.end(1001)
    await settle()
    expect(mount.sessions.length).toBe(0)
  })

  it('names the subprotocol in the answer, which the helper does not', async () => {
    const mount = new RecordingMount()
    mount.answer = () => ({ ok: true, protocol: 'voice.v1' })
    const { socket, response } = await open(mount, { 'sec-websocket-protocol': 'voice.v1' })
    expect(response.headers.get('sec-websocket-protocol')).toBe('voice.v1')
    socket.receive('first')
    expect((await mount.session()).socket.protocol).toBe('voice.v1')
  })

  it('does not believe the address in a header on other runtimes', async () => {
    const mount = new RecordingMount()
    await open(mount, {}, {})
    expect(mount.requests[0]?.remoteAddress).toBe(undefined)
  })
})
