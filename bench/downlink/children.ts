import { type ChildProcess, fork } from 'node:child_process'
import type { ReaderReport, ReaderTask } from './reader.js'
import type { ServerReport } from './server.js'

interface Memory {
  readonly atMs: number
  readonly rssBytes: number
}

/** The server under test, in its own process. */
export class BenchServer {
  readonly port: number
  readonly memory: Memory[] = []
  readonly reports: ServerReport[] = []
  private readonly child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.child = child
    this.port = port
    child.on('message', (message: { readonly memory?: Memory; readonly report?: ServerReport }) => {
      if (message.memory) this.memory.push(message.memory)
      if (message.report) this.reports.push(message.report)
    })
  }

  static async start(): Promise<BenchServer> {
    const child = fork(new URL('./server.js', import.meta.url))
    const { port } = await messageOf<{ readonly port: number }>(child, 'port')
    return new BenchServer(child, port)
  }

  async stop(): Promise<void> {
    await stopped(this.child)
  }
}

/** Readers, in another. */
export class BenchReaders {
  private readonly child: ChildProcess

  private constructor(child: ChildProcess) {
    this.child = child
  }

  static async start(): Promise<BenchReaders> {
    const child = fork(new URL('./reader.js', import.meta.url))
    await messageOf(child, 'ready')
    return new BenchReaders(child)
  }

  read(tasks: readonly ReaderTask[]): void {
    this.child.send({ tasks })
  }

  /** Ends them all and returns what they heard. */
  async stop(): Promise<ReadonlyMap<string, ReaderReport>> {
    const heard = messageOf<{ readonly heard: readonly ReaderReport[] }>(this.child, 'heard')
    const over = stopped(this.child)
    const reports = await heard
    await over
    return new Map(reports.heard.map(report => [report.id, report]))
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** Asks a child to end, and makes it after ten seconds. */
export function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise(resolve => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    if (child.connected) child.send('stop')
  })
}

/** The child's next message that has this field. */
export function messageOf<T>(child: ChildProcess, field: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: object) => {
      if (!(field in message)) return
      child.off('message', onMessage)
      child.off('exit', onExit)
      resolve(message as T)
    }
    const onExit = (code: number | null) => reject(new Error(`a bench process ended with ${code} before '${field}'`))
    child.on('message', onMessage)
    child.once('exit', onExit)
  })
}
