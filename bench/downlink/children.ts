import { type ChildProcess, fork } from 'node:child_process'
import { messageOf, stopped } from '../children.js'
import type { ListenerReport, ListenerTask } from './listener.js'
import type { Heard } from './reader.js'
import type { ServerPorts, ServerReport } from './server.js'

interface Memory {
  readonly atMs: number
  readonly rssBytes: number
}

interface Told {
  readonly memory?: Memory
  readonly report?: ServerReport
  readonly stallMs?: number
}

/** The servers under test, in their own process. */
export class BenchServer {
  readonly ports: ServerPorts
  readonly memory: Memory[] = []
  readonly reports: ServerReport[] = []
  /** How long it was kept from running at worst; known once it has ended. */
  stallMs = 0
  private readonly child: ChildProcess

  private constructor(child: ChildProcess, ports: ServerPorts) {
    this.child = child
    this.ports = ports
    child.on('message', (message: Told) => {
      if (message.memory) this.memory.push(message.memory)
      if (message.report) this.reports.push(message.report)
      this.stallMs = message.stallMs ?? this.stallMs
    })
  }

  static async start(): Promise<BenchServer> {
    const child = fork(new URL('./server.js', import.meta.url))
    const { ports } = await messageOf<{ readonly ports: ServerPorts }>(child, 'ports')
    return new BenchServer(child, ports)
  }

  /** Ends it. Every session has reported then. */
  async stop(): Promise<void> {
    await stopped(this.child)
  }
}

/** Listeners, in another. */
export class BenchListeners {
  private readonly child: ChildProcess

  private constructor(child: ChildProcess) {
    this.child = child
  }

  static async start(): Promise<BenchListeners> {
    const child = fork(new URL('./reader.js', import.meta.url))
    await messageOf(child, 'ready')
    return new BenchListeners(child)
  }

  listen(tasks: readonly ListenerTask[]): void {
    this.child.send({ tasks })
  }

  /** Ends them all and returns what they heard, and how long they were kept from listening at worst. */
  async stop(): Promise<{ readonly heard: ReadonlyMap<string, ListenerReport>; readonly stallMs: number }> {
    const heard = messageOf<Heard>(this.child, 'heard')
    const over = stopped(this.child)
    const { heard: reports, stallMs } = await heard
    await over
    return { heard: new Map(reports.map(report => [report.id, report])), stallMs }
  }
}

export { messageOf, pause, stopped } from '../children.js'
