import { type WasmReader, WasmWriter } from './wasm-binary.js'

const SATURATING_PREFIX = 0xfc

/**
 * Makes a code section non-trapping: every float to integer conversion, which traps on NaN and on values out of
 * range, becomes the saturating one of the same types, which gives 0 or the nearest integer.
 */
export function saturateTruncations(code: WasmReader): Uint8Array {
  const count = code.unsigned()
  const writer = new WasmWriter().unsigned(count)
  for (let i = 0; i < count; i++) {
    const body = saturateBody(code.part(code.unsigned()))
    writer.unsigned(body.length).raw(body)
  }
  return writer.take()
}

function saturateBody(body: WasmReader): Uint8Array {
  const start = body.offset
  skipLocals(body)
  const writer = new WasmWriter()
  let copiedTo = start
  while (!body.done) {
    const at = body.offset
    const saturating = saturatingVariant(body.byte())
    if (saturating === undefined) {
      body.offset = at
      skipInstruction(body)
    } else {
      writer.raw(body.bytes.subarray(copiedTo, at)).byte(SATURATING_PREFIX, saturating)
      copiedTo = body.offset
    }
  }
  return writer.raw(body.bytes.subarray(copiedTo, body.end)).take()
}

function skipLocals(body: WasmReader): void {
  for (let groups = body.unsigned(); groups > 0; groups--) {
    body.skipNumber()
    body.byte()
  }
}

/** The second byte of the saturating instruction for `i32.trunc_*` (0xA8-0xAB) and `i64.trunc_*` (0xAE-0xB1). */
function saturatingVariant(opcode: number): number | undefined {
  if (opcode >= 0xa8 && opcode <= 0xab) return opcode - 0xa8
  if (opcode >= 0xae && opcode <= 0xb1) return opcode - 0xae + 4
  return undefined
}

/** Passes over one instruction of WebAssembly 1.0, sign extension or saturating truncation with its immediates. */
function skipInstruction(body: WasmReader): void {
  const at = body.offset
  const opcode = body.byte()
  if (opcode >= 0x45 && opcode <= 0xc4) return // comparisons, arithmetic, conversions
  switch (opcode) {
    case 0x00: // unreachable
    case 0x01: // nop
    case 0x05: // else
    case 0x0b: // end
    case 0x0f: // return
    case 0x1a: // drop
    case 0x1b: // select
      return
    case 0x02: // block
    case 0x03: // loop
    case 0x04: // if
    case 0x0c: // br
    case 0x0d: // br_if
    case 0x10: // call
    case 0x20: // local.get
    case 0x21: // local.set
    case 0x22: // local.tee
    case 0x23: // global.get
    case 0x24: // global.set
    case 0x3f: // memory.size
    case 0x40: // memory.grow
    case 0x41: // i32.const
    case 0x42: // i64.const
      return body.skipNumber()
    case 0x0e: // br_table: the targets and the default
      for (let targets = body.unsigned(); targets >= 0; targets--) body.skipNumber()
      return
    case 0x11: // call_indirect: type and table
      body.skipNumber()
      return body.skipNumber()
    case 0x43: // f32.const
      return body.skip(4)
    case 0x44: // f64.const
      return body.skip(8)
    case SATURATING_PREFIX:
      if (body.unsigned() <= 7) return
      break
    default:
      if (opcode < 0x28 || opcode > 0x3e) break
      body.skipNumber() // loads and stores: alignment and offset
      return body.skipNumber()
  }
  throw new TypeError(`wasm: unknown instruction 0x${opcode.toString(16)} at byte ${at}`)
}
