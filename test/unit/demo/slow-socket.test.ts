import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SlowSocket } from '../../../examples/demo/slow-socket.js'
import { wrapSocket } from '../../../src/index.js'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

function slow(kbits: number) {
  const arrived: (string | number)[] = []
  const inner = wrapSocket({
    send: data => void arrived.push(data.length),
    ping: () => {
      arrived.push('ping')
      return true
    },
    close: code => void arrived.push(`close ${code}`),
  })
  return { socket: new SlowSocket(inner, kbits), arrived }
}

describe('a slow socket', () => {
  it('hands everything on at once while it is fast', () => {
    const { socket, arrived } = slow(Number.POSITIVE_INFINITY)
    expect(socket.send(new Uint8Array(1000))).toBe('sent')
    socket.ping()
    expect(arrived).toEqual([1000, 'ping'])
  })

  it('takes as long as the link does, for pings too, and says nothing about what waits', () => {
    const { socket, arrived } = slow(64)
    for (let i = 0; i < 3; i++) expect(socket.send(new Uint8Array(800))).toBe('sent')
    socket.ping()
    expect(socket.bufferedBytes).toBe(0)
    vi.advanceTimersByTime(99)
    expect(arrived).toEqual([])
    vi.advanceTimersByTime(101)
    expect(arrived).toEqual([800, 800])
    vi.advanceTimersByTime(101)
    expect(arrived).toEqual([800, 800, 800, 'ping'])
  })

  it('sends what waits faster when the link becomes faster, and keeps the order', () => {
    const { socket, arrived } = slow(8)
    socket.send(new Uint8Array(1000))
    socket.send(new Uint8Array(2000))
    vi.advanceTimersByTime(500)
    socket.kbits = Number.POSITIVE_INFINITY
    socket.send(new Uint8Array(3000))
    vi.advanceTimersByTime(3)
    expect(arrived).toEqual([1000, 2000, 3000])
  })

  it('says goodbye after what was said before', async () => {
    const { socket, arrived } = slow(8)
    socket.send(new Uint8Array(1000))
    socket.close(1000, '')
    await vi.advanceTimersByTimeAsync(2000)
    expect(arrived).toEqual([1000, 'close 1000'])
  })

  it('forgets what waits when the connection ends', () => {
    const { socket, arrived } = slow(8)
    const ended = vi.fn()
    const closed = vi.fn()
    const sink = socket.report({ message() {}, drain() {}, pong() {}, closed }, ended)
    socket.send(new Uint8Array(1000))
    const info = { code: 1006, reason: '', clean: false }
    sink.closed(info)
    vi.advanceTimersByTime(5000)
    expect(arrived).toEqual([])
    expect(closed).toHaveBeenCalledExactlyOnceWith(info)
    expect(ended).toHaveBeenCalledOnce()
  })
})
