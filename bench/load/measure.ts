import { type ChildProcess, fork } from 'node:child_process'
import { messageOf, pause, stopped } from '../children.js'
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
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Compilers of just-in-time code are processes' CPU too, so servers run warm before they are measured. */
export function timing(quick: boolean): Timing {
  return quick ? { warmUpMs: 1800, measureMs: 2000 } : { warmUpMs: 3000, measureMs: 4000 }
}

export interface Measured extends Usage, Traffic {}

/** A server under test with its clients, connected. */
export class Trial {
  private readonly server: ChildProcess
  private readonly clients: ChildProcess

  private constructor(server: ChildProcess, clients: ChildProcess) {
    this.server = server
    this.clients = clients
  }

  /** @param connecting is called when the server listens and nobody has connected. */
  static async start(
    { module, wire }: Contender,
    workload: Workload,
    connecting?: (server: Trial) => Promise<void>,
  ): Promise<Trial> {
    const subject = new URL(`../${module}`, import.meta.url).href
    const server = fork(new URL('./server.js', import.meta.url), [subject, JSON.stringify(workload)], {
      execArgv: ['--expose-gc'],
    })
    const { port } = await messageOf<{ readonly port: number }>(server, 'port')
    const trial = new Trial(server, fork(new URL('./clients.js', import.meta.url)))
    await connecting?.(trial)
    trial.clients.send({ port, wire, workload } satisfies ClientTask)
    await messageOf(trial.clients, 'connectedMs')
    return trial
  }

  /** What the server holds after its garbage is gone. */
  async settled(): Promise<Usage> {
    return this.ask('settle')
  }

  begin(): void {
    this.server.send('begin')
    this.clients.send('begin')
  }

  async end(): Promise<Measured> {
    const [usage, { traffic }] = await Promise.all([this.ask('end'), this.heard()])
    return { ...usage, ...traffic }
  }

  async stop(): Promise<void> {
    await stopped(this.clients)
    await stopped(this.server)
  }

  private async ask(what: 'end' | 'settle'): Promise<Usage> {
    const answer = messageOf<{ readonly usage: Usage }>(this.server, 'usage')
    this.server.send(what)
    return (await answer).usage
  }

  private heard(): Promise<{ readonly traffic: Traffic }> {
    const answer = messageOf<{ readonly traffic: Traffic }>(this.clients, 'traffic')
    this.clients.send('end')
    return answer
  }
}

/** What one server uses for one workload, from fresh processes. */
export async function measure(contender: Contender, workload: Workload, timing: Timing): Promise<Measured> {
  const trial = await Trial.start(contender, workload)
  await pause(timing.warmUpMs)
  trial.begin()
  await pause(timing.measureMs)
  const measured = await trial.end()
  await trial.stop()
  return measured
}
