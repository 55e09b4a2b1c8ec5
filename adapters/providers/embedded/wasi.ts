import { type WasmProgram, webAssembly } from './web-assembly.js'

const PREOPENED_FOLDER = 3
const OUTPUT_FILE = 4

/** WASI error numbers. */
const SUCCESS = 0
const BAD_DESCRIPTOR = 8
const NO_ENTRY = 44
const NOT_SUPPORTED = 58

const CREATE_FLAG = 1
const SEEK_CURRENT = 1
const SEEK_END = 2
const ALL_RIGHTS = 0xffff_ffff_ffff_ffffn
const FILE_TYPE_FOLDER = 3
const FILE_TYPE_REGULAR = 4

type SystemCall = (...args: never[]) => number

/** Thrown through the program by `proc_exit`. */
class ProgramExit {
  readonly code: number

  constructor(code: number) {
    this.code = code
  }
}

export interface ProgramResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** What the program wrote to the one file it created. */
  readonly file: Uint8Array<ArrayBuffer>
}

/** Runs a WASI command that writes at most one file, with no access to anything outside of its own memory. */
export function runProgram(program: WasmProgram, args: readonly string[]): ProgramResult {
  return new ProgramRun(args).run(program)
}

/** One run. It offers the system calls of WASI preview 1 that a text-to-file program uses, all in memory. */
class ProgramRun {
  readonly #args: readonly Uint8Array[]
  readonly #stdout = new GrowingFile()
  readonly #stderr = new GrowingFile()
  readonly #file = new GrowingFile()
  #memory: { readonly buffer: ArrayBuffer } | undefined

  constructor(args: readonly string[]) {
    const encoder = new TextEncoder()
    this.#args = args.map(arg => encoder.encode(`${arg.replaceAll('\0', ' ')}\0`))
  }

  run(program: WasmProgram): ProgramResult {
    const instance = new webAssembly.Instance(program, { wasi_snapshot_preview1: this.#calls })
    this.#memory = instance.exports.memory as { readonly buffer: ArrayBuffer }
    const exitCode = runToExit(instance.exports._start as () => void)
    const decoder = new TextDecoder()
    return {
      exitCode,
      stdout: decoder.decode(this.#stdout.contents()),
      stderr: decoder.decode(this.#stderr.contents()),
      file: this.#file.contents(),
    }
  }

  get #view(): DataView {
    return new DataView(this.#memory!.buffer)
  }

  #bytes(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory!.buffer, address, length)
  }

  #writable(descriptor: number): GrowingFile | undefined {
    if (descriptor === 1) return this.#stdout
    if (descriptor === 2) return this.#stderr
    return descriptor === OUTPUT_FILE ? this.#file : undefined
  }

  readonly #calls = {
    args_sizes_get: (count: number, bytes: number): number => {
      const total = this.#args.reduce((sum, arg) => sum + arg.length, 0)
      this.#view.setUint32(count, this.#args.length, true)
      this.#view.setUint32(bytes, total, true)
      return SUCCESS
    },

    args_get: (pointers: number, bytes: number): number => {
      let address = bytes
      this.#args.forEach((arg, index) => {
        this.#view.setUint32(pointers + 4 * index, address, true)
        this.#bytes(address, arg.length).set(arg)
        address += arg.length
      })
      return SUCCESS
    },

    // A constant time keeps the output a function of the arguments.
    clock_time_get: (_clock: number, _precision: bigint, time: number): number => {
      this.#view.setBigUint64(time, 0n, true)
      return SUCCESS
    },

    fd_prestat_get: (descriptor: number, prestat: number): number => {
      if (descriptor !== PREOPENED_FOLDER) return BAD_DESCRIPTOR
      this.#view.setUint32(prestat, 0, true)
      this.#view.setUint32(prestat + 4, 1, true)
      return SUCCESS
    },

    fd_prestat_dir_name: (_descriptor: number, path: number, length: number): number => {
      this.#bytes(path, length).set([0x2e]) // "."
      return SUCCESS
    },

    fd_fdstat_get: (descriptor: number, stat: number): number => {
      this.#bytes(stat, 24).fill(0)
      this.#view.setUint8(stat, descriptor === PREOPENED_FOLDER ? FILE_TYPE_FOLDER : FILE_TYPE_REGULAR)
      this.#view.setBigUint64(stat + 8, ALL_RIGHTS, true)
      this.#view.setBigUint64(stat + 16, ALL_RIGHTS, true)
      return SUCCESS
    },

    fd_fdstat_set_flags: (): number => SUCCESS,

    path_open: (
      _folder: number,
      _lookup: number,
      _path: number,
      _pathLength: number,
      openFlags: number,
      _rights: bigint,
      _inherited: bigint,
      _flags: number,
      opened: number,
    ): number => {
      if ((openFlags & CREATE_FLAG) === 0) return NO_ENTRY
      this.#view.setUint32(opened, OUTPUT_FILE, true)
      return SUCCESS
    },

    fd_read: (): number => NOT_SUPPORTED,

    fd_write: (descriptor: number, vectors: number, count: number, written: number): number => {
      const file = this.#writable(descriptor)
      if (!file) return BAD_DESCRIPTOR
      let total = 0
      for (let i = 0; i < count; i++) {
        const address = this.#view.getUint32(vectors + 8 * i, true)
        const length = this.#view.getUint32(vectors + 8 * i + 4, true)
        file.write(this.#bytes(address, length))
        total += length
      }
      this.#view.setUint32(written, total, true)
      return SUCCESS
    },

    fd_seek: (descriptor: number, offset: bigint, whence: number, position: number): number => {
      const file = this.#writable(descriptor)
      if (!file) return BAD_DESCRIPTOR
      this.#view.setBigUint64(position, BigInt(file.seek(Number(offset), whence)), true)
      return SUCCESS
    },

    fd_close: (): number => SUCCESS,

    proc_exit: (code: number): number => {
      throw new ProgramExit(code)
    },
  } satisfies Record<string, SystemCall>
}

function runToExit(start: () => void): number {
  try {
    start()
    return 0
  } catch (thrown) {
    if (thrown instanceof ProgramExit) return thrown.code
    throw thrown
  }
}

/** A file in memory that grows as it is written. */
class GrowingFile {
  #bytes = new Uint8Array(1 << 16)
  #length = 0
  #position = 0

  write(data: Uint8Array): void {
    const end = this.#position + data.length
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(data, this.#position)
    this.#position = end
    this.#length = Math.max(this.#length, end)
  }

  seek(offset: number, whence: number): number {
    const base = whence === SEEK_CURRENT ? this.#position : whence === SEEK_END ? this.#length : 0
    this.#position = Math.max(0, base + offset)
    return this.#position
  }

  /** A copy of what was written. */
  contents(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }
}
