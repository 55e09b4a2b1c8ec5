import type { LiveUtterance } from './live-utterance.js'
import type { SpeechOut } from './ports.js'
import type { Producer } from './speech-queue.js'
import { isSpeakable } from './words.js'

export interface TextVoicePorts {
  produced(utterance: LiveUtterance): void
  starved(): void
}

/** What speaks when there is no synthesiser: the words go out as text, and count as heard when they do. */
export class TextVoice implements Producer {
  readonly #out: SpeechOut
  readonly #ports: TextVoicePorts
  #utterance: LiveUtterance | undefined
  #starving = false

  constructor(out: SpeechOut, ports: TextVoicePorts) {
    this.#out = out
    this.#ports = ports
  }

  get starving(): boolean {
    return this.#starving
  }

  produce(utterance: LiveUtterance): void {
    this.#utterance = utterance
    this.wake()
  }

  wake(): void {
    const utterance = this.#utterance
    if (!utterance) return
    for (let segment = utterance.nextSegment(); segment; segment = utterance.nextSegment()) {
      utterance.alignment.begin(segment.start, segment.end)
      utterance.alignment.complete()
      if (!isSpeakable(segment.text)) continue
      this.#out.send({ type: 'tts_text', utterance_id: utterance.id, text: segment.text.trim() })
    }
    this.#starving = !utterance.exhausted
    if (this.#starving) return this.#ports.starved()
    this.#utterance = undefined
    this.#ports.produced(utterance)
  }

  stop(utterance: LiveUtterance): void {
    if (utterance !== this.#utterance) return
    this.#utterance = undefined
    this.#starving = false
  }
}
