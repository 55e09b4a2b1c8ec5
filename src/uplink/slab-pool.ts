/** 1 s of 16 kHz linear16: small enough that a session which is heard promptly holds two. */
export const SLAB_BYTES: number = 32 * 1024
/** Free slabs kept for the next session, beside as many as are in use; the garbage collector gets the rest. */
const SPARE = 256

/** A piece of memory for audio, with views of it that are made once: a view costs as much as copying what it shows. */
export class Slab {
  readonly bytes: Uint8Array = new Uint8Array(SLAB_BYTES)
  /** Bytes in use: a whole number of grid cells. */
  limit: number = SLAB_BYTES
  /** Runs of audio now kept in it. */
  runs = 0
  private grid = 0
  private readonly cells: Uint8Array[] = []

  /** Cuts the memory into cells of `gridBytes`, of which each has a view that is used again. */
  prepare(gridBytes: number): void {
    this.runs = 0
    if (this.grid === gridBytes) return
    this.grid = gridBytes
    this.limit = gridBytes > SLAB_BYTES ? SLAB_BYTES : SLAB_BYTES - (SLAB_BYTES % gridBytes)
    this.cells.length = 0
  }

  view(at: number, length: number): Uint8Array {
    if (length !== this.grid || at % length !== 0) return this.bytes.subarray(at, at + length)
    const cell = at / length
    const known = this.cells[cell]
    if (known) return known
    const view = this.bytes.subarray(at, at + length)
    this.cells[cell] = view
    return view
  }
}

/** The memory for audio of all sessions of a handler. Holds nothing until somebody speaks. */
export class SlabPool {
  private readonly budgetBytes: number
  private readonly free: Slab[] = []
  private used = 0
  private joined: Uint8Array = new Uint8Array(0)

  /** @param budgetBytes beyond which every session is asked to hold less. */
  constructor(budgetBytes: number) {
    this.budgetBytes = budgetBytes
  }

  /** Bytes now lent to sessions. */
  get usedBytes(): number {
    return this.used * SLAB_BYTES
  }

  /** The budget is spent: sessions must hold less. */
  get tight(): boolean {
    return this.used * SLAB_BYTES >= this.budgetBytes
  }

  take(gridBytes: number): Slab {
    this.used++
    const slab = this.free.pop() ?? new Slab()
    slab.prepare(gridBytes)
    return slab
  }

  give(slab: Slab): void {
    this.used--
    if (this.free.length < this.used + SPARE) this.free.push(slab)
  }

  /** Memory for joining audio that lies in several slabs. Valid until the next call by anybody. */
  scratch(length: number): Uint8Array {
    if (this.joined.length < length) this.joined = new Uint8Array(length)
    return this.joined.subarray(0, length)
  }
}
