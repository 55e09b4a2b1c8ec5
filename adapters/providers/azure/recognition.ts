import type { ProviderFailure, Transcript, Word } from '../../../src/providers/contracts.js'
import type { Cancel, Clock } from '../../../src/util/clock.js'
import { messageOf } from '../../../src/util/errors.js'
import type { RecognitionCall, RecognitionCallEvents } from '../../internal/recognition-calls.js'
import { listOf, numberOf, parseMessage, recordOf, textOf } from '../../internal/vendor-message.js'
import { azureFailure } from './failure.js'
import {
  type AzureCanceled,
  type AzureMessage,
  type AzurePushStream,
  type AzureRecognizer,
  type AzureResult,
  type AzureSdk,
  dispose,
  msOfTicks,
} from './sdk.js'

export interface AzureRecognitionSetup {
  readonly sdk: AzureSdk
  readonly clock: Clock
  readonly recognizer: AzureRecognizer
  readonly audio: AzurePushStream
}

/** Above it the client is not sending: 8 s of 16 kHz audio. */
const highWaterBytes = 256 * 1024
/** How long the client may take to say why it is disconnected. */
const explanationMs = 20

/** One recognizer of Azure's client, and one connection. */
export class AzureRecognition implements RecognitionCall {
  private readonly setup: AzureRecognitionSetup
  private readonly events: RecognitionCallEvents
  private requestId: string | undefined
  private pushedBytes = 0
  private sentBytes = 0
  private full = false
  private ending = false
  private over = false
  private cancelExplanation: Cancel | undefined

  constructor(setup: AzureRecognitionSetup, events: RecognitionCallEvents) {
    this.setup = setup
    this.events = events
    this.listen(setup.recognizer)
    this.watchConnection()
    setup.recognizer.startContinuousRecognitionAsync(undefined, error => this.finish(azureFailure(error)))
  }

  /** What the client has not given to its socket. Of the socket itself it tells nothing. */
  get bufferedBytes(): number {
    return this.over ? 0 : Math.max(0, this.pushedBytes - this.sentBytes)
  }

  push(audio: Uint8Array): boolean {
    if (this.over) return true
    this.pushedBytes += audio.length
    this.setup.audio.write(audio.slice().buffer)
    this.full ||= this.bufferedBytes > highWaterBytes
    return !this.full
  }

  end(): void {
    this.ending = true
    if (!this.over) this.setup.audio.close()
  }

  abort(): void {
    if (this.over) return
    this.over = true
    this.cancelExplanation?.()
    dispose(this.setup.recognizer)
  }

  private listen(recognizer: AzureRecognizer): void {
    recognizer.recognizing = (_, { result }) => this.heard(result, 'interim')
    recognizer.recognized = (_, { result }) => this.heard(result, 'speech-final')
    recognizer.speechStartDetected = (_, { offset }) => {
      if (!this.over) this.events.speechStarted(msOfTicks(offset))
    }
    recognizer.canceled = (_, event) => this.canceled(event)
    recognizer.sessionStopped = () => this.finish()
  }

  private watchConnection(): void {
    const connection = this.setup.sdk.Connection.fromRecognizer(this.setup.recognizer as never)
    connection.connected = ({ sessionId }) => {
      this.requestId = sessionId
      if (!this.over) this.events.ready({ requestId: sessionId })
    }
    connection.messageSent = ({ message }) => this.sent(message)
    // After a phrase the client connects again by itself, with its own idea of what was heard.
    connection.disconnected = () => {
      if (this.over) return
      this.cancelExplanation ??= this.setup.clock.after(explanationMs, () => {
        this.finish(azureFailure('', this.requestId))
      })
    }
  }

  private sent(message: AzureMessage): void {
    // To ask a text for its bytes throws, and that ends the session.
    if (!message.isBinaryMessage) return
    this.sentBytes += message.binaryMessage?.byteLength ?? 0
    if (!this.full || this.bufferedBytes > highWaterBytes / 2) return
    this.full = false
    if (!this.over) this.events.drain()
  }

  private heard(result: AzureResult, kind: Transcript['kind']): void {
    if (this.over) return
    try {
      const transcript = transcriptOf(result, kind)
      if (kind === 'interim' && transcript.text === '') return
      this.events.transcript(transcript)
      this.events.processed(transcript.endMs)
    } catch (error) {
      this.events.warning({ code: 'unreadable_message', message: messageOf(error) })
    }
  }

  private canceled({ reason, errorCode, errorDetails }: AzureCanceled): void {
    // The end of the audio is one reason; the session then stops by itself.
    if (reason === 0) this.finish(azureFailure(errorDetails, this.requestId, errorCode))
  }

  private finish(failure?: ProviderFailure): void {
    if (this.over) return
    this.over = true
    this.cancelExplanation?.()
    dispose(this.setup.recognizer)
    const isEarly = failure === undefined && !this.ending
    this.events.ended(isEarly ? azureFailure('the session was stopped', this.requestId) : failure)
  }
}

function transcriptOf({ text, offset, duration, language, json }: AzureResult, kind: Transcript['kind']): Transcript {
  const startMs = msOfTicks(offset)
  const best = recordOf(listOf(parseMessage(json)?.NBest)[0])
  const words = listOf(best?.Words).map(word => wordOf(recordOf(word) ?? {}))
  return {
    kind,
    text: text ?? '',
    startMs,
    endMs: startMs + msOfTicks(duration),
    confidence: numberOf(best?.Confidence),
    language: language || undefined,
    words: words.length > 0 ? words : undefined,
  }
}

function wordOf({ Word, Offset, Duration, Confidence }: Readonly<Record<string, unknown>>): Word {
  const startMs = msOfTicks(numberOf(Offset) ?? 0)
  return {
    text: textOf(Word) ?? '',
    startMs,
    endMs: startMs + msOfTicks(numberOf(Duration) ?? 0),
    confidence: numberOf(Confidence),
  }
}
