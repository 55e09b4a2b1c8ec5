import { type AudioFormat, bytesToMs } from '../../../src/audio/format.js'
import type { ProviderFailure } from '../../../src/providers/contracts.js'
import { messageOf } from '../../../src/util/errors.js'
import type { ContextCall, ContextEvents } from '../../internal/speech-contexts.js'
import { azureFailure } from './failure.js'
import { type AzureSynthesisResult, type AzureSynthesizer, type AzureWordBoundary, dispose, msOfTicks } from './sdk.js'
import type { Synthesizers } from './synthesizers.js'

export interface AzureSpeechSetup {
  readonly synthesizers: Synthesizers
  readonly format: AudioFormat
  ssml(text: string): string
}

/** `ResultReason.SynthesizingAudioCompleted`. */
const completed = 8

/** What is said in a context, text by text, by a synthesizer of its own. */
export class AzureSpeech implements ContextCall {
  private readonly setup: AzureSpeechSetup
  private readonly events: ContextEvents
  private readonly synthesizer: AzureSynthesizer
  private readonly texts: string[] = []
  private speaking = false
  private noMore = false
  private over = false
  private audioBytes = 0
  /** Where the text that is being said begins in the context's audio. */
  private textAtMs = 0

  constructor(setup: AzureSpeechSetup, events: ContextEvents) {
    this.setup = setup
    this.events = events
    this.synthesizer = setup.synthesizers.take()
    this.synthesizer.synthesizing = (_, { result }) => this.audio(result.audioData)
    this.synthesizer.wordBoundary = (_, boundary) => this.word(boundary)
  }

  speak(text: string): void {
    this.texts.push(text)
    this.next()
  }

  end(): void {
    this.noMore = true
    // Never inside a call of the owner's.
    queueMicrotask(() => this.next())
  }

  /** There is no way to stop one but to end it. */
  abort(): void {
    if (this.over) return
    this.over = true
    dispose(this.synthesizer)
  }

  private next(): void {
    if (this.speaking || this.over) return
    const text = this.texts.shift()
    if (text === undefined) return this.noMore ? this.finish() : undefined
    this.speaking = true
    this.textAtMs = bytesToMs(this.setup.format, this.audioBytes)
    this.synthesizer.speakSsmlAsync(
      this.setup.ssml(text),
      result => this.said(result),
      error => this.finish(azureFailure(error)),
    )
  }

  private said({ reason, errorDetails, resultId }: AzureSynthesisResult): void {
    if (reason !== completed) return this.finish(azureFailure(errorDetails ?? '', resultId))
    this.speaking = false
    this.next()
  }

  private audio(data: ArrayBuffer): void {
    if (this.over || data.byteLength === 0) return
    this.audioBytes += data.byteLength
    this.events.audio(new Uint8Array(data))
  }

  private word({ text, audioOffset, duration, boundaryType }: AzureWordBoundary): void {
    // Sentences and punctuation are told too.
    if (this.over || boundaryType !== 'WordBoundary') return
    try {
      const startMs = this.textAtMs + msOfTicks(audioOffset)
      this.events.timing([{ text, startMs, endMs: startMs + msOfTicks(duration) }])
    } catch (error) {
      this.events.warning({ code: 'unreadable_message', message: messageOf(error) })
    }
  }

  private finish(failure?: ProviderFailure): void {
    if (this.over) return
    this.over = true
    if (failure) dispose(this.synthesizer)
    else this.setup.synthesizers.giveBack(this.synthesizer)
    this.events.ended(failure)
  }
}
