import type { VoiceMount } from '../../../src/upgrade.js'
import { type ConnectOptions, RawClient, type SuiteClient } from '../raw-client.js'
import { type RecordedSession, RecordingMount } from '../recording-mount.js'

interface Matchers {
  toBe(expected: unknown): void
  toEqual(expected: unknown): void
  toContain(expected: unknown): void
  toMatchObject(expected: object): void
  toBeGreaterThan(expected: number): void
  toBeLessThan(expected: number): void
  readonly not: Matchers
}

/** What the suite uses of a test runner: vitest, jest and `bun test` have it; `node:test` needs an `expect`. */
export interface TestApi {
  describe(name: string, body: () => void): void
  readonly it: {
    (name: string, body: () => Promise<void>, timeoutMs?: number): void
    skip(name: string, body: () => Promise<void>): void
  }
  expect(value: unknown, message?: string): Matchers
}

/** What a transport can do beyond carrying messages. A test that needs what is false is skipped and says so. */
export interface TransportTraits {
  /** It listens on a TCP port; otherwise `connect` must be given. */
  readonly network: boolean
  /** What a client sends before it was answered is kept. */
  readonly earlyBytes: boolean
  /** Headers of a refusal reach the client. */
  readonly refusalHeaders: boolean
  /** When the transport rejects a frame, the peer is told 1002, 1007 or 1009 and so is the sink. */
  readonly tellsRejection: boolean
  /** Every code that a client may close with is read; otherwise those from 1012 to 3999 count as 1006. */
  readonly readsAllCodes: boolean
  /** `pause()` stops reading. */
  readonly pauseReads: boolean
  /** `bufferedBytes` shows a backlog, `drain()` reports when it falls, `ping()` works. */
  readonly backlog: boolean
  readonly ping: boolean
  /** After `close()` a socket whose peer does not answer can be cut. */
  readonly cutsClosing: boolean
  /** What a sink throws ends its connection and nothing else. A test instrument may let it through. */
  readonly containsExceptions: boolean
}

export interface RunningTransport {
  /** Where it listens, on the loopback interface. */
  readonly port?: number | undefined
  /** Opens a connection without a network. */
  connect?(options: ConnectOptions): Promise<SuiteClient>
  /** How many connections the server holds now. */
  connections?(): Promise<number>
  close(): Promise<void>
}

export interface TransportUnderTest {
  readonly name: string
  readonly traits: TransportTraits
  /** Serves `mount` on the path `/voice` of a fresh server. */
  start(mount: VoiceMount): Promise<RunningTransport>
}

/** One test: a server, its clients, and what must hold when it is over. */
export class Scene {
  readonly mount: RecordingMount = new RecordingMount()
  readonly traits: TransportTraits
  readonly expect: TestApi['expect']
  readonly #transport: TransportUnderTest
  readonly #clients: SuiteClient[] = []
  #running: RunningTransport | undefined

  constructor(transport: TransportUnderTest, expect: TestApi['expect']) {
    this.#transport = transport
    this.traits = transport.traits
    this.expect = expect
  }

  get running(): RunningTransport {
    if (!this.#running) throw new Error('the transport is not running')
    return this.#running
  }

  async start(): Promise<void> {
    this.#running = await this.#transport.start(this.mount)
  }

  /** Ends everything. No session may be left open and no rule broken. */
  async finish(): Promise<void> {
    for (const client of this.#clients) client.drop()
    await this.mount.until('the end of every session', () => this.mount.sessions.every(session => session.ended))
    await this.mount.until('every upgrade to be decided', () => this.mount.pending === 0)
    await this.#running?.close()
    this.expect(this.mount.violations).toEqual([])
  }

  /** A client that did not necessarily get in. Networks only. */
  raw(options?: ConnectOptions): RawClient {
    const { port } = this.running
    if (port === undefined) throw new Error(`${this.#transport.name} has no network`)
    const client = new RawClient(port, options)
    this.#clients.push(client)
    return client
  }

  /** A client that is in. */
  async connect(options: ConnectOptions = {}): Promise<SuiteClient> {
    if (!this.running.connect) {
      const client = await this.raw(options).answered()
      if (client.status !== 101) throw new Error(`the upgrade was answered ${client.status}`)
      return client
    }
    const client = await this.running.connect(options)
    this.#clients.push(client)
    return client
  }

  /** A client and the session it opened. */
  async call(options?: ConnectOptions): Promise<{ client: SuiteClient; session: RecordedSession }> {
    const index = this.mount.sessions.length
    const client = await this.connect(options)
    return { client, session: await this.mount.session(index) }
  }

  /** Like `call`, with a client that can send anything. */
  async rawCall(options?: ConnectOptions): Promise<{ client: RawClient; session: RecordedSession }> {
    const { client, session } = await this.call(options)
    return { client: client as RawClient, session }
  }

  /**
   * Comes back when what was written to other connections before has reached the server's kernel and its event loop
   * went round: the way to see that something did not happen.
   */
  async roundTrip(): Promise<void> {
    const { client, session } = await this.call()
    session.onMessage = data => session.act(socket => socket.send(data))
    for (let round = 1; round <= 3; round++) {
      client.send('there and back')
      await client.until('an echo', () => client.received.length === round)
    }
    client.close(1000)
    await session.end()
  }
}

export type Test = (name: string, body: (scene: Scene) => Promise<void>, options?: TestOptions) => void

export interface TestOptions {
  readonly needs?: readonly (keyof TransportTraits)[] | undefined
  readonly timeoutMs?: number | undefined
}

/** Declares the tests of one transport. */
export function testsOf(transport: TransportUnderTest, { it, expect }: TestApi): Test {
  return (name, body, { needs = [], timeoutMs = 15_000 } = {}) => {
    const missing = needs.filter(trait => !transport.traits[trait])
    if (missing.length > 0) return it.skip(`${name} (without ${missing.join(', ')})`, async () => {})
    it(
      name,
      async () => {
        const scene = new Scene(transport, expect)
        await scene.start()
        try {
          await body(scene)
        } finally {
          await scene.finish()
        }
      },
      timeoutMs,
    )
  }
}
