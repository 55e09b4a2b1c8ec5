import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createVoiceClient, type VoiceEvent } from '../../../src/client/index.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { silentLogger } from '../../../src/util/logger.js'
import { ModelServer, type ModelSession } from './model-server.js'
import { type Cut, SimNetwork } from './sim-network.js'

interface Step {
  /** Captured and sent before the cut, in ms. */
  readonly talkMs: number
  readonly messages: number
  readonly cut: Cut
  /** How long new sockets fail, and how. */
  readonly downMs: number
  readonly down: 'refuse' | 'hang'
  readonly losesAnswer: boolean
  readonly latencyMs: number
}

const steps = (maxDownMs: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      talkMs: fc.integer({ min: 0, max: 1500 }),
      messages: fc.integer({ min: 0, max: 4 }),
      cut: fc.constantFrom<Cut>('reset', 'late', 'hole'),
      downMs: fc.integer({ min: 0, max: maxDownMs }),
      down: fc.constantFrom('refuse', 'hang'),
      losesAnswer: fc.boolean(),
      latencyMs: fc.integer({ min: 1, max: 120 }),
    }),
    { minLength: 1, maxLength: 6 },
  )

/** A silent death takes 3 s to notice, and a failed attempt another 2 s: both together would outlast the ring. */
function coverable(step: Step): Step {
  return step.cut === 'hole' ? { ...step, down: 'refuse', losesAnswer: false } : step
}

/** A client on a failing network, and everything that it captured, said and was told. */
class Call {
  readonly clock = new ManualClock()
  readonly server = new ModelServer(this.clock)
  readonly network = new SimNetwork(this.clock, this.server)
  readonly frames: Uint8Array[] = []
  readonly said: string[] = []
  readonly told: string[] = []
  readonly gaps: Extract<VoiceEvent, { type: 'gap' }>[] = []
  readonly terminal: VoiceEvent[] = []
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = lcg(seed)
  }

  readonly client = createVoiceClient({
    url: 'wss://voice.example',
    WebSocket: this.network.WebSocket,
    clock: this.clock,
    random: () => this.#random(),
    platform: {},
    config: { stt_config: { encoding: 'mulaw', sample_rate: 8000 } },
    logger: silentLogger,
  })

  listen(): this {
    this.client.on('gap', gap => this.gaps.push(gap))
    this.client.on('event', ({ name }) => this.told.push(name))
    for (const type of ['closed', 'failed'] as const) this.client.on(type, event => this.terminal.push(event))
    return this
  }

  get captured(): Buffer {
    return Buffer.concat(this.frames)
  }

  get session(): ModelSession {
    return this.server.sessions[0]!
  }

  get used(): ModelSession[] {
    return this.server.sessions.filter(session => session === this.session || session.offset > 0)
  }

  async talk(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 20) {
      // An odd size now and then: nothing aligns by accident.
      const frame = Uint8Array.from({ length: this.#random() < 0.1 ? 93 : 160 }, () => this.#random() * 256)
      this.frames.push(frame)
      this.client.sendAudio(frame)
      await this.clock.advanceAsync(20)
    }
  }

  say(): void {
    const name = `c${this.said.length}`
    this.said.push(name)
    this.client.send(name)
    this.session?.say({ type: 'event', name: `s${this.session.seq}`, data: null })
  }

  async run(all: readonly Step[]): Promise<void> {
    this.client.connect()
    await this.talk(200)
    for (const step of all) {
      this.network.latencyMs = step.latencyMs
      for (let i = 0; i < step.messages; i++) {
        await this.talk(step.talkMs / step.messages)
        this.say()
      }
      this.network.cut(step.cut)
      this.network.mode = step.down
      if (step.losesAnswer) this.server.losesAnswers = 1
      await this.talk(step.downMs)
      this.say()
      this.network.mode = 'up'
      for (let i = 0; i < 60 && this.client.state !== 'active'; i++) await this.talk(1000)
      // Stable again, so that the next cut is the first of its outage.
      await this.talk(6000)
    }
    await this.clock.advanceAsync(3000)
  }

  async end(): Promise<void> {
    const done = this.client.close()
    await this.clock.advanceAsync(2100)
    await done
    await this.clock.advanceAsync(31_000)
  }
}

/** The bytes that adjoining or repeated gaps cover. */
function missing(gaps: readonly { readonly from: number; readonly to: number }[]): [number, number][] {
  const merged: [number, number][] = []
  for (const { from, to } of gaps) {
    const last = merged.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}

function lcg(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function expectClean(call: Call): void {
  expect(call.terminal).toHaveLength(1)
  expect(call.network.live).toEqual([])
  expect(call.clock.pending).toBe(0)
  expect(call.server.sessions.flatMap(session => session.violations)).toEqual([])
}

describe('a call on a failing network', () => {
  it('loses and doubles nothing as long as the ring covers each outage', async () => {
    await fc.assert(
      fc.asyncProperty(steps(800), fc.nat(), async (all, seed) => {
        const call = new Call(seed).listen()
        await call.run(all.map(coverable))
        const { session } = call
        // A resume that its own client gave up may arrive late, and begins a session that nobody uses.
        expect(call.used).toHaveLength(1)
        expect(call.gaps).toEqual([])
        expect(session.gaps).toEqual([])
        expect(session.offset).toBe(call.captured.length)
        expect(session.heard(new Uint8Array(session.offset)).equals(call.captured)).toBe(true)
        expect(session.handled.map(message => message.name)).toEqual(call.said)
        expect(session.handled.every(({ at, offset }) => at === offset)).toBe(true)
        expect(call.told).toEqual(call.told.map((_, i) => `s${i}`))
        expect(call.told).toHaveLength(session.seq)
        expect(call.client.stats).toMatchObject({ behindMs: 0, unconfirmedMessages: 0 })
        await call.end()
        expectClean(call)
      }),
      { numRuns: 30, seed: 7, endOnFailure: true },
    )
  }, 60_000)

  it('reports exactly what it lost when outages outlast the ring', async () => {
    await fc.assert(
      fc.asyncProperty(steps(14_000), fc.nat(), async (all, seed) => {
        const call = new Call(seed).listen()
        await call.run(all.slice(0, 3))
        const { session } = call
        if (call.used.length === 1) {
          expect(session.offset).toBe(call.captured.length)
          expect(missing(call.gaps)).toEqual(missing(session.gaps))
          expect(session.heard(call.captured).equals(call.captured)).toBe(true)
          expect(session.handled.map(message => message.name)).toEqual(call.said)
        }
        await call.end()
        expectClean(call)
      }),
      { numRuns: 15, seed: 11, endOnFailure: true },
    )
  }, 60_000)

  it('is found out when the server does not fence the old socket', async () => {
    const call = new Call(3).listen()
    call.server.fencing = false
    const late: Step = {
      talkMs: 600,
      messages: 2,
      cut: 'late',
      downMs: 0,
      down: 'refuse',
      losesAnswer: false,
      latencyMs: 90,
    }
    await call.run(Array(6).fill(late))
    expect(call.session.heard(call.captured).equals(call.captured)).toBe(false)
    await call.end()
  })

  it('begins a new session with the history after the window, and says what is missing', async () => {
    const call = new Call(5).listen()
    const histories: unknown[] = []
    call.client.on('ready', ({ history }) => histories.push(history))
    call.client.connect()
    await call.talk(1000)
    call.network.cut('reset')
    call.network.mode = 'refuse'
    await call.talk(40_000)
    call.network.mode = 'up'
    await call.talk(32_000)
    await call.clock.advanceAsync(3000)
    expect(histories).toEqual([undefined, { restored: true, turns: 0 }])
    const [first, second] = call.server.sessions
    const lost = call.gaps.reduce((bytes, { from, to }) => bytes + to - from, 0)
    expect(call.gaps.every(gap => gap.reason === 'ring')).toBe(true)
    expect(second!.offset).toBeGreaterThan(0)
    expect(call.captured.length - second!.offset - first!.offset).toBeLessThanOrEqual(lost)
    expect(second!.heard(new Uint8Array(second!.offset)).equals(call.captured.subarray(-second!.offset))).toBe(true)
    await call.end()
    expectClean(call)
  })
})
