import { Worker } from 'node:worker_threads'
import { messageOf } from '../../../src/util/errors.js'
import type { WorkerStartup } from './messages.js'
import { checkInstalled } from './packages.js'

/** Every message belongs to a stream. */
interface StreamMessage {
  readonly stream: number
}

/** The owner of a stream on a worker. */
export interface StreamListener<From> {
  message(message: From): void
  /** The worker is gone. Nothing follows. Never called inside `open`. */
  lost(reason: string): void
}

/** One stream's way to its worker. */
export interface Lease<To> {
  readonly stream: number
  /** Does nothing once the stream is closed. */
  post(message: To, transfer?: ArrayBuffer[]): void
  /** Gives the place on the worker back. At most `keepIdle` workers without streams stay alive. */
  close(keepIdle: number): void
}

/** Workers of one kind, shared by every provider of the process: each holds its own copy of the engine. */
export class WorkerPool<To extends StreamMessage, From extends StreamMessage> {
  readonly #entry: URL
  readonly #streamsPerWorker: number
  readonly #workers: Set<EngineWorker<To, From>> = new Set()
  #nextStream = 0

  /** `entry` is the worker's module; a worker serves up to `streamsPerWorker` streams at once. */
  constructor(entry: URL, streamsPerWorker: number) {
    this.#entry = entry
    this.#streamsPerWorker = streamsPerWorker
  }

  /** Workers alive, busy or not. */
  get size(): number {
    return this.#workers.size
  }

  /** Puts a stream on a worker, starting one when the others are full. Messages wait until it has loaded. */
  open(listener: StreamListener<From>): Lease<To> {
    const stream = this.#nextStream++
    const worker = this.#withRoom() ?? this.#start()
    worker.attach(stream, listener)
    return {
      stream,
      post: (message, transfer) => {
        if (worker.serves(stream)) worker.post(message, transfer)
      },
      close: keepIdle => {
        if (worker.detach(stream)) this.#trim(keepIdle)
      },
    }
  }

  /** Resolves when a worker has loaded and stays ready for the first stream. */
  async warmUp(): Promise<void> {
    checkInstalled()
    const [worker = this.#start()] = this.#workers
    await worker.ready
  }

  /** Ends the workers that serve streams, as a crash would. Returns how many. */
  kill(): number {
    const busy = [...this.#workers].filter(worker => worker.streams > 0)
    for (const worker of busy) void this.#stop(worker, 'the worker was killed')
    return busy.length
  }

  /** Ends every worker and waits until they are gone. */
  async shutdown(): Promise<void> {
    await Promise.all([...this.#workers].map(worker => this.#stop(worker, 'the engines were shut down')))
  }

  #withRoom(): EngineWorker<To, From> | undefined {
    for (const worker of this.#workers) if (worker.streams < this.#streamsPerWorker) return worker
    return undefined
  }

  #start(): EngineWorker<To, From> {
    const worker = new EngineWorker<To, From>(this.#entry, () => this.#workers.delete(worker))
    this.#workers.add(worker)
    return worker
  }

  #stop(worker: EngineWorker<To, From>, reason: string): Promise<void> {
    this.#workers.delete(worker)
    return worker.stop(reason)
  }

  #trim(keepIdle: number): void {
    const idle = [...this.#workers].filter(worker => worker.streams === 0)
    for (const worker of idle.slice(keepIdle)) void this.#stop(worker, 'the worker was not needed')
  }
}

/** A worker thread with its streams. It holds the process open only while it loads or serves. */
class EngineWorker<To extends StreamMessage, From extends StreamMessage> {
  readonly ready: Promise<void>
  readonly #worker: Worker
  readonly #listeners: Map<number, StreamListener<From>> = new Map()
  readonly #onGone: () => void
  #settle: { loaded(): void; failed(error: Error): void } | undefined
  #loading = true
  #failure: string | undefined

  constructor(entry: URL, onGone: () => void) {
    this.#onGone = onGone
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { loaded: resolve, failed: reject }
    })
    // Whoever does not wait for it hears of a failure through the streams.
    this.ready.catch(() => {})
    // Loaders and inspectors of the main thread have no business in here.
    this.#worker = new Worker(entry, { execArgv: [] })
    this.#worker.on('message', (message: From | WorkerStartup) => this.#onMessage(message))
    this.#worker.on('error', error => {
      this.#failure ??= messageOf(error)
    })
    this.#worker.on('exit', code => this.#onExit(code))
  }

  get streams(): number {
    return this.#listeners.size
  }

  serves(stream: number): boolean {
    return this.#listeners.has(stream)
  }

  attach(stream: number, listener: StreamListener<From>): void {
    this.#listeners.set(stream, listener)
    this.#holdProcess()
  }

  /** False when the stream was gone already. */
  detach(stream: number): boolean {
    const had = this.#listeners.delete(stream)
    this.#holdProcess()
    return had
  }

  post(message: To, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer)
  }

  /** `reason` is told to the streams it still has. */
  async stop(reason: string): Promise<void> {
    this.#failure ??= reason
    await this.#worker.terminate()
  }

  #onMessage(message: From | WorkerStartup): void {
    if ('stream' in message) {
      this.#listeners.get(message.stream)?.message(message)
      return
    }
    if (message.type === 'failed') {
      void this.stop(message.reason)
      return
    }
    this.#loading = false
    this.#settle?.loaded()
    this.#holdProcess()
  }

  #onExit(code: number): void {
    this.#onGone()
    const reason = this.#failure ?? `the worker ended (code ${code})`
    this.#settle?.failed(new Error(reason))
    for (const [stream, listener] of this.#listeners) {
      this.#listeners.delete(stream)
      listener.lost(reason)
    }
  }

  #holdProcess(): void {
    if (this.#loading || this.#listeners.size > 0) this.#worker.ref()
    else this.#worker.unref()
  }
}
