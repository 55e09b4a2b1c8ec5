import type { Socket } from 'node:net'
import { reset } from './reset.js'

export interface Shaping {
  latencyMs: number
  bytesPerSecond: number
}

export type PipeMode = 'flow' | 'stall' | 'hold' | 'drop'

/** Reading pauses while more than this waits to be written, so that a slow reader slows the sender as it would without us. */
const maxWaitingBytes = 64 * 1024

/** `end` is a FIN, `reset` an RST. */
type Item = Buffer | 'end' | 'reset'

/** One direction of a connection. Everything passes a queue, so nothing ever overtakes. */
export class ChaosPipe {
  readonly #from: Socket
  readonly #to: Socket
  readonly #shaping: Shaping
  readonly #waiting: { readonly item: Item; readonly dueMs: number }[] = []
  #waitingBytes = 0
  #mode: PipeMode = 'flow'
  #timer: NodeJS.Timeout | undefined
  #lastDueMs = 0
  #stopped = false

  constructor(from: Socket, to: Socket, shaping: Shaping) {
    this.#from = from
    this.#to = to
    this.#shaping = shaping
    from.on('data', chunk => this.#onData(chunk))
    from.on('end', () => this.#push('end'))
    from.on('error', () => this.#push('reset'))
    to.on('drain', () => this.#pump())
  }

  set mode(mode: PipeMode) {
    this.#mode = mode
    if (mode === 'drop') this.#forget()
    this.#throttle()
    this.#pump()
  }

  /** Sends FIN now, whatever waits. */
  end(): void {
    this.#to.end()
  }

  /** Does nothing more. */
  stop(): void {
    this.#stopped = true
    this.#forget()
  }

  #onData(chunk: Buffer): void {
    const { bytesPerSecond } = this.#shaping
    // A limited rate is felt in pieces of 20 ms, not as one late lump.
    const piece = Number.isFinite(bytesPerSecond) ? Math.max(64, Math.ceil(bytesPerSecond / 50)) : chunk.length
    for (let at = 0; at < chunk.length; at += piece) this.#push(chunk.subarray(at, at + piece))
  }

  #push(item: Item): void {
    if (this.#mode === 'drop' || this.#stopped) return
    const { latencyMs, bytesPerSecond } = this.#shaping
    const sendingMs = (sizeOf(item) / bytesPerSecond) * 1000
    this.#lastDueMs = Math.max(performance.now() + latencyMs, this.#lastDueMs + sendingMs)
    this.#waiting.push({ item, dueMs: this.#lastDueMs })
    this.#waitingBytes += sizeOf(item)
    this.#throttle()
    this.#pump()
  }

  #throttle(): void {
    const full = this.#waitingBytes > maxWaitingBytes && this.#mode === 'flow' && this.#shaping.latencyMs === 0
    if (this.#mode === 'stall' || full) this.#from.pause()
    else this.#from.resume()
  }

  #pump(): void {
    clearTimeout(this.#timer)
    if (this.#mode !== 'flow' || this.#stopped) return
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const waitMs = next.dueMs - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), waitMs)
        break
      }
      if (this.#to.writableNeedDrain) break
      this.#waiting.shift()
      this.#waitingBytes -= sizeOf(next.item)
      this.#write(next.item)
    }
    this.#throttle()
  }

  #write(item: Item): void {
    if (item === 'end') this.#to.end()
    else if (item === 'reset') reset(this.#to)
    else this.#to.write(item)
  }

  #forget(): void {
    clearTimeout(this.#timer)
    this.#waiting.length = 0
    this.#waitingBytes = 0
  }
}

function sizeOf(item: Item): number {
  return typeof item === 'string' ? 0 : item.length
}
