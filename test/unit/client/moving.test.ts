import { describe, expect, it } from 'vitest'
import type { Platform } from '../../../src/client/index.js'
import { Bench, ramp, readyMessage, resumedMessage } from './fake-socket.js'

describe('the token', () => {
  it('is asked for once and goes into the first message of every socket', async () => {
    const asked: string[] = []
    await using bench = new Bench({
      async getToken({ reason }) {
        asked.push(reason)
        return `key-${asked.length}`
      },
    })
    await bench.begin()
    expect(bench.socket.messages[0]).toMatchObject({ type: 'config', token: 'key-1' })
    bench.socket.end(1006)
    const socket = await bench.next()
    expect(socket.open().messages[0]).toMatchObject({ type: 'resume', token: 'key-1' })
    expect(socket.url).not.toContain('key')
    expect(asked).toEqual(['initial'])
  })

  it.each([1008, 3000, 3003, 4401, 4777])('is replaced once after %i, at once, and then given up', async code => {
    const asked: string[] = []
    await using bench = new Bench({ getToken: ({ reason }) => `${reason}-${asked.push(reason)}` })
    await bench.begin()
    bench.socket.end(code)
    const socket = await bench.next(100)
    expect(socket.open().messages[0]).toMatchObject({ type: 'resume', token: 'expired-2', resume_token: 'token-1' })
    socket.end(code)
    expect(bench.terminal).toMatchObject([{ type: 'failed', code, error: { class: 'AUTH' } }])
    expect(asked).toEqual(['initial', 'expired'])
  })

  it('is replaced when an error said so and the close frame got lost', async () => {
    await using bench = new Bench({ getToken: ({ reason }) => reason })
    await bench.begin()
    bench.socket.say({ type: 'error', code: 'unauthenticated', message: '', class: 'AUTH', retryable: false, seq: 1 })
    bench.socket.end(1006)
    expect((await bench.next(100)).open().messages[0]).toMatchObject({ token: 'expired' })
  })

  it('that cannot be had counts as a lost connection', async () => {
    let asked = 0
    await using bench = new Bench({
      getToken() {
        if (asked++ === 0) throw new Error('token service down')
        return 'key'
      },
    })
    bench.client.connect()
    await bench.pass(1)
    expect(bench.of('reconnecting')).toMatchObject([{ attempt: 1, reason: 'token service down' }])
    await bench.next()
    expect(bench.socket.open().messages[0]).toMatchObject({ token: 'key' })
  })

  it('that comes after close opens nothing', async () => {
    let give = (_: string) => {}
    await using bench = new Bench({ getToken: () => new Promise(resolve => (give = resolve)) })
    bench.client.connect()
    await bench.pass(1)
    bench.client.close()
    give('late')
    await bench.pass(1000)
    expect(bench.sockets).toEqual([])
    expect(bench.terminal).toHaveLength(1)
  })
})

describe('endpoints', () => {
  const url = ['wss://a.example/v', 'wss://b.example/v']

  it('are tried in turn before there is a session', async () => {
    await using bench = new Bench({ url })
    bench.client.connect()
    await bench.pass(1)
    for (let i = 0; i < 2; i++) {
      bench.socket.end(1006)
      await bench.next()
    }
    expect(bench.sockets.map(socket => socket.url)).toEqual([url[0], url[1], url[0]])
  })

  it('keep the one that has the session for 15 s', async () => {
    await using bench = new Bench({ url })
    await bench.begin()
    bench.socket.end(1006)
    const tried: [string, number][] = []
    const lostAtMs = bench.clock.now()
    while (tried.length < 20) {
      const socket = await bench.next()
      tried.push([socket.url, bench.clock.now() - lostAtMs])
      socket.end(1006)
    }
    const away = tried.findIndex(([tried]) => tried === url[1])
    expect(away).toBeGreaterThan(2)
    expect(tried[away]![1]).toBeGreaterThan(15_000)
    expect(tried[away - 2]![1]).toBeLessThanOrEqual(15_000)
  })

  it('may be a function that is asked before every attempt', async () => {
    let asked = 0
    await using bench = new Bench({ url: async () => [`wss://n${++asked}.example/v`] })
    await bench.begin()
    bench.socket.end(1006)
    await bench.next()
    expect(bench.sockets.map(socket => socket.url)).toEqual(['wss://n1.example/v', 'wss://n2.example/v'])
  })
})

describe('redirect', () => {
  it('repeats the resume at the endpoint', async () => {
    await using bench = new Bench()
    await bench.begin()
    bench.socket.end(1006)
    const wrong = await bench.next()
    wrong.open().say({ type: 'redirect', endpoint: 'wss://voice.example/node-7' })
    expect(wrong.closed).toBeDefined()
    const right = await bench.next(100)
    expect(right.url).toBe('wss://voice.example/node-7')
    expect(right.open().messages).toMatchObject([{ type: 'resume', session_id: 'session' }])
  })

  it.each([
    'wss://evil.example/call',
    'ws://voice.example/call',
    'wss://voice.example@evil.example/',
    'wss:',
    'not a url',
  ])('to %s is refused', async endpoint => {
    await using bench = new Bench()
    await bench.begin()
    bench.socket.end(1006)
    const wrong = await bench.next()
    wrong.open().say({ type: 'redirect', endpoint })
    expect(bench.of('reconnecting')).toHaveLength(2)
    expect((await bench.next()).url).toBe('wss://voice.example/call')
  })

  it('is followed three times in a row', async () => {
    await using bench = new Bench()
    await bench.begin()
    bench.socket.end(1006)
    await bench.next()
    for (let i = 0; i < 4; i++) {
      bench.socket.open().say({ type: 'redirect', endpoint: 'wss://voice.example/again' })
      if (i < 3) await bench.next(100)
    }
    expect(bench.of('reconnecting').at(-1)).toMatchObject({ code: 1012 })
  })
})

/** A device whose network and lifecycle the test controls. */
function device() {
  const listeners: ((value: boolean) => void)[] = []
  const lifecycle: ((running: boolean) => void)[] = []
  const network = { online: true, subscribe: subscriber(listeners) }
  const platform: Platform = { network, lifecycle: { subscribe: subscriber(lifecycle) } }
  return {
    platform,
    go(online: boolean) {
      network.online = online
      for (const listener of listeners) listener(online)
    },
    run(running: boolean) {
      for (const listener of lifecycle) listener(running)
    },
    subscriptions: () => listeners.length + lifecycle.length,
  }
}

function subscriber(list: ((value: boolean) => void)[]) {
  return (listener: (value: boolean) => void) => {
    list.push(listener)
    return () => list.splice(list.indexOf(listener), 1)
  }
}

describe('the network', () => {
  it('makes attempts wait while it is away, and the next one come at once when it is back', async () => {
    const phone = device()
    await using bench = new Bench({ platform: phone.platform })
    await bench.begin()
    phone.go(false)
    bench.socket.end(1006)
    await bench.pass(20_000)
    expect(bench.sockets).toHaveLength(1)
    phone.go(true)
    await bench.pass(510)
    expect(bench.sockets).toHaveLength(2)
  })

  it('does not wait for an attempt that was made without it', async () => {
    const phone = device()
    await using bench = new Bench({ platform: phone.platform })
    await bench.begin()
    bench.socket.end(1006)
    const hanging = await bench.next()
    phone.go(false)
    phone.go(true)
    expect(hanging.closed).toBeDefined()
    await bench.pass(510)
    expect(bench.sockets).toHaveLength(3)
  })

  it.each([true, false])('puts a connection to the test when it changes (online: %s)', async online => {
    const phone = device()
    await using bench = new Bench({ platform: phone.platform })
    await bench.begin()
    await bench.pass(400)
    const asked = () => bench.socket.messages.filter(({ type }) => type === 'stats').length
    const before = asked()
    phone.go(online)
    expect(asked()).toBe(before + 1)
    bench.socket.say({ type: 'ack', audio_in: 0, t: 0, cseq: 0 })
    await bench.pass(3000)
    expect(bench.client.state).toBe('active')
    phone.go(online)
    await bench.pass(2300)
    expect(bench.client.state).toBe('reconnecting')
    phone.go(true)
  })

  it('is not listened to after the end', async () => {
    const phone = device()
    await using bench = new Bench({ platform: phone.platform })
    await bench.begin()
    expect(phone.subscriptions()).toBe(2)
    bench.client.close()
    expect(phone.subscriptions()).toBe(0)
  })
})

describe('a page that is being frozen', () => {
  it('detaches without ending the session, and resumes when it runs again', async () => {
    const page = device()
    await using bench = new Bench({ platform: page.platform })
    const first = await bench.begin()
    page.run(false)
    page.run(false)
    expect(first.messages.filter(message => message.type === 'bye')).toEqual([{ type: 'bye', reason: 'suspend' }])
    expect(first.closed?.code).not.toBe(1000)
    expect(bench.client.state).toBe('reconnecting')
    bench.client.sendAudio(ramp(100))
    // Longer than any limit: nobody gives up while nothing runs.
    await bench.pass(400_000)
    expect(bench.sockets).toHaveLength(1)
    page.run(true)
    const second = await bench.next(600)
    expect(second.open().messages[0]).toMatchObject({ type: 'resume', audio_in: { end: 100 } })
    second.say({ ...readyMessage, session_id: 'new' })
    expect(second.audio).toHaveLength(100)
  })
})

describe('reconnect()', () => {
  it('moves to another socket without an outage', async () => {
    await using bench = new Bench()
    const first = await bench.begin()
    bench.client.reconnect()
    const second = await bench.next(100)
    expect(first.closed).toBeUndefined()
    second.open().say(resumedMessage)
    expect(first.closed).toBeDefined()
    expect(bench.of('reconnecting')).toEqual([])
  })

  it('does not wait for the planned attempt', async () => {
    await using bench = new Bench({ random: () => 0.99 })
    await bench.begin()
    bench.socket.end(1013, '{"r":60000}')
    bench.client.reconnect()
    await bench.next(100)
  })
})
