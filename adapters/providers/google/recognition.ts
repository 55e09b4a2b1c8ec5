import type { ProviderFailure } from '../../../src/providers/contracts.js'
import { messageOf } from '../../../src/util/errors.js'
import type { RecognitionCall, RecognitionCallEvents } from '../../internal/recognition-calls.js'
import { recordOf, type VendorMessage } from '../../internal/vendor-message.js'
import { googleFailure } from './failure.js'
import { type GoogleResponse, type GoogleResult, responseOf, transcriptOf } from './results.js'
import type { GoogleCall } from './sdk.js'

export interface RecognitionSetup {
  readonly call: GoogleCall
  /** The first message. */
  readonly config: object
  /** What a message calls its audio. */
  readonly audioField: 'audio' | 'audioContent'
  readonly maxMessageBytes: number
  /** Settles when the connection is up, or is known not to come. */
  readonly connected: Promise<void>
  readonly onMessage: ((message: VendorMessage) => void) | undefined
}

/** One `StreamingRecognize`. */
export class GoogleRecognition implements RecognitionCall {
  private readonly setup: RecognitionSetup
  private readonly events: RecognitionCallEvents
  private pendingBytes = 0
  private requestId: string | undefined
  /** Where the last final ended. */
  private heardMs = 0
  /** Words that are not final were heard. */
  private outstanding = false
  /** Words of the utterance are final. */
  private spoken = false
  /** Google noticed the end of the utterance whose words are not final yet. */
  private speechEnded = false
  private over = false

  constructor(setup: RecognitionSetup, events: RecognitionCallEvents) {
    this.setup = setup
    this.events = events
    const { call, config, connected } = setup
    call.on('data', (response: unknown) => this.received(response))
    call.on('error', (error: unknown) => this.finish(googleFailure(error, this.requestId)))
    call.on('end', () => this.finish())
    call.on('drain', () => {
      if (!this.over) events.drain()
    })
    call.write(config)
    // When it does not come, the call says why.
    connected.then(
      () => this.over || events.ready(),
      () => {},
    )
  }

  get bufferedBytes(): number {
    return this.pendingBytes
  }

  push(audio: Uint8Array): boolean {
    if (this.over) return true
    const { maxMessageBytes } = this.setup
    let writable = true
    for (let at = 0; at < audio.length; at += maxMessageBytes)
      writable = this.write(audio.subarray(at, at + maxMessageBytes))
    return writable
  }

  end(): void {
    if (!this.over) this.setup.call.end()
  }

  abort(): void {
    this.over = true
    this.setup.call.cancel()
  }

  private write(audio: Uint8Array): boolean {
    const { length } = audio
    this.pendingBytes += length
    // Messages are encoded later, when the bytes are somebody else's.
    return this.setup.call.write({ [this.setup.audioField]: Buffer.from(audio) }, () => {
      this.pendingBytes -= length
    })
  }

  private finish(failure?: ProviderFailure): void {
    if (this.over) return
    this.over = true
    this.pendingBytes = 0
    this.events.ended(failure)
  }

  private received(message: unknown): void {
    if (this.over) return
    try {
      const fields = recordOf(message) ?? {}
      this.setup.onMessage?.(fields)
      this.heard(responseOf(fields))
    } catch (error) {
      this.events.warning({ code: 'unreadable_message', message: messageOf(error) })
    }
  }

  private heard({ results, event, eventMs, requestId }: GoogleResponse): void {
    this.requestId ??= requestId
    if (event === 'begin') this.begun(eventMs ?? this.heardMs)
    for (const result of results) if (result.isFinal) this.final(result)
    this.interim(results.filter(({ isFinal }) => !isFinal))
    if (event === 'end') this.ended(eventMs ?? this.heardMs)
    const processedMs = results.at(-1)?.endMs ?? eventMs
    if (processedMs !== undefined) this.events.processed(processedMs)
  }

  private begun(atMs: number): void {
    this.speechEnded = false
    this.events.speechStarted(atMs)
  }

  private final(result: GoogleResult): void {
    this.outstanding = false
    this.spoken ||= result.text !== ''
    const ends = this.speechEnded
    const transcript = transcriptOf(result, ends ? 'speech-final' : 'final', this.heardMs)
    this.heardMs = transcript.endMs
    if (ends) this.utteranceOver()
    this.events.transcript(transcript)
  }

  /** The parts of one message are one text: the first is stable, the others may still change. */
  private interim(parts: readonly GoogleResult[]): void {
    const text = parts
      .map(part => part.text)
      .join(' ')
      .trim()
    const last = parts.at(-1)
    if (!last || text === '') return
    this.outstanding = true
    this.events.transcript(transcriptOf({ ...last, text }, 'interim', this.heardMs))
  }

  /** Voice has stopped; the last words of it may be final already or come later. */
  private ended(atMs: number): void {
    if (this.outstanding) this.speechEnded = true
    else if (this.spoken) {
      this.utteranceOver()
      const endMs = Math.max(this.heardMs, atMs)
      this.events.transcript({ kind: 'speech-final', text: '', startMs: this.heardMs, endMs })
    }
  }

  private utteranceOver(): void {
    this.spoken = false
    this.speechEnded = false
  }
}
