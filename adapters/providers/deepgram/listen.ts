import type { ProviderFailure, SttRequest, SttSink, SttStream, Word } from '../../../src/providers/contracts.js'
import { AudioClock } from '../../internal/audio-clock.js'
import type { VendorQuery } from '../../internal/vendor-account.js'
import { listOf, msOf, numberOf, recordOf, textOf, type VendorMessage } from '../../internal/vendor-message.js'
import type { VendorEnd, VendorHeaders } from '../../internal/vendor-socket.js'
import { type VendorRoute, VendorStream } from '../../internal/vendor-stream.js'
import { deepgramFailure, requestIdOf } from './failure.js'
import type { DeepgramSttOptions } from './options.js'

/** A keep-alive does not hold a stream that never had audio, so one gets this much silence first (docs, Audio Keep Alive). */
const firstSilenceMs = 100

export function listenQuery(model: string, own: DeepgramSttOptions, { format, options }: SttRequest): VendorQuery {
  return {
    model,
    language: options.language,
    encoding: format.encoding,
    sample_rate: format.sampleRate,
    channels: format.channels,
    interim_results: true,
    vad_events: true,
    endpointing: own.endpointing ?? 300,
    utterance_end_ms: own.utteranceEndMs ?? 1000,
    smart_format: own.smartFormat,
    punctuate: options.punctuate,
    // Nova-3 refuses `keywords`, older models do not know `keyterm`.
    [model.startsWith('nova-3') ? 'keyterm' : 'keywords']: options.keyterms,
    ...own.query,
    ...options.vendor,
  }
}

/** A stream over `/v1/listen`. */
export class ListenStream extends VendorStream<SttSink> implements SttStream {
  private readonly clock: AudioClock
  /** Finals came that no speech-final has closed yet. */
  private unclosed = false
  private heardAudio = false

  constructor(route: VendorRoute, { format }: SttRequest, sink: SttSink) {
    super(route, sink)
    this.clock = new AudioClock(format)
  }

  push(audio: Uint8Array): boolean {
    // A binary message without bytes would end the stream.
    if (audio.length === 0) return true
    this.heardAudio = true
    this.clock.push(audio.length)
    return this.socket.send(audio)
  }

  finalize(): void {
    this.socket.sendJson({ type: 'Finalize' })
  }

  keepAlive(): void {
    const silence = this.heardAudio ? undefined : this.clock.silence(firstSilenceMs)
    if (silence) this.socket.send(silence)
    this.heardAudio = true
    this.socket.sendJson({ type: 'KeepAlive' })
  }

  close(): void {
    this.socket.close('{"type":"CloseStream"}')
  }

  protected override opened(headers: VendorHeaders): void {
    this.requestId = requestIdOf(headers)
    super.opened(headers)
  }

  protected override judge(end: VendorEnd): ProviderFailure {
    return deepgramFailure(end, this.requestId)
  }

  protected override drained(): void {
    this.sink.drain()
  }

  protected override received(message: VendorMessage): void {
    switch (message.type) {
      case 'Results':
        return this.results(message)
      case 'SpeechStarted':
        return this.sink.speechStarted({ atMs: this.timeOf(message.timestamp) })
      case 'UtteranceEnd':
        return this.utteranceEnd(this.timeOf(message.last_word_end))
      case 'Error':
      case 'Warning':
        return this.sink.warning({ code: String(message.code), message: String(message.description) })
    }
  }

  private results({ start, duration, is_final, speech_final, from_finalize, channel }: VendorMessage): void {
    const startMs = this.timeOf(start)
    const endMs = this.clock.pushedTime(msOf(start) + msOf(duration))
    const best = recordOf(listOf(recordOf(channel)?.alternatives)[0])
    const text = textOf(best?.transcript) ?? ''
    this.sink.progress({ processedMs: endMs })
    // An empty interim is silence; an empty final still says that the silence has been heard.
    if (text !== '' || is_final) {
      const kind = speech_final ? 'speech-final' : is_final ? 'final' : 'interim'
      this.sink.transcript({
        kind,
        text,
        startMs,
        endMs,
        confidence: numberOf(best?.confidence),
        language: textOf(listOf(best?.languages)[0]),
        words: listOf(best?.words).map(word => this.wordOf(recordOf(word) ?? {})),
      })
      if (is_final) this.unclosed = kind === 'final' && (this.unclosed || text !== '')
    }
    if (from_finalize) this.sink.finalized()
  }

  /** The gap after the last word is long, but noise kept the endpointer from saying so. */
  private utteranceEnd(atMs: number): void {
    if (!this.unclosed) return
    this.unclosed = false
    this.sink.transcript({ kind: 'speech-final', text: '', startMs: atMs, endMs: atMs })
  }

  private wordOf({ word, punctuated_word, start, end, confidence }: VendorMessage): Word {
    return {
      text: textOf(punctuated_word) ?? textOf(word) ?? '',
      startMs: this.timeOf(start),
      endMs: this.timeOf(end),
      confidence: numberOf(confidence),
    }
  }

  private timeOf(seconds: unknown): number {
    return this.clock.pushedTime(msOf(seconds))
  }
}
