import { assets, readAsset } from './packages.js'
import { runProgram } from './wasi.js'
import { type WasmProgram, webAssembly } from './web-assembly.js'

/** The voices inside the package and the rate of their sound, in Hz. */
export const VOICES = { slt: 16_000, rms: 16_000, kal16: 16_000, awb: 16_000, kal: 8_000 } as const

export type Voice = keyof typeof VOICES

export function isVoice(name: string): name is Voice {
  return Object.hasOwn(VOICES, name)
}

/** One sound of the language, or `pau` for a pause. */
export interface Phone {
  readonly name: string
  readonly endMs: number
}

export interface FliteSpeech {
  /** linear16, mono, at the rate of the voice. */
  readonly pcm: Uint8Array
  readonly phones: readonly Phone[]
}

export const PAUSE = 'pau'

const WAV_HEADER_BYTES = 44

/** The Flite synthesiser. Every call is a new instance of the program: it cannot leak or be left broken. */
export class Flite {
  readonly #program: WasmProgram

  constructor() {
    this.#program = new webAssembly.Module(readAsset(assets.fliteWasm))
  }

  /** `speakingRate` 2 is twice as fast. Takes about 50 ms and 3 % of the duration; blocks. */
  speak(text: string, voice: Voice, speakingRate: number): FliteSpeech {
    const stretch = (1 / speakingRate).toFixed(3)
    const { file, stdout } = this.#run(text, voice, ['-psdur', '--setf', `duration_stretch=${stretch}`])
    return { pcm: file.subarray(WAV_HEADER_BYTES), phones: stdout.split(/\s+/).filter(Boolean).map(parsePhone) }
  }

  /** The phones of the text, without their times. */
  pronounce(text: string): string[] {
    return this.#run(text, 'kal', ['-ps']).stdout.split(/\s+/).filter(Boolean)
  }

  #run(text: string, voice: Voice, options: readonly string[]): { file: Uint8Array; stdout: string } {
    const result = runProgram(this.#program, ['flite', '-voice', voice, ...options, '-t', plainText(text), '-o', 'wav'])
    if (result.exitCode !== 0 || result.file.length < WAV_HEADER_BYTES)
      throw new Error(`Flite ended with code ${result.exitCode}: ${result.stderr.trim()}`)
    return result
  }
}

function parsePhone(printed: string): Phone {
  const colon = printed.lastIndexOf(':')
  return { name: printed.slice(0, colon), endMs: Math.round(Number(printed.slice(colon + 1)) * 1000) }
}

/** Flite speaks ASCII and skips the rest, so letters lose their accents and quotes their curls instead. */
function plainText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/[\u2013\u2014]/g, ' - ')
}
