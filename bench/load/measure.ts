import { type ChildProcess, fork } from 'node:child_process'
import { messageOf, stopped } from '../children.js'
import type { ClientTask } from './clients.js'
import type { WireName } from './wires.js'
import type { Traffic, Usage, Workload } from './workload.js'

/** Who is measured: a server and how its clients talk to it. */
export interface Contender {
  readonly name: string
  /** Beside this folder, without its ending. */
  readonly module: string
  readonly wire: WireName
}

export interface Timing {
  /** With all sessions, before the first round. */
  readonly warmUpMs: number
  /** In each round, before what counts. */
  readonly settleMs: number
  readonly measureMs: number
}

/** What the compiler of a young process uses is its CPU too, and is the more the more code there is to compile. */
export function timing(quick: boolean): Timing {
  return quick
    ? { warmUpMs: 3500, settleMs: 300, measureMs: 1200 }
    : { warmUpMs: 12_000, settleMs: 1500, measureMs: 4000 }
}

export interface Measured extends Usage, Traffic {}

/** A server under test and its clients, each in a process of its own. */
export class Trial {
  private readonly contender: Contender
  private readonly workload: Workload
  private readonly server: ChildProcess
  private readonly port: number
  private readonly crowds: ChildProcess[] = []

  private constructor(contender: Contender, workload: Workload, server: ChildProcess, port: number) {
    this.contender = contender
    this.workload = workload
    this.server = server
    this.port = port
  }

  /** Starts the server. */
  static async start(contender: Contender, workload: Workload): Promise<Trial> {
    const subject = new URL(`../${contender.module}`, import.meta.url).href
    const server = fork(new URL('./server.js', import.meta.url), [subject, JSON.stringify(workload)], {
      execArgv: ['--expose-gc'],
    })
    const { port } = await messageOf<{ readonly port: number }>(server, 'port')
    return new Trial(contender, workload, server, port)
  }

  /** Connects so many more clients and waits until they are configured. */
  async connect(sessions: number): Promise<void> {
    const crowd = fork(new URL('./clients.js', import.meta.url))
    this.crowds.push(crowd)
    const workload = { ...this.workload, sessions }
    const connected = messageOf(crowd, 'connected')
    crowd.send({ port: this.port, wire: this.contender.wire, workload } satisfies ClientTask)
    await connected
  }

  begin(): void {
    for (const process of [this.server, ...this.crowds]) process.send('begin')
  }

  /** What the server has used since, and what it holds. */
  usage(): Promise<Usage> {
    return this.ask('end')
  }

  /** The same, with what the clients who came last saw meanwhile. */
  async end(): Promise<Measured> {
    const [usage, traffic] = await Promise.all([this.usage(), heard(this.crowds.at(-1)!)])
    return { ...usage, ...traffic }
  }

  /** What the server holds after its garbage is gone. */
  settled(): Promise<Usage> {
    return this.ask('settle')
  }

  /** All clients say goodbye. */
  async disconnect(): Promise<void> {
    await Promise.all(this.crowds.splice(0).map(stopped))
  }

  async stop(): Promise<void> {
    await this.disconnect()
    await stopped(this.server)
  }

  private async ask(what: 'end' | 'settle'): Promise<Usage> {
    const answer = messageOf<{ readonly usage: Usage }>(this.server, 'usage')
    this.server.send(what)
    return (await answer).usage
  }
}

async function heard(crowd: ChildProcess): Promise<Traffic> {
  const answer = messageOf<{ readonly traffic: Traffic }>(crowd, 'traffic')
  crowd.send('end')
  return (await answer).traffic
}
