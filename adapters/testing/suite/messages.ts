import { frame, opcodes } from '../frames.js'
import type { RecordedSession } from '../recording-mount.js'
import type { Test } from './scene.js'

const spoken = 'zażółć gęślą jaźń 🎙'

/** Messages in both directions, whole and in order, whoever throws. */
export function messageTests(test: Test): void {
  test('carries text and binary both ways', async scene => {
    const { client, session } = await scene.call()
    echo(session)
    const sent = [spoken, Uint8Array.of(0, 255, 128, 10), '', new Uint8Array(), 'x'.repeat(1024), noise(4096)]
    for (const data of sent) client.send(data)
    await client.until('all echoes', () => client.received.length === sent.length)
    scene.expect(session.messages).toEqual(sent)
    scene.expect(client.received.map(toPlain)).toEqual(sent.map(toPlain))
    scene.expect(session.socket.open).toBe(true)
  })

  test(
    'keeps the order and the bytes of frames that arrive together',
    async scene => {
      const { client, session } = await scene.rawCall()
      const frames = Array.from({ length: 200 }, (_, index) => Uint8Array.of(index, index ^ 0xff, index * 7))
      client.write(Buffer.concat(frames.map(bytes => frame(opcodes.binary, bytes))))
      await session.until('all frames', () => session.messages.length === frames.length)
      scene.expect(session.messages).toEqual(frames)
    },
    { needs: ['network'] },
  )

  test(
    'puts fragments together, also when a character is split',
    async scene => {
      const { client, session } = await scene.rawCall()
      const bytes = Buffer.from(spoken)
      client.write(frame(opcodes.text, bytes.subarray(0, 3), { fin: false }))
      client.write(frame(opcodes.ping, 'between'))
      client.write(frame(opcodes.continuation, bytes.subarray(3, 5), { fin: false }))
      client.write(frame(opcodes.continuation, bytes.subarray(5)))
      await session.until('the message', () => session.messages.length === 1)
      scene.expect(session.messages).toEqual([spoken])
    },
    { needs: ['network'] },
  )

  test(
    'answers the pings of a client',
    async scene => {
      const { client } = await scene.rawCall()
      client.write(frame(opcodes.ping, 'are you there'))
      await client.until('a pong', () => client.frames.length === 1)
      scene.expect(client.frames[0]).toMatchObject({ opcode: opcodes.pong, payload: Buffer.from('are you there') })
    },
    { needs: ['network'] },
  )

  test('loses nothing that is sent the moment the connection opens', async scene => {
    const client = await scene.connect()
    for (let index = 0; index < 20; index++) client.send(`message ${index}`)
    const session = await scene.mount.session()
    await session.until('all messages', () => session.messages.length === 20)
    scene.expect(session.messages[0]).toBe('message 0')
    scene.expect(session.messages[19]).toBe('message 19')
  })

  test('lets core speak first, inside open()', async scene => {
    scene.mount.onOpen = session => session.act(socket => socket.send('welcome'))
    const client = await scene.connect()
    await client.until('the welcome', () => client.received.length === 1)
    scene.expect(client.received).toEqual(['welcome'])
  })

  test(
    'keeps a message that comes before the upgrade is answered',
    async scene => {
      const release = scene.mount.holdAnswers(1)
      const client = scene.raw({ early: frame(opcodes.text, 'first') })
      await scene.mount.until('the upgrade', () => scene.mount.pending === 1)
      client.write(frame(opcodes.text, 'second'))
      release()
      const session = await scene.mount.session()
      await session.until('both messages', () => session.messages.length === 2)
      scene.expect(session.messages).toEqual(['first', 'second'])
    },
    { needs: ['network', 'earlyBytes'] },
  )

  test('sends what was corked, in order', async scene => {
    const { client, session } = await scene.call()
    session.act(socket => {
      const cork = socket.cork?.bind(socket) ?? ((fn: () => void) => fn())
      cork(() => {
        for (let index = 0; index < 5; index++) socket.send(`${index}`)
      })
      cork(() => socket.send('again'))
      socket.send('after')
    })
    await client.until('all messages', () => client.received.length === 7)
    scene.expect(client.received).toEqual(['0', '1', '2', '3', '4', 'again', 'after'])
  })

  test('does not mix connections up', async scene => {
    const calls = [await scene.call(), await scene.call(), await scene.call()]
    for (const { session } of calls) echo(session)
    for (const [index, { client }] of calls.entries()) client.send(`for ${index}`)
    for (const [index, { client }] of calls.entries()) {
      await client.until('an echo', () => client.received.length > 0)
      scene.expect(client.received).toEqual([`for ${index}`])
    }
  })

  test('answers a message over the limit of core with 1009', async scene => {
    for (const tooLarge of ['x'.repeat(scene.mount.limits.textBytes + 1), noise(scene.mount.limits.binaryBytes + 1)]) {
      const { client, session } = await scene.call()
      client.send(tooLarge)
      await client.until('the close', () => client.closed !== undefined)
      scene.expect(client.closed).toEqual({ code: 1009, reason: 'too large' })
      await session.end()
    }
  })

  test(
    'tells the round trip of a ping and refuses one that is too long',
    async scene => {
      const { session } = await scene.call()
      scene.expect(session.act(socket => socket.ping?.(new Uint8Array(126)))).toBe(false)
      scene.expect(session.act(socket => socket.ping?.(Uint8Array.of(1, 2)))).toBe(true)
      scene.expect(session.act(socket => socket.ping?.())).toBe(true)
      await session.until('both pongs', () => session.pongs.length === 2)
      scene.expect(session.pongs).toEqual([Uint8Array.of(1, 2), new Uint8Array()])
    },
    { needs: ['ping'] },
  )

  test(
    'holds messages back while reading is paused',
    async scene => {
      const { client, session } = await scene.call()
      session.act(socket => socket.pause?.())
      for (let index = 0; index < 3; index++) client.send(`${index}`)
      await scene.roundTrip()
      scene.expect(session.messages).toEqual([])
      session.act(socket => socket.resume?.())
      await session.until('the messages', () => session.messages.length === 3)
      scene.expect(session.messages).toEqual(['0', '1', '2'])
    },
    { needs: ['pauseReads'] },
  )

  test(
    'ends only the connection whose sink throws',
    async scene => {
      const other = await scene.call()
      echo(other.session)
      const { client, session } = await scene.call()
      session.onMessage = () => {
        throw new Error('a failing user callback')
      }
      client.send('boom')
      await client.until('the close', () => client.closed !== undefined)
      scene.expect(client.closed?.code).toBe(1011)
      await session.end()
      scene.expect(scene.mount.logged.length).toBe(1)
      other.client.send('still here')
      await other.client.until('the echo', () => other.client.received.length === 1)
    },
    { needs: ['containsExceptions'] },
  )

  test(
    'survives a sink that throws at a pong',
    async scene => {
      const { client, session } = await scene.call()
      session.onPong = () => {
        throw new Error('a failing user callback')
      }
      session.act(socket => socket.ping?.())
      await client.until('the close', () => client.closed !== undefined)
      scene.expect(client.closed?.code).toBe(1011)
    },
    { needs: ['containsExceptions', 'ping'] },
  )
}

function echo(session: RecordedSession): void {
  session.onMessage = data => session.act(socket => socket.send(typeof data === 'string' ? data : new Uint8Array(data)))
}

function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 167) & 0xff)
}

/** Buffers and arrays of the same bytes compare as different. */
function toPlain(data: string | Uint8Array): string {
  return typeof data === 'string' ? `text ${data}` : `bytes ${Buffer.from(data).toString('hex')}`
}
