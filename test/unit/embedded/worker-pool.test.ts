import { afterEach, describe, expect, it } from 'vitest'
import { WorkerPool } from '../../../adapters/providers/embedded/worker-pool.js'

interface Message {
  readonly stream: number
  readonly text: string
}

/** Repeats what it is told; ends itself when told to. */
const ECHO = `
import { parentPort } from 'node:worker_threads'
parentPort.on('message', message => {
  if (message.text === 'throw') throw new Error('out of memory')
  if (message.text === 'exit') process.exit(3)
  parentPort.postMessage(message)
})
parentPort.postMessage({ type: 'ready' })`

const BROKEN = `
import { parentPort } from 'node:worker_threads'
parentPort.postMessage({ type: 'failed', reason: 'no model' })
parentPort.on('message', () => {})`

const pools: WorkerPool<Message, Message>[] = []

function poolOf(code: string, streamsPerWorker = 1): WorkerPool<Message, Message> {
  const entry = new URL(`data:text/javascript,${encodeURIComponent(code)}`)
  const pool = new WorkerPool<Message, Message>(entry, streamsPerWorker)
  pools.push(pool)
  return pool
}

/** A stream with what reached it, and a way to wait for the next thing. */
function stream(pool: WorkerPool<Message, Message>) {
  const heard: string[] = []
  let wake: (() => void) | undefined
  const hear = (text: string) => {
    heard.push(text)
    wake?.()
  }
  const lease = pool.open({ message: ({ text }) => hear(text), lost: reason => hear(`lost: ${reason}`) })
  const say = (text: string) => lease.post({ stream: lease.stream, text })
  const until = async (count: number) => {
    while (heard.length < count) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
    return heard
  }
  return { heard, lease, say, until }
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map(pool => pool.shutdown()))
})

describe('a pool of workers', () => {
  it('keeps messages until the worker has loaded, and brings answers to their streams', async () => {
    const pool = poolOf(ECHO, 2)
    const [a, b] = [stream(pool), stream(pool)]
    a.say('a1')
    b.say('b1')
    a.say('a2')
    expect(await a.until(2)).toEqual(['a1', 'a2'])
    expect(await b.until(1)).toEqual(['b1'])
    expect(pool.size).toBe(1)
  })

  it('starts another worker when the others are full, and uses one again that has room', async () => {
    const pool = poolOf(ECHO)
    const [a, b] = [stream(pool), stream(pool)]
    expect(pool.size).toBe(2)
    a.lease.close(2)
    const c = stream(pool)
    expect(pool.size).toBe(2)
    c.say('c')
    b.say('b')
    expect(await c.until(1)).toEqual(['c'])
    expect(await b.until(1)).toEqual(['b'])
    expect(a.heard).toEqual([])
  })

  it('ends idle workers beyond what is kept', async () => {
    const pool = poolOf(ECHO)
    const streams = [stream(pool), stream(pool), stream(pool)]
    for (const { lease } of streams) lease.close(1)
    expect(pool.size).toBe(1)
    stream(pool).lease.close(0)
    expect(pool.size).toBe(0)
  })

  it('brings nothing to or from a stream that was closed', async () => {
    const pool = poolOf(ECHO, 2)
    const [a, b] = [stream(pool), stream(pool)]
    a.say('before')
    a.lease.close(1)
    a.say('after')
    a.lease.close(1)
    b.say('b')
    await b.until(1)
    expect(a.heard).toEqual([])
  })

  it.each([
    ['throws', 'throw', 'lost: out of memory'],
    ['exits', 'exit', 'lost: the worker ended (code 3)'],
  ])('tells every stream once when the worker %s, and starts a new one for the next', async (_how, order, reason) => {
    const pool = poolOf(ECHO, 2)
    const [a, b] = [stream(pool), stream(pool)]
    a.say(order)
    expect(await a.until(1)).toEqual([reason])
    expect(await b.until(1)).toEqual([reason])
    expect(pool.size).toBe(0)
    a.say('into the void')
    const c = stream(pool)
    c.say('c')
    expect(await c.until(1)).toEqual(['c'])
    expect(a.heard).toEqual([reason])
  })

  it('kills the busy workers only', async () => {
    const pool = poolOf(ECHO)
    const [a, idle] = [stream(pool), stream(pool)]
    idle.lease.close(2)
    expect(pool.kill()).toBe(1)
    expect(pool.size).toBe(1)
    expect(await a.until(1)).toEqual(['lost: the worker was killed'])
    expect(pool.kill()).toBe(0)
  })

  it('tells streams why a worker did not load', async () => {
    const pool = poolOf(BROKEN)
    expect(await stream(pool).until(1)).toEqual(['lost: no model'])
    await expect(pool.warmUp()).rejects.toThrow('no model')
    expect(pool.size).toBe(0)
  })

  it('warms one worker up, which the first stream then gets', async () => {
    const pool = poolOf(ECHO)
    await pool.warmUp()
    await pool.warmUp()
    stream(pool)
    expect(pool.size).toBe(1)
  })
})
