import type { Clock } from '../util/clock.js'
import { StallTimer } from './stall-timer.js'

export interface PumpOptions {
  readonly clock: Clock
  /** How long the source may give nothing while it is being asked. */
  readonly stallMs: number
  /** Wraps every call into the source. */
  readonly run?: (<T>(fn: () => T) => T) | undefined
}

/** What a pump reports. After `ended` or `failed` comes nothing. */
export interface PumpSink<T> {
  /** False: no more yet; the next item is asked for after `resume()`. */
  item(item: T): boolean
  ended(): void
  failed(error: unknown): void
}

/** The source gave nothing in time. */
export class StallError extends Error {
  override readonly name = 'StallError'
}

/**
 * Drives an application's async iterable by callbacks: stopping it leaves no promise of ours behind, whatever the
 * iterable does.
 */
export class Pump<T> {
  readonly #source: AsyncIterable<T>
  #iterator: AsyncIterator<T> | undefined
  readonly #run: <R>(fn: () => R) => R
  readonly #sink: PumpSink<T>
  readonly #stall: StallTimer
  #asking = false
  #over = false

  constructor(source: AsyncIterable<T>, options: PumpOptions, sink: PumpSink<T>) {
    this.#source = source
    this.#run = options.run ?? (fn => fn())
    this.#sink = sink
    this.#stall = new StallTimer(options.clock, options.stallMs, () => this.#stalled(options.stallMs))
  }

  /** Asks for the next item unless it has been asked for already. */
  resume(): void {
    if (this.#over || this.#asking) return
    this.#asking = true
    this.#stall.touch()
    try {
      Promise.resolve(this.#run(() => this.#next())).then(
        result => this.#take(result),
        error => this.#fail(error),
      )
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Takes nothing more and lets the source clean up, without waiting for it. */
  stop(): void {
    if (this.#over) return
    this.#over = true
    this.#stall.stop()
    try {
      Promise.resolve(this.#iterator?.return?.()).catch(() => {})
    } catch {
      // What a source throws while being thrown away concerns nobody.
    }
  }

  #next(): Promise<IteratorResult<T>> {
    this.#iterator ??= this.#source[Symbol.asyncIterator]()
    return this.#iterator.next()
  }

  #take(result: IteratorResult<T>): void {
    if (this.#over) return
    this.#asking = false
    this.#stall.stop()
    if (result.done) {
      this.#over = true
      this.#sink.ended()
    } else if (this.#sink.item(result.value)) {
      this.resume()
    }
  }

  #fail(error: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#stall.stop()
    this.#sink.failed(error)
  }

  #stalled(stallMs: number): void {
    this.stop()
    this.#sink.failed(new StallError(`nothing came for ${stallMs} ms`))
  }
}
