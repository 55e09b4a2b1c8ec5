import { sentenceMs } from './audio.js'

const bytesPerMs = 32
const interimEveryMs = 1000
/** Half a second after the voice ends. */
const finalAtMs = 3500

/** What all recognisers of this process were given. */
export const heard = { bytes: 0 }

export interface Result {
  readonly text: string
  readonly final: boolean
  readonly startMs: number
  readonly endMs: number
}

/**
 * A recogniser that costs nothing: it counts bytes and knows what the load generator says. Three interims and a final
 * for each sentence of 4 s.
 */
export class CountingRecogniser {
  private bytes = 0
  private nextAtMs: number

  /** @param hears false: the sound is noise. */
  constructor(hears: boolean) {
    this.nextAtMs = hears ? interimEveryMs : Number.POSITIVE_INFINITY
  }

  /** At most one result a call. */
  take(bytes: number): Result | null {
    this.bytes += bytes
    heard.bytes += bytes
    if (this.bytes < this.nextAtMs * bytesPerMs) return null
    const endMs = this.nextAtMs
    const startMs = endMs - (endMs % sentenceMs)
    const inSentence = endMs - startMs
    const final = inSentence === finalAtMs
    const nextInSentence = final ? sentenceMs + interimEveryMs : Math.min(inSentence + interimEveryMs, finalAtMs)
    this.nextAtMs = startMs + nextInSentence
    return { text: 'what time do the trains leave'.slice(0, inSentence / 100), final, startMs, endMs }
  }
}
