import { describe, expect, it, type TestContext } from 'vitest'
import { WebSocket } from 'ws'
import { type Listening, transports } from '../../bench/resume/servers.js'
import { createVoiceClient, type VoiceClient } from '../../src/client/index.js'
import { createVoiceHandler, type VoiceHandler } from '../../src/index.js'
import { MemoryStore } from '../../src/session/store.js'
import { ScriptedStt } from '../../src/testing/scripted-stt.js'
import { systemClock } from '../../src/util/clock.js'
import { silentLogger } from '../../src/util/logger.js'

/** Noise that nobody takes for speech. */
const frame = () => new Uint8Array(Int16Array.from({ length: 320 }, () => Math.random() * 40 - 20).buffer)
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** One server process: what its sessions heard, and what they were told. */
class Node {
  readonly heard: Uint8Array[] = []
  readonly notes: unknown[] = []
  readonly voice: VoiceHandler<never, never>
  private listening: Listening | undefined
  url = ''

  constructor(store: MemoryStore) {
    this.voice = createVoiceHandler({
      store,
      logger: silentLogger,
      limits: { maxLoopDelayMs: 60_000, maxUtilisation: 2 },
      authenticate: () => 'guest',
      stt: [new ScriptedStt()],
      agent: () => 'noted',
      onSession: session => {
        session.tap('in', ({ audio }) => this.heard.push(audio.slice()))
        session.on('event', ({ data }) => this.notes.push(data))
      },
    }) as never
  }

  async listen(transport: string): Promise<this> {
    this.listening = await transports[transport]!(this.voice)
    this.url = `ws://127.0.0.1:${this.listening.port}/voice`
    return this
  }

  async close(): Promise<void> {
    await this.voice.close()
    this.listening?.close()
    this.listening = undefined
  }
}

/** A client that speaks without a pause, and everything it did and was told. */
class Caller {
  readonly captured: Uint8Array[] = []
  readonly states: string[] = []
  lostBytes = 0
  notes = 0
  readonly client: VoiceClient
  readonly #timer: NodeJS.Timeout

  constructor(url: () => string) {
    this.client = createVoiceClient({ url, WebSocket: WebSocket as never, logger: silentLogger })
    this.client.on('state', ({ state }) => this.states.push(state))
    this.client.on('gap', ({ from, to }) => {
      this.lostBytes += to - from
    })
    this.#timer = setInterval(() => {
      this.captured.push(frame())
      this.client.sendAudio(this.captured.at(-1)!)
      if (this.captured.length % 5 === 0) this.client.send('note', this.notes++)
    }, 20)
  }

  async end(): Promise<void> {
    clearInterval(this.#timer)
    await pause(300)
    await this.client.close()
  }
}

async function begin(transport: string, { onTestFinished }: Pick<TestContext, 'onTestFinished'>) {
  const store = new MemoryStore(systemClock)
  const start = async () => {
    const node = await new Node(store).listen(transport)
    onTestFinished(() => node.close())
    return node
  }
  const first = await start()
  let url = first.url
  const caller = new Caller(() => url)
  onTestFinished(() => caller.end())
  await caller.client.connect()
  caller.client.sendText('remember this')
  await pause(600)
  const route = (to: string) => {
    url = to
  }
  return { first, caller, start, route }
}

describe.concurrent.each(Object.keys(transports))('over %s, a server that is drained', transport => {
  it('hands its clients to another one without an outage, a byte or a message lost', async context => {
    const { first, caller, start, route } = await begin(transport, context)
    const second = await start()
    route(second.url)
    const moved = caller.client.once('ready')
    const drained = first.voice.drain()
    expect((await moved).history).toEqual({ restored: true, turns: 2 })
    expect(await drained).toEqual({ ended: 0, moved: 1, terminated: 0 })
    await pause(300)
    await caller.end()
    expect(caller.states).not.toContain('reconnecting')
    expect(caller.lostBytes).toBe(0)
    const heard = Buffer.concat([...first.heard, ...second.heard])
    expect(heard.equals(Buffer.concat(caller.captured))).toBe(true)
    expect([...first.notes, ...second.notes]).toEqual(Array.from({ length: caller.notes }, (_, index) => index))
  })

  it('continues at the next one the call of a client that is cut meanwhile', async context => {
    const { first, caller, start, route } = await begin(transport, context)
    const second = await start()
    const drained = first.voice.drain()
    const back = caller.client.once('ready')
    route(second.url)
    await first.close()
    expect((await back).history).toEqual({ restored: true, turns: 2 })
    expect((await drained).terminated).toBe(0)
    expect(second.voice.sessions.size).toBe(1)
  })

  it('and started again has its clients back, who say exactly what they lost', async context => {
    const { first, caller, start, route } = await begin(transport, context)
    const lost = caller.client.once('reconnecting')
    expect(await first.voice.drain({ deadlineMs: 1000 })).toEqual({ ended: 0, moved: 1, terminated: 0 })
    await first.close()
    expect(await lost).toMatchObject({ code: 1012 })
    const back = caller.client.once('ready')
    await pause(200)
    const second = await start()
    route(second.url)
    expect((await back).history).toEqual({ restored: true, turns: 2 })
    await pause(300)
    await caller.end()
    const heard = Buffer.concat([...first.heard, ...second.heard])
    const captured = Buffer.concat(caller.captured)
    const after = Buffer.concat(second.heard)
    expect(captured.subarray(-after.length).equals(after)).toBe(true)
    // What the first server heard but could not confirm any more counts as lost, because nobody can know.
    expect(captured.length - heard.length).toBeLessThanOrEqual(caller.lostBytes)
    expect(caller.lostBytes).toBeLessThanOrEqual(0.6 * 32_000)
  })
})
