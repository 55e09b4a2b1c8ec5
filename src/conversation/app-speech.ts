import type { Clock } from '../util/clock.js'
import type { VoiceError } from '../util/errors.js'
import { appError } from './app-error.js'
import type { LiveUtterance, UtteranceSource } from './live-utterance.js'
import { Pump } from './pump.js'
import type { SpeechQueue } from './speech-queue.js'

/** How many utterances of the application may wait to be spoken. */
const maxWaiting = 8

export interface AppSpeechPorts {
  utterance(source: UtteranceSource, interruptible: boolean): LiveUtterance
  error(error: VoiceError): void
}

/** What the application has said: text at once or as it is written. */
export class AppSpeech {
  readonly #queue: SpeechQueue
  readonly #clock: Clock
  readonly #ports: AppSpeechPorts
  readonly #sources: Map<LiveUtterance, Pump<string>> = new Map()

  constructor(queue: SpeechQueue, clock: Clock, ports: AppSpeechPorts) {
    this.#queue = queue
    this.#clock = clock
    this.#ports = ports
  }

  /** An utterance to be queued; ended as `rejected` when too many wait already, or nothing is said any more. */
  open(interruptible: boolean): LiveUtterance {
    const utterance = this.#ports.utterance('app', interruptible)
    if (this.#queue.closed || this.#queue.waiting('app').count >= maxWaiting) utterance.end('rejected', 0)
    return utterance
  }

  /** Speaks `text` as the utterance. */
  say(utterance: LiveUtterance, text: string | AsyncIterable<string>, stallMs: number): void {
    if (typeof text === 'string') {
      utterance.push(text)
      utterance.finish()
      return this.#queue.add(utterance)
    }
    this.#queue.add(utterance)
    const source = new Pump(
      text,
      { clock: this.#clock, stallMs },
      {
        item: piece => {
          const hasRoom = utterance.push(String(piece))
          this.#queue.written(utterance)
          return hasRoom
        },
        ended: () => this.#finish(utterance),
        failed: error => this.failed(utterance, error),
      },
    )
    utterance.onRoom = () => source.resume()
    this.#sources.set(utterance, source)
    source.resume()
  }

  /** The application's source failed: what came of it is spoken. */
  failed(utterance: LiveUtterance, error: unknown): void {
    utterance.incomplete = true
    this.#ports.error(appError('a source of speech', error))
    this.#finish(utterance)
  }

  /** The utterance is over: nothing more is taken from its source. */
  ended(utterance: LiveUtterance): void {
    this.#sources.get(utterance)?.stop()
    this.#sources.delete(utterance)
  }

  #finish(utterance: LiveUtterance): void {
    utterance.finish()
    this.#queue.written(utterance)
  }
}
