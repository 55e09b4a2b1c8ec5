import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createVoiceHandler, type SocketSink } from '../../../src/index.js'
import type { FailureClass } from '../../../src/providers/contracts.js'
import type { Session } from '../../../src/session/session.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { type MemoryPeer, memorySocketPair } from '../../../src/testing/memory-socket.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { ScriptedTts } from '../../../src/testing/scripted-tts.js'
import { speak } from '../../../src/testing/spoken-words.js'
import { silentLogger } from '../../../src/util/logger.js'
import { linear16, resumeMessage } from '../../fixtures/scripted-call.js'

const config = { type: 'config', audio_out: { sample_rates: [16_000] } }
const voiceBytes = speak('one two three four five six seven eight nine ten', linear16)

interface Socket {
  readonly peer: MemoryPeer
  readonly link: SocketSink & { readonly listener: unknown }
  readonly isPlain: boolean
  /** What it presented to resume. */
  token?: unknown
}

/** What a session keeps to itself and this test has to see. */
interface Insides {
  readonly life: { readonly inbound: unknown; readonly acceptedBytes: number }
}

const insidesOf = (session: Session) => session as unknown as Insides
const realMoment = () => new Promise(resolve => setTimeout(resolve, 0))

/** A server and everybody who talks to it, with a model of what it must have heard. */
class World {
  readonly clock = new ManualClock()
  readonly stt = new ScriptedStt({ clock: this.clock })
  readonly tts = new ScriptedTts({ clock: this.clock })
  readonly sockets: Socket[] = []
  readonly sessions: Session[] = []
  readonly heard: Map<Session, number> = new Map()
  readonly ends: Map<Session, number> = new Map()
  /** Tokens that must not open anything any more. */
  readonly retired: Set<unknown> = new Set()
  /** Tokens in the order they were given out, with the session each opens. */
  readonly tokens: { readonly session_id: unknown; readonly resume_token: unknown }[] = []
  readonly wrong: string[] = []
  /** Captured so far, by whoever. */
  spokenBytes = 0
  readonly voice = createVoiceHandler({
    clock: this.clock,
    random: () => 0.5,
    logger: silentLogger,
    stt: [this.stt],
    tts: [this.tts],
    agent: ({ text }) => `You said ${text}.`,
    configure: async () => undefined,
    clientMay: { speak: true },
    recovery: { budgetMs: 3000 },
    onSession: given => {
      const session = given as unknown as Session
      this.sessions.push(session)
      this.heard.set(session, 0)
      session.on('closed', () => this.ends.set(session, (this.ends.get(session) ?? 0) + 1))
    },
  })

  constructor() {
    this.voice.on('error', ({ error }) => {
      if (error.code === 'app_failed') this.wrong.push(error.message)
    })
  }

  async connect(isPlain: boolean): Promise<Socket> {
    const accept = await this.voice.admit({
      url: '/voice',
      method: 'GET',
      headers: new Map([['host', 'localhost']]),
      protocols: isPlain ? [] : ['voice.v1'],
      signal: new AbortController().signal,
      context: undefined,
      raw: undefined,
    })
    if (!accept.ok) throw new Error(`refused: ${accept.status}`)
    const { socket, peer } = memorySocketPair({ protocol: accept.protocol, capabilities: { pauseReads: false } })
    const link = this.voice.open(socket, accept) as Socket['link']
    peer.attach(link)
    const made = { peer, link, isPlain }
    this.sockets.push(made)
    peer.onReceive(data => typeof data === 'string' && this.#told(made, JSON.parse(data)))
    return made
  }

  /** The session that what this socket says reaches. */
  sessionOf(socket: Socket): Session | undefined {
    return this.sessions.find(session => insidesOf(session).life.inbound === socket.link.listener)
  }

  /** The client says something: from now on only the newest token of its session opens it. */
  say({ peer }: Socket, session: Session | undefined, data: object | string | Uint8Array): void {
    if (session && peer.closed === undefined) {
      const older = this.tokens.filter(({ session_id }) => session_id === session.id).slice(0, -1)
      for (const { resume_token } of older) this.retired.add(resume_token)
    }
    peer.send(typeof data === 'string' || data instanceof Uint8Array ? data : JSON.stringify(data))
  }

  audio(socket: Socket, bytes: Uint8Array): void {
    const session = this.sessionOf(socket)
    const { peer, link, isPlain } = socket
    // Kept until a session is there, if one comes: whose it will be, no model of this size can tell.
    if (isPlain && (link.listener as { phase?: unknown }).phase === 'working') return
    if (session && peer.closed === undefined && (isPlain || session.state !== 'configuring'))
      this.heard.set(session, this.heard.get(session)! + bytes.length)
    this.say(socket, session, bytes)
  }

  skip(socket: Socket, bytes: number): void {
    const session = this.sessionOf(socket)
    const from = session ? this.heard.get(session)! : 0
    const isServing = session?.state === 'active' || session?.state === 'degraded'
    if (session && isServing && !socket.isPlain && socket.peer.closed === undefined)
      this.heard.set(session, from + bytes)
    this.say(socket, session, { type: 'gap', from, to: from + bytes, reason: 'muted' })
  }

  check(): void {
    expect(this.wrong).toEqual([])
    for (const session of this.sessions) {
      const carriers = this.sockets.filter(socket => this.sessionOf(socket) === session)
      expect(carriers.length).toBeLessThanOrEqual(1)
      expect(insidesOf(session).life.acceptedBytes).toBe(this.heard.get(session))
      const isOver = session.state === 'closed' || session.state === 'failed'
      expect(this.ends.get(session) ?? 0).toBe(isOver ? 1 : 0)
      expect(this.voice.sessions.has(session.id)).toBe(!isOver)
    }
  }

  async end(): Promise<void> {
    await this.voice.close()
    await realMoment()
    await this.clock.advanceAsync(5000)
    this.check()
    expect(this.voice.sessions.size).toBe(0)
    expect([...this.ends.values()]).toEqual(this.sessions.map(() => 1))
    expect(this.sockets.filter(({ peer }) => peer.closed === undefined)).toEqual([])
    expect([this.clock.pending, this.stt.openStreams, this.tts.openStreams]).toEqual([0, 0, 0])
    expect(this.voice.stats().audioLogBytes).toBe(0)
  }

  /** What a new socket is told must be where the session stands. */
  #told(socket: Socket, message: Readonly<Record<string, unknown>>): void {
    if (message.type === 'ready' && message.resume_token) this.tokens.push(message as never)
    if (message.type !== 'resumed') return
    const session = this.sessionOf(socket)!
    // Thrown here, it would be the server's to deal with.
    if (this.retired.has(socket.token)) this.wrong.push('a retired token opened a session')
    const { from } = message.audio_in as { readonly from: number }
    if (from !== this.heard.get(session)) this.wrong.push(`resumed from ${from}, not ${this.heard.get(session)}`)
    this.tokens.push({ session_id: session.id, resume_token: message.resume_token })
  }
}

type Act = (world: World, socket: Socket) => void | Promise<void>

/** Something one of the sockets does, or the world around it. */
const acts: Record<string, fc.Arbitrary<Act>> = {
  config: fc.constant((_, { peer }) => peer.send(JSON.stringify(config))),
  audio: fc.nat(9).map(frames => (world, socket) => {
    const at = world.spokenBytes % (voiceBytes.length - 6400)
    world.spokenBytes += 640 * frames
    world.audio(socket, voiceBytes.slice(at, at + 640 * frames))
  }),
  skip: fc.integer({ min: 1, max: 3000 }).map(ms => (world, socket) => world.skip(socket, ms * 32)),
  message: fc
    .constantFrom<object | string>(
      { type: 'user_text', text: 'hello' },
      { type: 'user_text', text: 'once', cseq: 1, at: 0 },
      { type: 'speak', text: 'Say this.' },
      { type: 'clear' },
      { type: 'finalize' },
      { type: 'event', name: 'x' },
      { type: 'ping', t: 1 },
      { type: 'pong', t: 0x6b },
      { type: 'stats', seq: 1, t: 1, playback: null, buffered_bytes: 0, rtt_ms: 0 },
      { type: 'cleared', utterance_id: 'x', played_ms: 1 },
      { type: 'bye', reason: 'done' },
      { type: 'bye', reason: 'suspend' },
      { type: 'hum' },
      '{',
    )
    .map(message => (world, socket) => world.say(socket, world.sessionOf(socket), message)),
  resume: fc
    .record({
      tokenAge: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(3)),
      lostBytes: fc.oneof(fc.constant(0), fc.nat(100_000)),
      isWrong: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
      waits: fc.boolean(),
    })
    .map(({ tokenAge, lostBytes, isWrong, waits }) => async world => {
      const token = world.tokens.at(-1 - tokenAge)
      if (!token) return
      const socket = await world.connect(false)
      const session = world.sessions.find(({ id }) => id === token.session_id)
      const heard = session ? world.heard.get(session)! : 0
      const presented = isWrong ? { ...token, resume_token: 'A'.repeat(43) } : token
      const audioIn = { start: Math.max(0, heard - 3200) + lostBytes, end: heard + 3200 + lostBytes }
      socket.token = presented.resume_token
      socket.peer.send(JSON.stringify(resumeMessage(presented, audioIn, { config })))
      if (waits) await realMoment()
    }),
  connect: fc.boolean().map(isPlain => async world => void (await world.connect(isPlain))),
  drop: fc.constant((_, { peer }) => peer.drop()),
  close: fc.constantFrom(1000, 1001, 4000).map(
    code =>
      (_, { peer }) =>
        peer.close(code),
  ),
  stall: fc.boolean().map(
    stalls =>
      (_, { peer }) =>
        stalls ? peer.stall() : peer.flow(),
  ),
  deaf: fc.boolean().map(answers => (_, { peer }) => {
    peer.answersPings = answers
  }),
  moment: fc.constant(realMoment as () => Promise<void>),
  time: fc.constantFrom(20, 300, 2000, 6000, 31_000).map(ms => async world => {
    await realMoment()
    await world.clock.advanceAsync(ms, ms > 2000 ? 100 : 20)
  }),
  failure: fc
    .tuple(fc.boolean(), fc.constantFrom<FailureClass>('connection', 'auth', 'rate', 'lifetime', 'data'))
    .map(([isStt, failure]) => world => {
      if (isStt) world.stt.connections.at(-1)?.fail(failure)
      else world.tts.connections.at(-1)?.fail({ class: failure, reason: 'scripted' })
    }),
  application: fc
    .constantFrom<(session: Session) => void>(
      session => void session.say('The application says something.'),
      session => session.interrupt(),
      session => session.userTurn('the application asks'),
      session => session.send('note', 1),
      session => session.close({ afterSpeech: true }),
      session => session.close(),
    )
    .map(use => world => {
      const session = world.sessions.at(-1)
      if (session) use(session)
    }),
}

const weights: Readonly<Record<string, number>> = { audio: 5, resume: 5, message: 3, config: 2, moment: 2, time: 2 }
const anyAct = fc.oneof(
  ...Object.entries(acts).map(([name, act]) => ({
    weight: weights[name] ?? 1,
    arbitrary: act.map(run => ({ name, run })),
  })),
)
/** Which socket acts: mostly the newest, now and then one that should long be silent. */
const step = fc.record({ act: anyAct, age: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(3)) })

it('keeps its promises in whatever order sockets, providers, time and the application act', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async steps => {
      const world = new World()
      const first = await world.connect(false)
      first.peer.send(JSON.stringify(config))
      await realMoment()
      await world.clock.advanceAsync(20)
      for (const { act, age } of steps) {
        await act.run(world, world.sockets.at(-1 - age) ?? first)
        world.check()
      }
      await world.end()
    }),
    { numRuns: 150 },
  )
}, 60_000)
