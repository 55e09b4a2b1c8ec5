import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ChaosProxy, chaosProxy } from '../../../adapters/testing/node.js'

let server: Server
let proxy: ChaosProxy
let clients: Socket[]
let accepted: Socket[]

beforeEach(async () => {
  clients = []
  accepted = []
  server = createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => {})
    accepted.push(socket)
    server.emit('accepted')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  proxy = await chaosProxy({ port: (server.address() as AddressInfo).port })
})

afterEach(async () => {
  await proxy.close()
  for (const socket of [...clients, ...accepted]) socket.destroy()
  server.close()
  expect(proxy.size).toBe(0)
})

/** A client and the server's socket for it. */
async function pair(): Promise<[Socket, Socket]> {
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
  client.on('error', () => {})
  clients.push(client)
  await once(server, 'accepted')
  return [client, accepted.at(-1)!]
}

/** `once()` would reject at the reset itself. */
function closed(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    socket.once('close', () => resolve())
  })
}

/** Waits for so many bytes. */
async function read(socket: Socket, bytes: number): Promise<string> {
  let text = ''
  while (text.length < bytes) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    text += chunk.toString()
  }
  return text
}

/** True when nothing comes before something that was sent later through the other direction. */
async function silent(from: Socket, to: Socket): Promise<boolean> {
  let heard = false
  const hear = () => {
    heard = true
  }
  to.on('data', hear)
  from.write('x')
  const [other, otherServer] = await pair()
  other.write('later')
  await read(otherServer, 5)
  otherServer.write('later')
  await read(other, 5)
  to.off('data', hear)
  return !heard
}

describe('chaosProxy', () => {
  it('passes bytes on both ways, and goodbyes', async () => {
    const [client, served] = await pair()
    client.write('hello')
    expect(await read(served, 5)).toBe('hello')
    served.write('you too')
    expect(await read(client, 7)).toBe('you too')
    const ended = once(served, 'end')
    client.end()
    await ended
    const closed = once(client, 'end')
    served.end()
    await closed
  })

  it('delays both directions', async () => {
    const [client, served] = await pair()
    proxy.latencyMs = 60
    served.on('data', chunk => served.write(chunk))
    const startedMs = performance.now()
    client.write('there and back')
    await read(client, 14)
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(119)
  })

  it('limits the rate, in order', async () => {
    const [client, served] = await pair()
    proxy.bytesPerSecond = 20_000
    const text = Array.from({ length: 1000 }, (_, index) => String(index).padStart(4, '0')).join('')
    const startedMs = performance.now()
    client.write(text)
    expect(await read(served, text.length)).toBe(text)
    expect(performance.now() - startedMs).toBeGreaterThan(150)
  })

  it('stalls one direction until it flows again', async () => {
    const [client, served] = await pair()
    proxy.stall('up')
    expect(await silent(client, served)).toBe(true)
    served.write('down')
    await read(client, 4)
    proxy.flow()
    expect(await read(served, 1)).toBe('x')
  })

  it('delivers late what a connection sent before another one took its place', async () => {
    const [old, oldServed] = await pair()
    old.write('before')
    await read(oldServed, 6)
    proxy.hold('up')
    expect(await silent(old, oldServed)).toBe(true)
    old.destroy()
    const [fresh, freshServed] = await pair()
    fresh.write('fresh')
    expect(await read(freshServed, 5)).toBe('fresh')
    proxy.flow()
    expect(await read(oldServed, 1)).toBe('x')
  })

  it('swallows everything in a black hole, goodbyes included', async () => {
    const [client, served] = await pair()
    proxy.blackHole()
    expect(await silent(client, served)).toBe(true)
    let ended = false
    served.on('end', () => {
      ended = true
    })
    client.destroy()
    expect(await silent(served, client)).toBe(true)
    expect(ended).toBe(false)
  })

  it('resets both ends', async () => {
    const [client, served] = await pair()
    const ends = Promise.all([closed(client), closed(served)])
    proxy.reset()
    await ends
    expect([client.destroyed, served.destroyed]).toEqual([true, true])
  })

  it('ends both ends, or one direction alone', async () => {
    const [client, served] = await pair()
    const half = once(served, 'end')
    proxy.halfClose('up')
    await half
    served.write('still')
    expect(await read(client, 5)).toBe('still')

    const [other, otherServed] = await pair()
    const ends = Promise.all([once(other.resume(), 'end'), once(otherServed.resume(), 'end')])
    proxy.end()
    await ends
  })

  it.each(['up', 'down'] as const)('loses no connection that is reset while it ends %s', async direction => {
    for (let i = 0; i < 10; i++) {
      await pair()
      proxy.halfClose(direction)
      proxy.reset()
      proxy.reset()
    }
    await proxy.close()
    expect(proxy.size).toBe(0)
  })

  it('refuses connections and takes them again on the same port', async () => {
    const [client, served] = await pair()
    const { port } = proxy
    await proxy.refuse()
    const refused = connect(port, '127.0.0.1')
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
    client.write('lives on')
    expect(await read(served, 8)).toBe('lives on')
    await proxy.listen()
    expect(proxy.port).toBe(port)
    await pair()
  })

  it('passes a refusal of the server on', async () => {
    const down = await chaosProxy({ port: 1 })
    const client = connect(down.port, '127.0.0.1')
    client.on('error', () => {})
    await closed(client)
    await down.close()
  })

  it('slows the sender down when the receiver does not read', async () => {
    const [client, served] = await pair()
    served.pause()
    const chunk = Buffer.alloc(64 * 1024)
    let written = 0
    while (client.write(chunk) && written < 500) written++
    for (let round = 0; round < 200 && written < 1000; round++) {
      const drained = once(client, 'drain').then(() => true)
      const idle = new Promise<boolean>(resolve => setTimeout(() => resolve(false), 100))
      if (!(await Promise.race([drained, idle]))) break
      while (client.write(chunk) && written < 1000) written++
    }
    // Two kernel buffers of about 4 MB each, and little in between.
    expect(written * chunk.length).toBeLessThan(30 * 1024 * 1024)
  })
})
