import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { repairDecoder } from '../../../adapters/providers/embedded/decoder-wasm.js'
import { assets, readAsset } from '../../../adapters/providers/embedded/packages.js'
import { rewriteSections, WasmReader, WasmWriter } from '../../../adapters/providers/embedded/wasm-binary.js'
import { widenMemoryImport } from '../../../adapters/providers/embedded/wasm-memory.js'
import { saturateTruncations } from '../../../adapters/providers/embedded/wasm-truncation.js'
import { webAssembly } from '../../../adapters/providers/embedded/web-assembly.js'
import { F32, F64, I32, I64, importingModule, instantiate, moduleOf, name, section } from './wasm-module.js'

const LOCAL_GET_0 = [0x20, 0]
const saturate = (module: Uint8Array) => rewriteSections(module, { 10: saturateTruncations })
const widen = (module: Uint8Array) => rewriteSections(module, { 2: imports => widenMemoryImport(imports, 4096) })

describe('float to integer conversions', () => {
  const big = 1e30
  const conversions = [
    { opcode: 0xa8, from: F32, to: I32, high: 2 ** 31 - 1, low: -(2 ** 31) },
    { opcode: 0xa9, from: F32, to: I32, high: -1, low: 0 },
    { opcode: 0xaa, from: F64, to: I32, high: 2 ** 31 - 1, low: -(2 ** 31) },
    { opcode: 0xab, from: F64, to: I32, high: -1, low: 0 },
    { opcode: 0xae, from: F32, to: I64, high: 2n ** 63n - 1n, low: -(2n ** 63n) },
    { opcode: 0xaf, from: F32, to: I64, high: -1n, low: 0n },
    { opcode: 0xb0, from: F64, to: I64, high: 2n ** 63n - 1n, low: -(2n ** 63n) },
    { opcode: 0xb1, from: F64, to: I64, high: -1n, low: 0n },
  ]
  it.each(conversions)('saturate instead of trapping (opcode $opcode)', ({ opcode, from, to, high, low }) => {
    const trapping = moduleOf(from, to, [...LOCAL_GET_0, opcode])
    expect(() => instantiate(trapping).run(Number.NaN)).toThrow(/unrepresentable/)
    const { run } = instantiate(saturate(trapping))
    expect(run(big)).toBe(high)
    expect(run(-big)).toBe(low)
    expect(Number(run(Number.NaN))).toBe(0)
    expect(Number(run(42.9))).toBe(42)
  })

  it('are found behind every kind of operand, and operands that look like them are left alone', () => {
    const DROP = 0x1a
    const lookAlike = [0xa8, 0xa9, 0xaa, 0xab, 0xae, 0xaf, 0xb0, 0xb1]
    const module = moduleOf(F64, I32, [
      ...[0x41, 0xa8, 0xa9, 0x00, DROP], // i32.const
      ...[0x42, 0xa8, 0xae, 0xb1, 0x01, DROP], // i64.const
      ...[0x43, ...lookAlike.slice(0, 4), DROP], // f32.const
      ...[0x44, ...lookAlike, DROP], // f64.const
      ...[0x41, 0x00, 0x28, 0x02, 0xa8, 0x01, DROP], // i32.load with an offset
      ...[0x02, 0x40, 0x02, 0x40, 0x41, 0x07, 0x0e, 0x01, 0x00, 0x01, 0x0b, 0x0b], // br_table in two blocks
      ...[0x3f, 0x00, DROP], // memory.size
      ...[0x02, 0x40, 0x41, 0x01, 0x0d, 0x00, 0x44, ...lookAlike, 0x41, 0x00, 0x11, 0x00, 0x00, DROP, 0x0b], // call_indirect, not reached
      ...[0x41, 0x00, 0xc0, DROP], // i32.extend8_s
      ...[...LOCAL_GET_0, 0xaa],
    ])
    expect(() => instantiate(module).run(Number.NaN)).toThrow(/unrepresentable/)
    const rewritten = saturate(module)
    expect(rewritten.length).toBe(module.length + 1)
    expect(instantiate(rewritten).run(Number.NaN)).toBe(0)
  })

  it('may make a body longer than its old length field could say', () => {
    for (let count = 1; count < 60; count++) {
      const sums = Array.from({ length: count }, () => [...LOCAL_GET_0, 0xaa, 0x6a]).flat()
      const module = moduleOf(F64, I32, [0x41, 0x00, ...sums])
      expect(instantiate(saturate(module)).run(3.7)).toBe(3 * count)
    }
  })

  it('are changed once: what was rewritten stays as it is', () => {
    const once = saturate(moduleOf(F32, I64, [...LOCAL_GET_0, 0xaf]))
    expect(saturate(once)).toEqual(once)
  })

  it('are not looked for where an instruction is unknown', () => {
    expect(() => saturate(moduleOf(F32, I32, [0xfd, 0x0c]))).toThrow('unknown instruction 0xfd at byte')
    expect(() => saturate(moduleOf(F32, I32, [0xfc, 0x0a, 0x00, 0x00]))).toThrow('unknown instruction 0xfc at byte')
  })
})

describe('an imported memory', () => {
  const memory = [...name('env'), ...name('memory'), 2]

  it.each([
    ['with a maximum', [1, 0x80, 0x0c, 0x80, 0x0c]],
    ['without one', [0, 0x80, 0x0c]],
  ])('%s may be as large as wanted', (_what, limits) => {
    const module = importingModule(4, [
      ...[...name('env'), ...name('f'), 0, 0],
      ...[...name('env'), ...name('t'), 1, 0x70, 1, 2, 3],
      ...[...memory, ...limits],
      ...[...name('env'), ...name('g'), 3, I32, 0],
    ])
    const widened = widen(module)
    const marker = [...memory, 1, 0x80, 0x0c, 0x80, 0x20] // 1,536 to 4,096 pages
    expect(Buffer.from(widened).includes(Buffer.from(marker))).toBe(true)
    expect(() => new webAssembly.Module(widened)).not.toThrow()
    expect(widen(widened)).toEqual(widened)
  })

  it('is not looked for among imports of unknown kinds', () => {
    expect(() => widen(importingModule(1, [...name('env'), ...name('x'), 9]))).toThrow('unknown kind of import 9')
  })
})

describe('the pieces of a module', () => {
  it('come through unchanged where nothing rewrites them', () => {
    const module = Uint8Array.from([...moduleOf(I32, I32, LOCAL_GET_0), ...section(0, ...name('custom'), 1, 2, 3)])
    expect(rewriteSections(module, {})).toEqual(module)
  })

  it('are refused when they are no module or end early', () => {
    expect(() => rewriteSections(new TextEncoder().encode('<!doctype html>'), {})).toThrow(/not a WebAssembly 1 module/)
    const module = moduleOf(F32, I32, [...LOCAL_GET_0, 0xa8])
    const codeSectionBytes = 9
    for (let length = module.length - codeSectionBytes + 1; length < module.length; length++) {
      expect(() => saturate(module.subarray(0, length)), `${length} bytes`).toThrow(/truncated/)
    }
  })

  it('have numbers that read as they were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), value => {
        const bytes = new WasmWriter().unsigned(value).take()
        const reader = new WasmReader(bytes)
        expect(reader.unsigned()).toBe(value)
        expect(reader.done).toBe(true)
      }),
    )
    expect(() => new WasmReader(new Uint8Array(6).fill(0x80)).unsigned()).toThrow(/longer than 32 bits/)
  })
})

describe('the shipped decoder', () => {
  it('becomes a valid module with 55 conversions replaced and room for 256 MiB', () => {
    const shipped = readAsset(assets.decoderWasm)
    const repaired = repairDecoder(shipped)
    expect(repaired.length).toBe(shipped.length + 55)
    expect(() => new webAssembly.Module(repaired)).not.toThrow()
    expect(Buffer.compare(repairDecoder(repaired), repaired)).toBe(0)
  })
})
