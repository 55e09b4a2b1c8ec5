import { type WasmReader, WasmWriter } from './wasm-binary.js'

const IMPORTED_FUNCTION = 0
const IMPORTED_TABLE = 1
const IMPORTED_MEMORY = 2
const IMPORTED_GLOBAL = 3

/** Rewrites an import section so that a memory of up to `maxPages` (64 KiB each) may be given to the module. */
export function widenMemoryImport(imports: WasmReader, maxPages: number): Uint8Array {
  const count = imports.unsigned()
  const writer = new WasmWriter().unsigned(count)
  for (let i = 0; i < count; i++) {
    const start = imports.offset
    imports.skipBytes() // module
    imports.skipBytes() // name
    const kind = imports.byte()
    if (kind === IMPORTED_MEMORY) {
      const named = imports.bytes.subarray(start, imports.offset)
      const minPages = readLimits(imports)
      writer.raw(named).byte(1).unsigned(minPages).unsigned(Math.max(minPages, maxPages))
    } else {
      skipDescription(imports, kind)
      writer.raw(imports.bytes.subarray(start, imports.offset))
    }
  }
  return writer.take()
}

/** Reads past limits and returns the minimum. */
function readLimits(reader: WasmReader): number {
  const hasMaximum = reader.byte() === 1
  const minimum = reader.unsigned()
  if (hasMaximum) reader.skipNumber()
  return minimum
}

function skipDescription(reader: WasmReader, kind: number): void {
  switch (kind) {
    case IMPORTED_FUNCTION:
      return reader.skipNumber()
    case IMPORTED_TABLE:
      reader.byte()
      readLimits(reader)
      return
    case IMPORTED_GLOBAL:
      return reader.skip(2)
    default:
      throw new TypeError(`wasm: unknown kind of import ${kind} before byte ${reader.offset}`)
  }
}
