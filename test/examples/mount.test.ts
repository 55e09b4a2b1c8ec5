import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

const folder = new URL('../../dist/examples/mount/', import.meta.url)
const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A way to talk to a voice server, whatever carries it. */
interface Line {
  send(message: object): void
  /** Waits for the next message that fits: text is parsed, audio comes as bytes. */
  next(fits: (message: Message) => boolean): Promise<Message>
  close(): Promise<void>
}

type Message = { readonly type?: string; readonly [field: string]: unknown } | Uint8Array

/** Says one sentence and waits for spoken words in return. */
async function converse(line: Line): Promise<void> {
  line.send({ type: 'config', stt_config: { sample_rate: 16_000 }, tts_config: { sample_rate: 16_000 } })
  await line.next(message => 'type' in message && message.type === 'ready')
  line.send({ type: 'user_text', text: 'hello', cseq: 1, at: 0 })
  const spoken = await line.next(message => 'type' in message && message.type === 'tts_text')
  expect(spoken).toMatchObject({ text: expect.stringContaining('hello') })
  let heard = 0
  while (heard < 16_000) {
    const audio = await line.next(message => message instanceof Uint8Array)
    heard += (audio as Uint8Array).length
  }
  line.send({ type: 'bye', reason: 'done' })
  await line.close()
}

class Inbox {
  readonly #messages: Message[] = []
  #arrived: () => void = () => {}

  take(data: string | Uint8Array): void {
    this.#messages.push(typeof data === 'string' ? JSON.parse(data) : data)
    this.#arrived()
  }

  async next(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const index = this.#messages.findIndex(fits)
      if (index >= 0) return this.#messages.splice(0, index + 1)[index]!
      await new Promise<void>(resolve => {
        this.#arrived = resolve
      })
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function start(file: string, port: number): ChildProcess {
  const child = spawn(process.execPath, [new URL(file, folder).pathname], {
    env: { ...process.env, PORT: String(port) },
    stdio: 'inherit',
  })
  cleanups.push(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    if (child.exitCode === null) await ended
  })
  return child
}

/** Connects as soon as the server listens. */
async function call(port: number, child: ChildProcess): Promise<Line> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    const ws = new WebSocket(`ws://127.0.0.1:${port}/voice`, 'voice.v1', { perMessageDeflate: false })
    const inbox = new Inbox()
    ws.on('message', (data: Buffer, isBinary) => inbox.take(isBinary ? new Uint8Array(data) : data.toString()))
    const opened = await new Promise<boolean>(resolve => {
      ws.once('open', () => resolve(true))
      ws.once('error', () => resolve(false))
    })
    if (!opened) continue
    return {
      send: message => ws.send(JSON.stringify(message)),
      next: fits => inbox.next(fits),
      async close() {
        ws.close()
        await once(ws, 'close')
      },
    }
  }
}

describe('the mounting examples', () => {
  it.each(['ws', 'express', 'fastify', 'hono', 'uws'])(
    '%s holds a conversation',
    async name => {
      const port = await freePort()
      const child = start(`${name}.js`, port)
      await converse(await call(port, child))
    },
    30_000,
  )

  it('custom holds a conversation over a message port', async () => {
    const worker = new Worker(new URL('custom.js', folder))
    cleanups.push(() => worker.terminate())
    const { port1, port2 } = new MessageChannel()
    worker.postMessage(port2, [port2])
    await converse(lineOf(port1))
  }, 60_000)
})

function lineOf(port: MessagePort): Line {
  const inbox = new Inbox()
  port.on('message', (data: string | Uint8Array | { readonly code: number }) => {
    if (typeof data === 'string' || data instanceof Uint8Array) inbox.take(data)
  })
  return {
    send: message => port.postMessage(JSON.stringify(message)),
    next: fits => inbox.next(fits),
    async close() {
      const closed = once(port, 'close')
      port.postMessage({ code: 1000, reason: '' })
      await closed
    },
  }
}
