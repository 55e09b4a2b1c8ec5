import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createVoiceClient } from '../../../src/client/index.js'
import { createVoiceHandler, type SocketSink } from '../../../src/index.js'
import type { Session } from '../../../src/session/session.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { ScriptedTts } from '../../../src/testing/scripted-tts.js'
import { speak } from '../../../src/testing/spoken-words.js'
import { silentLogger } from '../../../src/util/logger.js'
import { realMoment, serve } from './handler-server.js'
import { type Cut, SimNetwork } from './sim-network.js'

const bytesPerMs = 32
const voiceBytes = speak('one two three four five six seven eight nine ten', {
  encoding: 'linear16',
  sampleRate: 16_000,
  channels: 1,
})

/** What a session and its links keep to themselves and this test has to see. */
interface Insides {
  readonly life: { readonly inbound: unknown; readonly acceptedBytes: number }
}

/** The SDK and the real handler, the network between them, and a model of what each must know of the other. */
class World {
  readonly clock = new ManualClock()
  readonly stt = new ScriptedStt({ clock: this.clock })
  readonly tts = new ScriptedTts({ clock: this.clock })
  readonly sessions: Session[] = []
  readonly links: (SocketSink & { readonly listener?: unknown })[] = []
  readonly captured: Uint8Array[] = []
  readonly heard: Uint8Array[] = []
  readonly asked: string[] = []
  readonly handled: string[] = []
  readonly told: string[] = []
  readonly received: string[] = []
  /** Utterances in the order in which the client met them, and those it was told to drop. */
  readonly utterances: string[] = []
  readonly cleared: Set<string> = new Set()
  readonly wrong: string[] = []
  capturedBytes = 0

  readonly voice = createVoiceHandler({
    clock: this.clock,
    random: () => 0.5,
    logger: silentLogger,
    stt: [this.stt],
    tts: [this.tts],
    onSession: given => {
      const session = given as unknown as Session
      this.sessions.push(session)
      session.tap('in', ({ audio }) => this.heard.push(audio.slice()))
      session.on('event', ({ name }) => this.handled.push(name))
    },
  })

  readonly network = new SimNetwork(
    this.clock,
    serve(this.voice, link => this.links.push(link)),
  )

  readonly client = createVoiceClient({
    url: 'wss://voice.example',
    WebSocket: this.network.WebSocket,
    clock: this.clock,
    random: () => 0.5,
    platform: {},
    logger: silentLogger,
    config: { audio_out: { sample_rates: [16_000] } },
  })

  constructor() {
    this.client.on('event', ({ name }) => this.received.push(name))
    this.client.on('gap', ({ from, to, reason }) => this.wrong.push(`gap ${from} to ${to}: ${reason}`))
    this.client.on('tts_start', ({ utteranceId }) => {
      if (!this.utterances.includes(utteranceId)) this.utterances.push(utteranceId)
    })
    this.client.on('clear', ({ through }) => {
      const last = this.utterances.indexOf(through)
      for (const id of last < 0 ? this.utterances : this.utterances.slice(0, last + 1)) this.cleared.add(id)
      this.cleared.add(through)
    })
    this.client.on('audio', ({ utteranceId }) => {
      if (this.cleared.has(utteranceId)) this.wrong.push(`${utteranceId} plays after its clear`)
    })
  }

  get session(): Session {
    return this.sessions[0]!
  }

  async pass(ms: number, speaks = false): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 20) {
      const at = speaks ? (this.capturedBytes % (voiceBytes.length - 640)) & ~1 : 0
      const frame = speaks ? voiceBytes.slice(at, at + 640) : new Uint8Array(640)
      this.captured.push(frame)
      this.capturedBytes += frame.length
      this.client.sendAudio(frame)
      await this.clock.advanceAsync(20)
      // Digests of tokens take real time.
      if (this.client.state === 'configuring') await realMoment(1)
      this.check()
    }
  }

  check(): void {
    expect(this.wrong).toEqual([])
    for (const session of this.sessions) {
      const { life } = session as unknown as Insides
      const carriers = this.links.filter(({ listener }) => listener === life.inbound)
      expect(carriers.length).toBeLessThanOrEqual(1)
    }
    if (!this.session || !this.client.stats) return
    // Acknowledged <= accepted <= captured.
    const { acceptedBytes } = (this.session as unknown as Insides).life
    expect(acceptedBytes).toBeLessThanOrEqual(this.capturedBytes)
    expect(this.capturedBytes - this.client.stats.behindMs * bytesPerMs).toBeLessThanOrEqual(acceptedBytes)
  }
}

type Act = (world: World) => void | Promise<void>

const acts: Record<string, fc.Arbitrary<Act>> = {
  speak: fc.integer({ min: 20, max: 1500 }).map(ms => world => world.pass(ms, true)),
  wait: fc.integer({ min: 20, max: 3000 }).map(ms => world => world.pass(ms)),
  cut: fc
    .record({
      how: fc.constantFrom<Cut>('reset', 'late', 'hole'),
      downMs: fc.integer({ min: 0, max: 800 }),
      down: fc.constantFrom('up' as const, 'refuse' as const, 'hang' as const),
    })
    .map(({ how, downMs, down }) => async world => {
      world.network.cut(how)
      // A silent death takes 3 s to notice; failing attempts on top of it would outlast the ring.
      world.network.mode = how === 'hole' ? 'up' : down
      await world.pass(downMs)
      world.network.mode = 'up'
      for (let i = 0; i < 10 && world.client.state !== 'active'; i++) await world.pass(500)
      await world.pass(500)
    }),
  move: fc.constant(world => world.client.reconnect()),
  latency: fc.integer({ min: 1, max: 120 }).map(ms => world => {
    world.network.latencyMs = ms
  }),
  ask: fc.constant(world => {
    world.asked.push(`asked ${world.asked.length}`)
    world.client.send(world.asked.at(-1)!)
  }),
  tell: fc.constant(world => {
    world.told.push(`told ${world.told.length}`)
    world.session.send(world.told.at(-1)!)
  }),
  say: fc.boolean().map(isLong => world => {
    void world.session.say(isLong ? 'This is a rather long sentence of the application. '.repeat(3) : 'A short one.')
  }),
  interrupt: fc.boolean().map(isClient => world => (isClient ? world.client.interrupt() : world.session.interrupt())),
  recogniser: fc.constant(world => world.stt.connections.at(-1)?.fail('connection')),
}

const weights: Readonly<Record<string, number>> = { speak: 3, cut: 3, say: 2, interrupt: 2 }
const anyAct = fc.oneof(
  ...Object.entries(acts).map(([name, act]) => ({
    weight: weights[name] ?? 1,
    arbitrary: act.map(run => Object.assign(run, { toString: () => name })),
  })),
)

it('client, link and session agree in whatever order the network, both applications and the user act', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyAct, { minLength: 1, maxLength: 14, size: 'max' }), async all => {
      const world = new World()
      void world.client.connect()
      await world.pass(400)
      for (const act of all) await act(world)
      for (let i = 0; i < 20 && world.client.state !== 'active'; i++) await world.pass(500)
      await world.pass(4000)
      // What is under way arrives.
      await world.clock.advanceAsync(500)
      expect(world.sessions).toHaveLength(1)
      expect(world.client.state).toBe('active')
      expect(Buffer.concat(world.heard).equals(Buffer.concat(world.captured))).toBe(true)
      expect(world.handled).toEqual(world.asked)
      expect(world.received).toEqual(world.told)
      void world.client.close()
      await world.clock.advanceAsync(3000)
      await world.voice.close()
      await realMoment(2)
      await world.clock.advanceAsync(6000, 250)
      expect([world.network.live.length, world.clock.pending]).toEqual([0, 0])
      expect([world.stt.openStreams, world.tts.openStreams]).toEqual([0, 0])
    }),
    { numRuns: 25 },
  )
}, 120_000)
