import type { AudioFormat } from '../audio/format.js'
import { msToBytes } from '../audio/format.js'
import { opusPacketMs } from '../audio/opus.js'
import { pcmView } from '../audio/pcm.js'

// Words as sound that a program can hear: every word repeats, for as long as it lasts, a mark, its length and its
// letters, one per sample, loud enough for any voice detector. So audio that was lost, doubled or mixed up on the way
// shows in the words that come out.

const SILENT_BELOW = 1000
const MARK = 16_000
const CODE_BASE = 2000
const CODE_STEP = 64
const MAX_CODE = 200
const LENGTH_UNIT_MS = 10
const FILLER = 0

export interface SpeakOptions {
  /** How long each word lasts, a multiple of 10 up to 2000. Default 260. */
  readonly wordMs?: number | undefined
  /** Silence after each word. Default 140: long enough for a voice detector to tell speech from a hum, too short to end it. */
  readonly pauseMs?: number | undefined
}

/** A word that was heard, in milliseconds from the first sample. */
export interface HeardWord {
  /** Ends with `~` when a part of it was missing, with `+` when a part came twice. */
  readonly text: string
  readonly startMs: number
  readonly endMs: number
}

/**
 * The words of `text` as sound that scripted recognisers understand.
 *
 * @throws TypeError for formats other than mono linear16, and for letters beyond Latin-1.
 */
export function speak(text: string, format: AudioFormat, options: SpeakOptions = {}): Uint8Array {
  if (format.encoding !== 'linear16' || format.channels !== 1) {
    throw new TypeError(
      `format: ${format.encoding} with ${format.channels} channels; words are spoken in mono linear16`,
    )
  }
  const { wordMs = 260, pauseMs = 140 } = options
  const words = text.split(/\s+/).filter(word => word !== '')
  const wordSamples = msToBytes(format, wordMs) / 2
  const pauseSamples = msToBytes(format, pauseMs) / 2
  const pcm = new Int16Array(words.length * (wordSamples + pauseSamples)).map((_, i) => noiseAt(i))
  words.forEach((word, index) => {
    const at = index * (wordSamples + pauseSamples)
    const period = periodOf(word, wordMs)
    for (let i = 0; i < wordSamples; i++) pcm[at + i] = period[i % period.length]! * (i % 2 === 0 ? 1 : -1)
  })
  return new Uint8Array(pcm.buffer)
}

/** The noise of a quiet room (-80 dBFS): voice detectors learn from it, and take digital silence for a muted microphone. */
export function silence(ms: number, format: AudioFormat): Uint8Array {
  const bytes = new Uint8Array(msToBytes(format, ms))
  // The two smallest values of mulaw; alaw has none smaller than these.
  if (format.encoding === 'mulaw') return bytes.map((_, i) => (i % 2 === 0 ? 0xff : 0x7e))
  if (format.encoding === 'alaw') return bytes.map((_, i) => (i % 2 === 0 ? 0xd5 : 0x55))
  pcmView(bytes).forEach((_, i, pcm) => {
    pcm[i] = noiseAt(i)
  })
  return bytes
}

/** Its length shares no factor with 2 or 3: a detector that looks at every n-th sample must not see a constant. */
function periodOf(word: string, wordMs: number): number[] {
  const period = [MARK, codeOf(wordMs / LENGTH_UNIT_MS), ...[...word].map(letter => codeOf(letter.charCodeAt(0)))]
  while (period.length % 2 === 0 || period.length % 3 === 0) period.push(codeOf(FILLER))
  return period
}

function noiseAt(sample: number): number {
  return ((sample * 5) % 13) - 6
}

/** The words of `text` as 20 ms packets that scripted recognisers understand and no Opus decoder does. */
export function speakPackets(text: string, packetsPerWord = 15): Uint8Array[] {
  return text.split(/\s+/).flatMap(word => {
    const letters = [...word].map(letter => letter.charCodeAt(0))
    const packets = Array.from({ length: packetsPerWord }, (_, index) => {
      return Uint8Array.from([OPUS_20_MS, index, packetsPerWord, ...letters])
    })
    return [...packets, Uint8Array.from([OPUS_20_MS])]
  })
}

/** Table of contents of a packet with one frame of 20 ms, SILK wideband, mono (RFC 6716 section 3.1). */
const OPUS_20_MS = 0x48

/** Hears the words in sound, whatever pieces it comes in. */
export interface WordListener {
  /** How much was heard, in milliseconds. */
  readonly positionMs: number
  /** Where the word began that is being spoken; undefined in silence. */
  readonly wordStartMs: number | undefined
  /** The words that ended in this piece. */
  push(audio: Uint8Array): HeardWord[]
  /** The word that is being spoken, cut off here. */
  cut(): HeardWord[]
}

export function listenTo(format: AudioFormat): WordListener {
  return format.encoding === 'opus' ? new PacketListener() : new SampleListener(format)
}

class SampleListener implements WordListener {
  private readonly format: AudioFormat
  private position = 0
  private runStart = -1
  private text: string | undefined
  private lengthMs = 0
  private period: number[] | undefined
  /** Of the period before, and where the first like it began. */
  private lastText: string | undefined
  private lastStart = 0

  constructor(format: AudioFormat) {
    this.format = format
  }

  get positionMs(): number {
    return this.msAt(this.position)
  }

  get wordStartMs(): number | undefined {
    return this.runStart < 0 ? undefined : this.msAt(this.runStart)
  }

  push(audio: Uint8Array): HeardWord[] {
    const { encoding, channels } = this.format
    const words: HeardWord[] = []
    if (encoding !== 'linear16' || channels !== 1) {
      this.position += audio.length / (encoding === 'linear16' ? 2 : 1) / channels
      return words
    }
    for (const sample of pcmView(audio)) {
      this.hear(Math.abs(sample), words)
      this.position++
    }
    return words
  }

  cut(): HeardWord[] {
    const words: HeardWord[] = []
    this.endRun(words)
    return words
  }

  private hear(loudness: number, words: HeardWord[]): void {
    if (loudness < SILENT_BELOW) return this.endRun(words)
    if (this.runStart < 0) this.runStart = this.position
    if (loudness === MARK) {
      this.endPeriod(words)
      this.period = []
    } else {
      this.period?.push((loudness - CODE_BASE) / CODE_STEP)
    }
  }

  /** Two equal periods tell the word: one may be torn. Another word without a pause begins another run. */
  private endPeriod(words: HeardWord[]): void {
    const { period, position } = this
    if (!period || period.length < 2) return
    const text = String.fromCharCode(...period.slice(1).filter(code => code !== FILLER))
    const start = position - period.length - 1
    if (text !== this.lastText) {
      this.lastText = text
      this.lastStart = start
      return
    }
    if (this.text !== undefined && this.text !== text) {
      this.position = this.lastStart
      this.endRun(words)
      this.position = position
      this.runStart = this.lastStart
    }
    this.text = text
    this.lengthMs = period[0]! * LENGTH_UNIT_MS
  }

  private endRun(words: HeardWord[]): void {
    if (this.runStart < 0) return
    const startMs = this.msAt(this.runStart)
    const endMs = this.positionMs
    const differenceMs = endMs - startMs - this.lengthMs
    const mark = Math.abs(differenceMs) < 0.2 ? '' : differenceMs < 0 ? '~' : '+'
    words.push({ text: this.text === undefined ? '~' : this.text + mark, startMs, endMs })
    this.runStart = -1
    this.text = undefined
    this.lastText = undefined
    this.period = undefined
  }

  private msAt(samples: number): number {
    return (samples * 1000) / this.format.sampleRate
  }
}

class PacketListener implements WordListener {
  positionMs = 0
  private text: string | undefined
  private startMs = 0
  private count = 0
  private total = 0

  get wordStartMs(): number | undefined {
    return this.text === undefined ? undefined : this.startMs
  }

  push(packet: Uint8Array): HeardWord[] {
    const [, index, total, ...letters] = packet
    const text = letters.length > 0 ? String.fromCharCode(...letters) : undefined
    const words = text === this.text && index !== 0 ? [] : this.cut()
    if (text !== undefined) {
      if (this.text === undefined) this.startMs = this.positionMs
      this.text = text
      this.total = total!
      this.count++
    }
    this.positionMs += opusPacketMs(packet) ?? 0
    return words
  }

  cut(): HeardWord[] {
    if (this.text === undefined) return []
    const mark = this.count === this.total ? '' : this.count < this.total ? '~' : '+'
    const word = { text: this.text + mark, startMs: this.startMs, endMs: this.positionMs }
    this.text = undefined
    this.count = 0
    return [word]
  }
}

function codeOf(value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > MAX_CODE) {
    throw new TypeError(`text: code ${value} cannot be spoken; use Latin letters, and words of 10 to 2000 ms`)
  }
  return CODE_BASE + value * CODE_STEP
}
