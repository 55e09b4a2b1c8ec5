import { VoiceError } from '../util/errors.js'
import type { LiveUtterance } from './live-utterance.js'
import type { SpeechQueue } from './speech-queue.js'
import { isSpeakable, joinSpeech } from './words.js'

/** What a client wants spoken. */
export interface SpeakRequest {
  readonly text: string
  /** False: wait for more text. */
  readonly flush: boolean
  readonly allow_interruption: boolean
  readonly utterance_id?: string | undefined
}

export interface ClientSpeechPorts {
  utterance(interruptible: boolean, id: string | undefined): LiveUtterance
  error(error: VoiceError, utteranceId: string | undefined): void
}

/** What may wait to be spoken for a client. */
const maxWaiting = 64
const maxWaitingChars = 20_000
/** Names of utterances that are remembered, so that none is taken for an older one. */
const maxNames = 64

/** What the client has spoken: each request an utterance, those that do not flush together with the next one that does. */
export class ClientSpeech {
  readonly #queue: SpeechQueue
  readonly #ports: ClientSpeechPorts
  #text = ''
  #interruptible = true
  #id: string | undefined
  readonly #names: Set<string> = new Set()

  constructor(queue: SpeechQueue, ports: ClientSpeechPorts) {
    this.#queue = queue
    this.#ports = ports
  }

  speak(request: SpeakRequest): void {
    const { count, chars } = this.#queue.waiting('client')
    if (count >= maxWaiting || chars + this.#text.length + request.text.length > maxWaitingChars) {
      return this.#refuse(
        'queue_full',
        true,
        `speak: ${maxWaiting} utterances or ${maxWaitingChars} characters wait already; send less ahead`,
        request,
      )
    }
    if (request.utterance_id !== undefined && this.#names.has(request.utterance_id)) {
      return this.#refuse('bad_message', false, 'speak.utterance_id: used before; give each utterance its own', request)
    }
    this.#text = joinSpeech(this.#text, request.text)
    this.#interruptible &&= request.allow_interruption
    this.#id ??= request.utterance_id
    if (request.flush) this.#flush()
  }

  /** Forgets text that waits for a flush. */
  clear(utteranceId?: string): void {
    if (utteranceId !== undefined && utteranceId !== this.#id) return
    this.#text = ''
    this.#interruptible = true
    this.#id = undefined
  }

  #flush(): void {
    const text = this.#text
    const interruptible = this.#interruptible
    const id = this.#id
    this.clear()
    // Blank text is how clients flush; there is nothing to say and nothing that could hold the conversation up.
    if (!isSpeakable(text)) return
    if (id !== undefined) this.#remember(id)
    const utterance = this.#ports.utterance(interruptible, id)
    utterance.push(text)
    utterance.finish()
    this.#queue.add(utterance)
  }

  #remember(name: string): void {
    const [oldest] = this.#names
    if (oldest !== undefined && this.#names.size >= maxNames) this.#names.delete(oldest)
    this.#names.add(name)
  }

  #refuse(code: string, retryable: boolean, message: string, { utterance_id }: SpeakRequest): void {
    this.#ports.error(new VoiceError(message, { code, class: 'DATA', scope: 'client', retryable }), utterance_id)
  }
}
