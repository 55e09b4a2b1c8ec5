import { AudioConverter } from '../../src/audio/convert.js'
import { type AudioEncoding, type AudioFormat, bytesToMs } from '../../src/audio/format.js'
import { pcmView } from '../../src/audio/pcm.js'
import type { PlaybackReport, TtsMarker } from '../../src/protocol/index.js'

type Marker<T extends TtsMarker['type']> = Extract<TtsMarker, { readonly type: T }>

interface Speech {
  readonly id: string
  readonly parts: Int16Array[]
  /** Stretches the server left out: they take no time to hear but count on the timeline. */
  readonly skips: { readonly atMs: number; readonly ms: number }[]
  receivedBytes: number
  soundMs: number
  heardMs: number
  /** The length of the timeline, once the server has told. */
  endMs: number | undefined
  underruns: number
  dry: boolean
}

/** A loudspeaker without sound: plays what it is given in real time and keeps a recording of what was heard. */
export class Speaker {
  readonly #sampleRate: number
  readonly #heard: Speech[] = []
  #queue: Speech[] = []
  /** The utterance that binary messages belong to. */
  #receiving: Speech | undefined
  #format: AudioFormat = { encoding: 'linear16', sampleRate: 0, channels: 1 }
  #converter: AudioConverter | undefined
  #nowMs: number

  /** @param sampleRate of the recording, in Hz. */
  constructor(sampleRate: number, nowMs: number) {
    this.#sampleRate = sampleRate
    this.#nowMs = nowMs
  }

  /** Something is being heard, or is about to be. */
  get busy(): boolean {
    return this.#queue.length > 0
  }

  start(marker: Marker<'tts_start'>): void {
    const speech: Speech = {
      id: marker.utterance_id,
      parts: [],
      skips: [],
      receivedBytes: marker.from_bytes,
      soundMs: 0,
      heardMs: 0,
      endMs: undefined,
      underruns: 0,
      dry: false,
    }
    this.#flush()
    this.#receiving = speech
    this.#queue.push(speech)
    this.format(marker)
  }

  format({ encoding, sample_rate }: { readonly encoding: AudioEncoding; readonly sample_rate: number }): void {
    this.#flush()
    this.#format = { encoding, sampleRate: sample_rate, channels: 1 }
    this.#converter = new AudioConverter(this.#format, {
      encoding: 'linear16',
      sampleRate: this.#sampleRate,
      channels: 1,
    })
  }

  skip({ ms }: Marker<'tts_skip'>): void {
    this.#receiving?.skips.push({ atMs: this.#receiving.soundMs, ms })
  }

  /** True for the first sound of an utterance. */
  audio(bytes: Uint8Array): { readonly utteranceId: string; readonly first: boolean } | null {
    const speech = this.#receiving
    if (!speech) return null
    const first = speech.soundMs === 0
    speech.receivedBytes += bytes.length
    speech.soundMs += bytesToMs(this.#format, bytes.length)
    speech.dry = false
    speech.parts.push(pcmView(this.#converter!.convert(bytes)))
    return { utteranceId: speech.id, first }
  }

  end({ ms }: Marker<'tts_end'>): void {
    this.#flush()
    if (this.#receiving) this.#receiving.endMs = ms
    this.#receiving = undefined
  }

  /** Plays up to now. True when an utterance has been heard to its end: report it, then call `finish`. */
  advance(nowMs: number): boolean {
    const elapsedMs = nowMs - this.#nowMs
    this.#nowMs = nowMs
    const speech = this.#queue[0]
    if (!speech) return false
    const leftMs = speech.soundMs - speech.heardMs
    if (leftMs < elapsedMs && speech.endMs === undefined && speech.heardMs > 0 && !speech.dry) {
      speech.dry = true
      speech.underruns++
    }
    speech.heardMs += Math.min(leftMs, elapsedMs)
    return speech.endMs !== undefined && speech.heardMs >= speech.soundMs
  }

  /** The utterance being heard is over. */
  finish(): void {
    const speech = this.#queue.shift()
    if (speech) this.#heard.push(speech)
  }

  /** Drops everything up to and including `through`; tells what was being heard, and how far. */
  clear(through: string): { readonly utteranceId: string; readonly playedMs: number } {
    const last = this.#queue.findIndex(speech => speech.id === through)
    const dropped = this.#queue.slice(0, last + 1)
    this.#queue = this.#queue.slice(last + 1)
    const current = dropped[0]
    if (!current) return { utteranceId: through, playedMs: this.#heard.find(each => each.id === through)?.endMs ?? 0 }
    if (this.#receiving && dropped.includes(this.#receiving)) {
      this.#flush()
      this.#receiving = undefined
    }
    this.#heard.push(current)
    return { utteranceId: current.id, playedMs: positionMs(current) }
  }

  report(): PlaybackReport | null {
    const speech = this.#queue[0]
    if (!speech) return null
    return {
      utterance_id: speech.id,
      received_bytes: speech.receivedBytes,
      played_ms: positionMs(speech),
      buffered_ms: this.#queue.reduce((sum, each) => sum + each.soundMs - each.heardMs, 0),
      underruns: speech.underruns,
    }
  }

  /** All that was heard, one utterance after the other. */
  recording(): Int16Array {
    const parts = [...this.#heard, ...this.#queue].flatMap(speech => heardParts(speech, this.#sampleRate))
    const recording = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of parts) {
      recording.set(part, at)
      at += part.length
    }
    return recording
  }

  /** The last samples of one format still belong to the utterance they came with. */
  #flush(): void {
    if (this.#converter) this.#receiving?.parts.push(pcmView(this.#converter.flush()))
  }
}

function positionMs(speech: Speech): number {
  if (speech.endMs !== undefined && speech.heardMs >= speech.soundMs) return speech.endMs
  return speech.skips.reduce((sum, skip) => (skip.atMs <= speech.heardMs ? sum + skip.ms : sum), speech.heardMs)
}

/** The samples of an utterance up to where it was cut off. */
function heardParts(speech: Speech, sampleRate: number): Int16Array[] {
  const whole = speech.endMs !== undefined && speech.heardMs >= speech.soundMs
  let left = whole ? Number.POSITIVE_INFINITY : Math.round((speech.heardMs * sampleRate) / 1000)
  return speech.parts.map(part => {
    const kept = part.subarray(0, Math.min(left, part.length))
    left -= kept.length
    return kept
  })
}
