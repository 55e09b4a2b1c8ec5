import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type MinimalSocket, type VoiceSocket, wrapSocket } from '../../../src/socket.js'

const settle = () => new Promise(resolve => setImmediate(resolve))

describe('wrapSocket', () => {
  it('passes messages on and reports what the transport says became of them', () => {
    const sent: unknown[] = []
    const answers: unknown[] = ['queued', 'dropped', 'sent', undefined, 1, 'anything']
    const socket = wrapSocket({
      send: data => {
        sent.push(data)
        return answers[sent.length - 1]
      },
      close() {},
    })
    const statuses = answers.map((_, index) => socket.send(`${index}`))
    expect(statuses).toEqual(['queued', 'dropped', 'sent', 'sent', 'sent', 'sent'])
    expect(sent).toEqual(['0', '1', '2', '3', '4', '5'])
  })

  it('knows that it is closed once the transport says so', () => {
    let sends = 0
    const socket = wrapSocket({ send: () => (++sends === 2 ? 'closed' : 'sent'), close() {} })
    expect([socket.send('a'), socket.open]).toEqual(['sent', true])
    expect([socket.send('b'), socket.open]).toEqual(['closed', false])
    expect([socket.send('c'), sends]).toEqual(['closed', 2])
  })

  it('closes in a microtask, so that a transport which ends at once does so outside the call', async () => {
    const calls: string[] = []
    const socket = wrapSocket({ send() {}, close: (code, reason) => calls.push(`${code} ${reason}`) })
    socket.close(1000, 'bye')
    socket.close(1011, 'again')
    expect([socket.open, socket.send('late'), calls.length]).toEqual([false, 'closed', 0])
    await settle()
    expect(calls).toEqual(['1000 bye'])
  })

  it('closes in place of a terminate() that the transport lacks, but not twice', async () => {
    const calls: string[] = []
    const lacking = (): VoiceSocket => wrapSocket({ send() {}, close: code => calls.push(`close ${code}`) })
    lacking().terminate()
    const closed = lacking()
    closed.close(1000, '')
    closed.terminate()
    const cut = wrapSocket({ send() {}, close: () => calls.push('close'), terminate: () => calls.push('terminate') })
    cut.close(1000, '')
    cut.terminate()
    await settle()
    expect(calls).toEqual(['close 1011', 'close 1000', 'close', 'terminate'])
  })

  it('claims no more than the transport has', () => {
    const bare = wrapSocket({ send() {}, close() {} })
    expect(bare.capabilities).toEqual({
      backlog: 'none',
      drain: false,
      ping: false,
      pauseReads: false,
      reliableClose: false,
    })
    expect([bare.bufferedBytes, bare.protocol, bare.ping?.()]).toEqual([0, '', false])
    const rich = wrapSocket({
      send() {},
      close() {},
      ping: () => true,
      pause() {},
      resume() {},
      bufferedBytes: 7,
      protocol: 'voice.v1',
      remoteAddress: '10.0.0.1',
      capabilities: { backlog: 'exact', drain: true },
    })
    expect(rich.capabilities).toEqual({
      backlog: 'exact',
      drain: true,
      ping: true,
      pauseReads: true,
      reliableClose: false,
    })
    expect([rich.bufferedBytes, rich.protocol, rich.remoteAddress, rich.ping?.()]).toEqual([
      7,
      'voice.v1',
      '10.0.0.1',
      true,
    ])
  })

  it('runs what is corked exactly once', () => {
    const corks: MinimalSocket['cork'][] = [
      undefined,
      fn => fn(),
      () => {},
      () => {
        throw new Error('no cork')
      },
      fn => {
        fn()
        fn()
      },
    ]
    for (const cork of corks) {
      let runs = 0
      wrapSocket({ send() {}, close() {}, ...(cork && { cork }) }).cork?.(() => runs++)
      expect(runs).toBe(1)
    }
  })

  it('never throws or leaves a rejection behind, whatever the transport does', async () => {
    const failing = fc.constantFrom(
      () => {
        throw new Error('broken')
      },
      () => Promise.reject(new Error('broken later')),
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: the point is a promise that is none.
        then: () => {
          throw new Error('broken promise')
        },
      }),
      () => undefined,
    )
    const member = fc.constantFrom(
      'send',
      'close',
      'terminate',
      'cork',
      'ping',
      'pause',
      'resume',
      'bufferedBytes',
      'open',
    )
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    await fc.assert(
      fc.asyncProperty(failing, fc.array(member, { maxLength: 12 }), async (fail, members) => {
        const transport = {
          send: fail,
          close: fail,
          terminate: fail,
          cork: fail,
          ping: fail,
          pause: fail,
          resume: fail,
          get bufferedBytes(): number {
            throw new Error('broken')
          },
          get protocol(): string {
            throw new Error('broken')
          },
        }
        const socket = wrapSocket(transport as unknown as MinimalSocket)
        for (const name of members) use(socket, name)
        await settle()
      }),
      { numRuns: 200 },
    )
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})

function use(socket: VoiceSocket, member: string): void {
  if (member === 'send') socket.send('x')
  else if (member === 'close') socket.close(1000, '')
  else if (member === 'cork') socket.cork?.(() => {})
  else if (member === 'bufferedBytes') void socket.bufferedBytes
  else if (member === 'open') void socket.open
  else (socket[member as 'terminate' | 'pause' | 'resume' | 'ping'] as () => void)()
}
