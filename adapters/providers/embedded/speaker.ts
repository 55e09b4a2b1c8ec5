import type { TimedText } from '../../../src/providers/contracts.js'
import { Flite, PAUSE, VOICES, type Voice } from './flite.js'
import { PhoneCounter, timeWords } from './word-timing.js'

/** Flite begins each clause with 160 to 250 ms of silence, which a listener would wait for; this much of it stays. */
const LEAD_IN_MS = 20

export interface SpokenClause {
  readonly audio: Uint8Array<ArrayBuffer>
  readonly durationMs: number
  /** Worked out only when called: it may take another 25 ms. Times count from the start of the clause. */
  words(): readonly TimedText[]
}

/** Turns clauses into sound. */
export class Speaker {
  readonly #flite: Flite
  readonly #counter: PhoneCounter

  constructor() {
    const flite = new Flite()
    this.#flite = flite
    this.#counter = new PhoneCounter(text => flite.pronounce(text))
  }

  /** Undefined when there is nothing to pronounce, as in "...". */
  speak(clause: string, voice: Voice, speakingRate: number): SpokenClause | undefined {
    const { pcm, phones } = this.#flite.speak(clause, voice, speakingRate)
    const first = phones.findIndex(phone => phone.name !== PAUSE)
    if (first < 0) return undefined
    const bytesPerMs = (VOICES[voice] * 2) / 1000
    const cutMs = Math.max(0, (phones[first - 1]?.endMs ?? 0) - LEAD_IN_MS)
    const audio = pcm.slice(cutMs * bytesPerMs)
    return {
      audio,
      durationMs: audio.length / bytesPerMs,
      words: () =>
        timeWords(
          clause,
          phones.map(phone => ({ name: phone.name, endMs: Math.max(0, phone.endMs - cutMs) })),
          this.#counter,
        ),
    }
  }
}
