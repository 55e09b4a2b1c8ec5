import { describe, expect, it } from 'vitest'
import type { SocketSink } from '../../../src/socket.js'
import { type MemorySocketOptions, memorySocketPair } from '../../../src/testing/memory-socket.js'

function connect(options?: MemorySocketOptions) {
  const { socket, peer } = memorySocketPair(options)
  const events: unknown[] = []
  const views: Uint8Array[] = []
  const sink: SocketSink = {
    message: data => {
      if (typeof data !== 'string') views.push(data)
      events.push(typeof data === 'string' ? data : [...data])
    },
    drain: () => events.push('drain'),
    pong: payload => events.push(['pong', ...payload]),
    closed: ({ code, clean }) => events.push({ code, clean }),
  }
  peer.attach(sink)
  return { socket, peer, events, views }
}

const bytes = (length: number) => new Uint8Array(length)
const settle = () => new Promise(resolve => setImmediate(resolve))

describe('memory socket', () => {
  it('overwrites the bytes that it showed to a sink', () => {
    const { peer, events, views } = connect()
    peer.send(Uint8Array.of(1, 2, 3))
    expect(events).toEqual([[1, 2, 3]])
    expect([...views[0]!]).toEqual([0xa5, 0xa5, 0xa5])
  })

  it('piles up what a stalled client does not read, behind what its kernel swallows', () => {
    const { socket, peer, events } = connect({ hiddenBytes: 100 })
    peer.stall()
    expect([socket.send(bytes(60)), socket.bufferedBytes]).toEqual(['sent', 0])
    expect([socket.send(bytes(60)), socket.bufferedBytes]).toEqual(['queued', 20])
    expect(peer.received.length).toBe(0)
    peer.read(60)
    expect([peer.received.length, socket.bufferedBytes, events]).toEqual([1, 0, ['drain']])
    peer.flow()
    expect([peer.received.length, socket.send(bytes(60))]).toEqual([2, 'sent'])
    expect(peer.audioBytes).toBe(180)
  })

  it('reads whole messages only, as far as they fit', () => {
    const { socket, peer } = connect()
    peer.stall()
    for (let index = 0; index < 4; index++) socket.send(bytes(100))
    peer.read(250)
    expect([peer.received.length, socket.bufferedBytes]).toEqual([2, 200])
    peer.read(50)
    expect(peer.received.length).toBe(2)
  })

  it('never calls the sink inside send()', () => {
    const { socket, events } = connect()
    socket.send(bytes(100))
    socket.send('text')
    expect(events).toEqual([])
  })

  it('keeps the goodbye behind the backlog, and is over only when it was read', async () => {
    const { socket, peer, events } = connect()
    peer.stall()
    socket.send('last words')
    socket.close(4400, 'done')
    await settle()
    expect([socket.open, peer.closed, events]).toEqual([false, undefined, []])
    peer.flow()
    await settle()
    expect([peer.received, peer.closed]).toEqual([['last words'], { code: 4400, reason: 'done' }])
    expect(events).toEqual([{ code: 4400, clean: true }])
  })

  it('breaks without a goodbye', async () => {
    const { socket, peer, events } = connect()
    peer.stall()
    socket.send(bytes(10))
    peer.drop()
    await settle()
    expect([events, socket.open, socket.bufferedBytes]).toEqual([[{ code: 1006, clean: false }], false, 0])
    peer.send('ignored')
    expect(events.length).toBe(1)
  })

  it('delivers what came during a pause after it, goodbye included', async () => {
    const { socket, peer, events } = connect()
    socket.pause?.()
    peer.send('a')
    peer.close(4001, '')
    await settle()
    expect(events).toEqual([])
    socket.resume?.()
    await settle()
    expect(events).toEqual(['a', { code: 4001, clean: true }])
  })

  it('leaves pings unanswered when told to', async () => {
    const { socket, peer, events } = connect()
    peer.answersPings = false
    expect(socket.ping?.(Uint8Array.of(1))).toBe(true)
    peer.answersPings = true
    expect(socket.ping?.(Uint8Array.of(2))).toBe(true)
    await settle()
    expect(events).toEqual([['pong', 2]])
  })

  it('has only the capabilities it is given', async () => {
    const { socket, peer, events } = connect({
      capabilities: { backlog: 'none', drain: false, ping: false, pauseReads: false },
    })
    socket.pause?.()
    peer.send('still read')
    peer.stall()
    socket.send(bytes(10))
    peer.flow()
    await settle()
    expect([socket.bufferedBytes, socket.ping?.(), events]).toEqual([0, false, ['still read']])
  })
})
