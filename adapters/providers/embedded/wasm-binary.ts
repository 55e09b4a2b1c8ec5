const PREAMBLE_BYTES = 8

/** Reads a WebAssembly binary from front to back. Offsets are into the bytes it was made of. */
export class WasmReader {
  readonly bytes: Uint8Array
  offset: number
  readonly end: number

  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  get done(): boolean {
    return this.offset >= this.end
  }

  byte(): number {
    if (this.offset >= this.end) throw new RangeError(`wasm: truncated at byte ${this.offset}`)
    return this.bytes[this.offset++]!
  }

  skip(count: number): void {
    if (this.offset + count > this.end) throw new RangeError(`wasm: truncated at byte ${this.end}`)
    this.offset += count
  }

  /** An unsigned LEB128 of at most 32 bits. */
  unsigned(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new RangeError(`wasm: a number longer than 32 bits ends at byte ${this.offset}`)
  }

  /** Passes over one LEB128 of any width and sign. */
  skipNumber(): void {
    while (this.byte() >= 0x80);
  }

  /** Passes over a length-prefixed run of bytes, such as a name. */
  skipBytes(): void {
    this.skip(this.unsigned())
  }

  /** A reader of the next `count` bytes, which this one passes over. */
  part(count: number): WasmReader {
    const part = new WasmReader(this.bytes, this.offset, this.offset + count)
    this.skip(count)
    return part
  }
}

/** Collects the pieces of a rewritten binary; pieces are not copied until `take`. */
export class WasmWriter {
  readonly #pieces: Uint8Array[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  raw(bytes: Uint8Array): this {
    this.#pieces.push(bytes)
    this.#length += bytes.length
    return this
  }

  byte(...bytes: number[]): this {
    return this.raw(Uint8Array.from(bytes))
  }

  /** Writes `value` as the shortest unsigned LEB128. */
  unsigned(value: number): this {
    const bytes = []
    let left = value
    while (left >= 0x80) {
      bytes.push((left % 0x80) | 0x80)
      left = Math.floor(left / 0x80)
    }
    return this.byte(...bytes, left)
  }

  take(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length)
    let offset = 0
    for (const piece of this.#pieces) {
      all.set(piece, offset)
      offset += piece.length
    }
    return all
  }
}

/** Copies a module, giving every section named in `rewrites` to its function, which returns the new content. */
export function rewriteSections(
  wasm: Uint8Array,
  rewrites: Readonly<Record<number, (section: WasmReader) => Uint8Array>>,
): Uint8Array<ArrayBuffer> {
  const isModule = wasm[0] === 0 && wasm[1] === 0x61 && wasm[2] === 0x73 && wasm[3] === 0x6d && wasm[4] === 1
  if (!isModule) throw new TypeError('wasm: not a WebAssembly 1 module')
  const reader = new WasmReader(wasm, PREAMBLE_BYTES)
  const writer = new WasmWriter().raw(wasm.subarray(0, PREAMBLE_BYTES))
  while (!reader.done) {
    const id = reader.byte()
    const section = reader.part(reader.unsigned())
    const content = rewrites[id]?.(section) ?? wasm.subarray(section.offset, section.end)
    writer.byte(id).unsigned(content.length).raw(content)
  }
  return writer.take()
}
