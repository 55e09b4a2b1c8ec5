import { WasmWriter } from '../../../adapters/providers/embedded/wasm-binary.js'
import { webAssembly } from '../../../adapters/providers/embedded/web-assembly.js'

export const I32 = 0x7f
export const I64 = 0x7e
export const F32 = 0x7d
export const F64 = 0x7c
export const END = 0x0b

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

/** Content with its length in front, as sections, bodies and names have it. */
export function sized(...bytes: number[]): number[] {
  return [...new WasmWriter().unsigned(bytes.length).take(), ...bytes]
}

export function section(id: number, ...content: number[]): number[] {
  return [id, ...sized(...content)]
}

export function name(text: string): number[] {
  return sized(...new TextEncoder().encode(text))
}

/** A module that exports one function `run` from `parameter` to `result`, with a table, a memory and these instructions. */
export function moduleOf(parameter: number, result: number, instructions: number[]): Uint8Array {
  return Uint8Array.from([
    ...HEADER,
    ...section(1, 1, 0x60, 1, parameter, 1, result),
    ...section(3, 1, 0),
    ...section(4, 1, 0x70, 0, 1),
    ...section(5, 1, 0, 1),
    ...section(7, 1, ...name('run'), 0, 0),
    ...section(10, 1, ...sized(0, ...instructions, END)),
  ])
}

/** A module that imports what `imports` says, `count` things. */
export function importingModule(count: number, imports: number[]): Uint8Array {
  return Uint8Array.from([...HEADER, ...section(1, 1, 0x60, 0, 0), ...section(2, count, ...imports)])
}

export function instantiate(module: Uint8Array, imports: Record<string, Record<string, unknown>> = {}) {
  return new webAssembly.Instance(new webAssembly.Module(module), imports).exports as {
    run: (value: number | bigint) => number | bigint
  }
}
