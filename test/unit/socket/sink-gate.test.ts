import { describe, expect, it } from 'vitest'
import { SinkGate } from '../../../src/sink-gate.js'
import type { SocketClosed } from '../../../src/socket.js'

const goodbye: SocketClosed = { code: 1000, reason: '', clean: true }
const settle = () => Promise.resolve()

describe('SinkGate', () => {
  it('tells the end once, later, and nothing after it', async () => {
    const told: unknown[] = []
    const gate = new SinkGate(() => {})
    gate.attach({
      message: data => told.push(data),
      drain: () => told.push('drain'),
      pong: () => told.push('pong'),
      closed: info => told.push(info.code),
    })
    gate.message('before')
    gate.closed(goodbye)
    gate.closed({ code: 1006, reason: '', clean: false })
    gate.message('after')
    gate.drain()
    gate.pong(new Uint8Array())
    expect(told).toEqual(['before'])
    await settle()
    expect(told).toEqual(['before', 1000])
  })

  it('keeps what any event throws', async () => {
    const errors: unknown[] = []
    const gate = new SinkGate(error => errors.push(error))
    const fail = (name: string) => () => {
      throw name
    }
    gate.attach({ message: fail('message'), drain: fail('drain'), pong: fail('pong'), closed: fail('closed') })
    gate.message('x')
    gate.drain()
    gate.pong(new Uint8Array())
    gate.closed(goodbye)
    await settle()
    expect(errors).toEqual(['message', 'drain', 'pong', 'closed'])
  })

  it('drops events while nobody is attached', async () => {
    const gate = new SinkGate(error => {
      throw error
    })
    gate.message('x')
    gate.drain()
    gate.closed(goodbye)
    await settle()
  })
})
