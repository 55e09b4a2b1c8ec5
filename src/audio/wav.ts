import { pcmBytes, pcmView } from './pcm.js'

/** Says what keeps bytes from being read as a WAV file of 16-bit PCM. */
export class WavError extends Error {
  override readonly name = 'WavError'
}

export interface Wav {
  /** Hz. */
  readonly sampleRate: number
  readonly channels: number
  /** Interleaved. May share memory with the file. */
  readonly pcm: Int16Array
}

const HEADER_BYTES = 44
const FORMAT_PCM = 0x0001
const FORMAT_EXTENSIBLE = 0xfffe
/** What an extensible format's GUID has after the two bytes of its format tag. */
const GUID_TAIL = '000000001000800000aa00389b71'
/** Size fields of a writer that did not know the size. */
const UNKNOWN_SIZE = 0xffffffff

const FORMAT_NAMES: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  3: 'floating point',
  6: 'A-law',
  7: 'mu-law',
  17: 'IMA ADPCM',
  49: 'GSM 6.10',
  80: 'MPEG',
  85: 'MP3',
  255: 'AAC',
}

interface Chunk {
  readonly id: string
  readonly start: number
  readonly end: number
}

/**
 * Reads a WAV file of 16-bit PCM: any rate, any number of channels, plain or extensible header, any further chunks.
 * A file that was cut short or streamed (sizes of 0 or 0xffffffff) is read as far as it goes.
 *
 * @throws WavError for everything else.
 */
export function readWav(file: Uint8Array): Wav {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (text(file, 0) !== 'RIFF' || text(file, 8) !== 'WAVE') {
    throw new WavError('not a WAV file: it does not begin with a RIFF/WAVE header')
  }
  let format: { sampleRate: number; channels: number } | undefined
  for (const chunk of chunks(file, view)) {
    if (chunk.id === 'fmt ') format = readFormat(file, view, chunk)
    if (chunk.id !== 'data') continue
    if (!format) throw new WavError('broken WAV file: no fmt chunk before the data')
    const frames = Math.floor((chunk.end - chunk.start) / (2 * format.channels))
    return { ...format, pcm: pcmView(file.subarray(chunk.start, chunk.start + frames * 2 * format.channels)) }
  }
  throw new WavError('broken WAV file: no data chunk')
}

/** A WAV file of 16-bit PCM. `pcm` is interleaved. */
export function writeWav(pcm: Int16Array, sampleRate: number, channels = 1): Uint8Array {
  const file = new Uint8Array(HEADER_BYTES + pcm.byteLength)
  const view = new DataView(file.buffer)
  put(file, 0, 'RIFF')
  view.setUint32(4, HEADER_BYTES - 8 + pcm.byteLength, true)
  put(file, 8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, FORMAT_PCM, true)
  view.setUint16(22, channels, true)
  view.setUint32(24, sampleRate, true)
  view.setUint32(28, sampleRate * channels * 2, true)
  view.setUint16(32, channels * 2, true)
  view.setUint16(34, 16, true)
  put(file, 36, 'data')
  view.setUint32(40, pcm.byteLength, true)
  file.set(pcmBytes(pcm), HEADER_BYTES)
  return file
}

function* chunks(file: Uint8Array, view: DataView): Generator<Chunk> {
  const riffEnd = 8 + view.getUint32(4, true)
  for (let at = 12; at + 8 <= file.length; ) {
    const id = text(file, at)
    const size = view.getUint32(at + 4, true)
    const start = at + 8
    const streamed = size === UNKNOWN_SIZE || (size === 0 && (riffEnd <= start || riffEnd === 8 + UNKNOWN_SIZE))
    const end = id === 'data' && streamed ? file.length : Math.min(start + size, file.length)
    yield { id, start, end }
    // Chunks begin at even addresses.
    at = end + (size % 2)
  }
}

function readFormat(file: Uint8Array, view: DataView, chunk: Chunk): { sampleRate: number; channels: number } {
  const { start } = chunk
  if (chunk.end - start < 16) throw new WavError('broken WAV file: the fmt chunk is too short')
  const tag = formatTag(file, view, chunk)
  const channels = view.getUint16(start + 2, true)
  const sampleRate = view.getUint32(start + 4, true)
  const bits = view.getUint16(start + 14, true)
  if (tag !== FORMAT_PCM) {
    const hex = `0x${tag.toString(16).padStart(4, '0')}`
    const name = FORMAT_NAMES[tag]
    throw new WavError(
      `the WAV file holds ${name ? `${name} (format ${hex})` : `format ${hex}`}; convert it to 16-bit PCM`,
    )
  }
  if (bits !== 16) throw new WavError(`the WAV file has ${bits}-bit samples; convert it to 16-bit PCM`)
  if (channels === 0) throw new WavError('broken WAV file: 0 channels')
  if (sampleRate === 0) throw new WavError('broken WAV file: a sample rate of 0 Hz')
  return { sampleRate, channels }
}

function formatTag(file: Uint8Array, view: DataView, { start, end }: Chunk): number {
  const tag = view.getUint16(start, true)
  if (tag !== FORMAT_EXTENSIBLE || end - start < 40) return tag
  const tail = Array.from(file.subarray(start + 26, start + 40), byte => byte.toString(16).padStart(2, '0')).join('')
  return tail === GUID_TAIL ? view.getUint16(start + 24, true) : tag
}

function text(file: Uint8Array, at: number): string {
  return String.fromCharCode(...file.subarray(at, at + 4))
}

function put(file: Uint8Array, at: number, ascii: string): void {
  for (let i = 0; i < ascii.length; i++) file[at + i] = ascii.charCodeAt(i)
}
