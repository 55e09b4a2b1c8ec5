import { fitCloseReason } from '../../../src/protocol/close-codes.js'
import type { RecordedSession } from '../recording-mount.js'
import type { Test } from './scene.js'

/** How connections end: told once, last, with the truth, and harmless to touch afterwards. */
export function closingTests(test: Test): void {
  for (const code of [1000, 1001, 1003, 1007, 1008, 1011, 1012, 1013, 3000, 4400, 4999]) {
    test(`closes with ${code}`, async scene => {
      const { client, session } = await scene.call()
      session.close(code, 'because')
      await client.until('the close', () => client.closed !== undefined)
      scene.expect(client.closed).toEqual({ code, reason: 'because' })
      scene.expect(await session.end()).toMatchObject({ code, clean: true })
    })
  }

  test('carries a close reason of 123 bytes that ends in the middle of nothing', async scene => {
    for (const reason of ['é'.repeat(61), fitCloseReason('🎙'.repeat(40)), 'x'.repeat(123)]) {
      const { client, session } = await scene.call()
      session.close(4400, reason)
      await client.until('the close', () => client.closed !== undefined)
      scene.expect(client.closed).toEqual({ code: 4400, reason })
    }
  })

  test('tells what the client said', async scene => {
    for (const [code, reason] of [
      [1000, ''],
      [1000, 'bye'],
      [4001, 'zażółć 🎙'],
      [4999, 'x'.repeat(123)],
    ] as const) {
      const { client, session } = await scene.call()
      client.close(code, reason)
      scene.expect(await session.end()).toMatchObject({ code, reason, clean: true })
    }
  })

  test(
    'reads the codes of the library range',
    async scene => {
      for (const code of [1012, 3000, 3999]) {
        const { client, session } = await scene.call()
        client.close(code, 'because')
        scene.expect(await session.end()).toMatchObject({ code, reason: 'because', clean: true })
      }
    },
    { needs: ['readsAllCodes'] },
  )

  test(
    'tells 1005 when the client said goodbye without a code',
    async scene => {
      const { client, session } = await scene.rawCall()
      client.close()
      scene.expect(await session.end()).toMatchObject({ code: 1005, reason: '', clean: true })
    },
    { needs: ['network'] },
  )

  test('tells 1006 when the connection breaks', async scene => {
    const { client, session } = await scene.call()
    client.drop()
    scene.expect(await session.end()).toMatchObject({ code: 1006, clean: false })
  })

  test(
    'tells 1006 when the client ends the connection without a goodbye',
    async scene => {
      const { client, session } = await scene.rawCall()
      client.fin()
      scene.expect(await session.end()).toMatchObject({ code: 1006, clean: false })
    },
    { needs: ['network'] },
  )

  test('cuts on terminate()', async scene => {
    const { client, session } = await scene.call()
    session.act(socket => socket.terminate())
    await client.until('the end', () => client.closed !== undefined)
    scene.expect(client.closed).toEqual({ code: 1006, reason: '' })
    scene.expect(await session.end()).toMatchObject({ code: 1006, clean: false })
  })

  test(
    'cuts a connection whose client does not answer the goodbye',
    async scene => {
      const { client, session } = await scene.call()
      client.stall()
      session.close(1000, 'bye')
      scene.expect(session.socket.open).toBe(false)
      session.act(socket => socket.terminate())
      scene.expect((await session.end()).code).toBe(1006)
    },
    { needs: ['cutsClosing'] },
  )

  test(
    'hears the answer to its goodbye also while reading is paused',
    async scene => {
      const { client, session } = await scene.call()
      session.act(socket => socket.pause?.())
      session.close(4400, 'done')
      await client.until('the close', () => client.closed !== undefined)
      scene.expect(await session.end()).toMatchObject({ code: 4400, clean: true })
    },
    { needs: ['pauseReads'] },
  )

  test('takes no harm from anything done to a closed socket', async scene => {
    const cases: ((session: RecordedSession) => void)[] = [
      session => session.close(1000, ''),
      session => session.act(socket => socket.terminate()),
    ]
    for (const end of cases) {
      const { session } = await scene.call()
      end(session)
      scene.expect(session.socket.open).toBe(false)
      touchEverything(session)
      await session.end()
      touchEverything(session)
      scene.expect(session.socket.bufferedBytes).toBe(0)
    }
    const { client, session } = await scene.call()
    client.drop()
    await session.end()
    touchEverything(session)
  })

  test('may be closed inside every event', async scene => {
    const inMessage = await scene.call()
    inMessage.session.onMessage = () => inMessage.session.close(4400, 'in message')
    inMessage.client.send('x')
    scene.expect((await inMessage.session.end()).code).toBe(4400)

    const inCork = await scene.call()
    inCork.session.onMessage = () =>
      inCork.session.act(socket =>
        socket.cork?.(() => {
          socket.send('last words')
          socket.close(4400, 'in cork')
          scene.expect(socket.send('too late')).toBe('closed')
        }),
      )
    inCork.client.send('x')
    await inCork.client.until('the close', () => inCork.client.closed !== undefined)
    scene.expect(inCork.client.received).toEqual(['last words'])

    scene.mount.onOpen = session => session.close(1013, 'in open')
    const client = await scene.connect()
    await client.until('the close', () => client.closed !== undefined)
    scene.expect(client.closed).toEqual({ code: 1013, reason: 'in open' })
  })

  test('ends every connection once when both sides close at the same time', async scene => {
    for (let round = 0; round < 20; round++) {
      const { client, session } = await scene.call()
      client.close(1000, 'client')
      session.close(4409, 'server')
      await session.end()
    }
    scene.expect(scene.mount.sessions.length).toBe(20)
  })
}

function touchEverything(session: RecordedSession): void {
  session.act(socket => {
    const statuses = [socket.send('late'), socket.send(Uint8Array.of(1))]
    if (statuses.some(status => status !== 'closed')) session.violations.push(`send after close: ${statuses}`)
    if (socket.ping?.() === true) session.violations.push('ping after close was accepted')
    let corked = false
    socket.cork?.(() => {
      corked = true
    })
    if (socket.cork && !corked) session.violations.push('cork after close did not run its function')
    socket.pause?.()
    socket.resume?.()
    socket.close(1000, 'again')
    socket.terminate()
    void socket.bufferedBytes
    void socket.protocol
    void socket.remoteAddress
  })
}
