/** A compiled program. */
export type WasmProgram = object

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>
}

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => WasmProgram
  readonly Instance: new (
    program: WasmProgram,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => WasmInstance
}

/** The engine every runtime has; Node's types leave it to the DOM's, which an adapter for servers does not load. */
export const webAssembly: WebAssemblyApi = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly
