import type { RecordedSession } from '../recording-mount.js'
import type { Test } from './scene.js'

const chunk = new Uint8Array(4000).fill(7)

/** Clients that do not read: kernels hide about 4 MB of it, and then it must show, fall and never be lost silently. */
export function pressureTests(test: Test): void {
  test(
    'shows the backlog of a client that stopped reading, and that it drained',
    async scene => {
      const { client, session } = await scene.call()
      client.stall()
      const sent = fill(session, 64 * 1024)
      scene.expect(session.socket.bufferedBytes).toBeGreaterThan(64 * 1024)
      scene.expect(session.drains).toBe(0)
      client.flow()
      await session.until('the drain', () => session.drains > 0 && session.socket.bufferedBytes === 0)
      await client.until('everything', () => client.received.length === sent)
    },
    { needs: ['backlog'] },
  )

  test(
    'reports the drain of a backlog of a few bytes',
    async scene => {
      const { client, session } = await scene.call()
      client.stall()
      const sent = fill(session, 0)
      client.flow()
      await session.until('the drain', () => session.drains > 0 && session.socket.bufferedBytes === 0)
      await client.until('everything', () => client.received.length === sent)
    },
    { needs: ['backlog'] },
  )

  test(
    'may be used and closed inside drain()',
    async scene => {
      const { client, session } = await scene.call()
      client.stall()
      const sent = fill(session, 64 * 1024)
      session.onDrain = () => {
        if (session.socket.bufferedBytes > 0) return
        session.act(socket => socket.send(chunk))
        session.close(4400, 'drained')
      }
      client.flow()
      await client.until('the close', () => client.closed !== undefined)
      scene.expect(client.closed).toEqual({ code: 4400, reason: 'drained' })
      scene.expect(client.received.length).toBe(sent + 1)
    },
    { needs: ['backlog'] },
  )

  test(
    'contains a sink that throws at drain()',
    async scene => {
      const { client, session } = await scene.call()
      client.stall()
      fill(session, 64 * 1024)
      session.onDrain = () => {
        throw new Error('a failing user callback')
      }
      client.flow()
      await client.until('the close', () => client.closed !== undefined)
      scene.expect(client.closed?.code).toBe(1011)
    },
    { needs: ['backlog', 'containsExceptions'] },
  )

  test(
    'sends the goodbye behind the backlog',
    async scene => {
      const { client, session } = await scene.call()
      client.stall()
      const sent = fill(session, 64 * 1024)
      session.close(4013, 'too slow')
      scene.expect(session.act(socket => socket.send('late'))).toBe('closed')
      client.flow()
      await client.until('the close', () => client.closed !== undefined)
      scene.expect(client.closed).toEqual({ code: 4013, reason: 'too slow' })
      scene.expect(client.received.length).toBe(sent)
    },
    { needs: ['backlog'] },
  )

  test('lets go of a client that never reads again', async scene => {
    const { client, session } = await scene.call()
    client.stall()
    fill(session, 64 * 1024)
    session.act(socket => socket.terminate())
    scene.expect((await session.end()).code).toBe(1006)
    scene.expect(session.socket.bufferedBytes).toBe(0)
  })

  test(
    'pings a client behind its backlog, and hears nothing from one that is gone',
    async scene => {
      const { client, session } = await scene.call()
      client.stall()
      fill(session, 64 * 1024)
      scene.expect(session.act(socket => socket.ping?.(Uint8Array.of(1)))).toBe(true)
      await scene.roundTrip()
      scene.expect(session.pongs).toEqual([])
      client.flow()
      await session.until('the pong', () => session.pongs.length === 1)
    },
    { needs: ['backlog', 'ping'] },
  )
}

/** Sends until more than `bytes` are in the backlog. Returns how many messages that took. */
function fill(session: RecordedSession, bytes: number): number {
  return session.act(socket => {
    let sent = 0
    for (; socket.bufferedBytes <= bytes; sent++) {
      const status = socket.send(chunk.slice())
      const expected = socket.bufferedBytes > 0 ? 'queued' : 'sent'
      if (status !== expected) session.violations.push(`message ${sent} was ${status}, not ${expected}`)
      if (sent > 50_000) throw new Error('200 MB went to a client that does not read')
    }
    return sent
  })
}
