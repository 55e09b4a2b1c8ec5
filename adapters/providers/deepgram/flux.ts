import type {
  ProviderFailure,
  SttOptions,
  SttRequest,
  SttSink,
  SttStream,
  Transcript,
  Word,
} from '../../../src/providers/contracts.js'
import { onlyKeytermsDiffer } from '../../internal/option-changes.js'
import type { VendorQuery } from '../../internal/vendor-account.js'
import {
  listOf,
  meanConfidence,
  msOf,
  numberOf,
  recordOf,
  textOf,
  type VendorMessage,
} from '../../internal/vendor-message.js'
import type { VendorEnd, VendorHeaders } from '../../internal/vendor-socket.js'
import { type VendorRoute, VendorStream } from '../../internal/vendor-stream.js'
import { deepgramError, deepgramFailure, requestIdOf } from './failure.js'
import type { DeepgramSttOptions } from './options.js'

export function fluxQuery(model: string, own: DeepgramSttOptions, { format, options }: SttRequest): VendorQuery {
  return {
    model,
    encoding: format.encoding,
    sample_rate: format.sampleRate,
    // Only the multilingual model takes it; the others refuse the upgrade.
    language_hint: model.endsWith('-multi') ? options.language : undefined,
    eot_threshold: own.eotThreshold,
    eager_eot_threshold: own.eagerEotThreshold,
    eot_timeout_ms: own.eotTimeoutMs,
    keyterm: options.keyterms,
    ...own.query,
    ...options.vendor,
  }
}

/** What an account turned out not to have. Shared by the streams of a provider. */
export interface FluxFeatures {
  /** `ForceEndTurn` has to be enabled by Deepgram; where it is not, it ends the connection (SDK, `sendForceEndTurn`). */
  forceEndTurn: boolean
}

/** A stream over `/v2/listen`. Its results are cumulative within a turn, and only the end of a turn is final. */
export class FluxStream extends VendorStream<SttSink> implements SttStream {
  private readonly features: FluxFeatures
  private options: SttOptions
  /** What is known of the turn that is open. */
  private turn: Omit<Transcript, 'kind'> | undefined
  /** A turn was ended by force on this connection. */
  private forced = false

  constructor(route: VendorRoute, { options }: SttRequest, features: FluxFeatures, sink: SttSink) {
    super(route, sink)
    this.features = features
    this.options = options
  }

  push(audio: Uint8Array): boolean {
    return audio.length === 0 || this.socket.send(audio)
  }

  finalize(): void {
    if (!this.features.forceEndTurn) return
    this.forced = true
    this.socket.sendJson({ type: 'ForceEndTurn' })
  }

  /** A turn that gets no more audio would never end: Flux counts silence in audio and not in time. */
  keepAlive(): void {
    if (this.turn) this.finalize()
    this.socket.ping()
  }

  update(options: SttOptions): boolean {
    if (!onlyKeytermsDiffer(this.options, options)) return false
    this.options = options
    this.socket.sendJson({ type: 'Configure', keyterms: options.keyterms ?? [] })
    return true
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

  /** A closed stream gives the last updates and no end of turn (docs, Close Stream). */
  protected override closed(failure: ProviderFailure | undefined, answered: boolean): void {
    if (answered && this.turn?.text) this.sink.transcript({ ...this.turn, kind: 'speech-final' })
    super.closed(failure, answered)
  }

  protected override received(message: VendorMessage): void {
    switch (message.type) {
      case 'Connected':
        this.requestId = textOf(message.request_id)
        return
      case 'TurnInfo':
        return this.turnInfo(message)
      case 'Error':
        return this.failed(deepgramError(message, this.requestId))
      case 'ConfigureFailure':
        return this.sink.warning({ code: 'configure_failure', message: 'the new options were refused' })
    }
  }

  private failed(failure: ProviderFailure): void {
    if (!this.forced || failure.vendorCode !== 'UNPARSABLE_CLIENT_MESSAGE') return this.socket.fail(failure)
    this.features.forceEndTurn = false
    // The next connection will not meet it again.
    this.socket.fail({ ...failure, class: 'lifetime', reason: 'ForceEndTurn is not enabled for this account' })
  }

  private turnInfo(message: VendorMessage): void {
    const turn = turnOf(message)
    this.sink.progress({ processedMs: turn.endMs })
    if (message.event === 'EndOfTurn') return this.endOfTurn(turn, message.trigger === 'manual')
    if (message.event === 'StartOfTurn') this.sink.speechStarted({ atMs: turn.startMs })
    if (message.event === 'TurnResumed') this.sink.resumed?.()
    if (message.event === 'StartOfTurn' || turn.text !== '' || this.turn) this.turn = turn
    if (turn.text !== '') this.sink.transcript({ ...turn, kind: 'interim' })
    if (message.event === 'EagerEndOfTurn') this.sink.eagerEnd?.({ text: turn.text })
  }

  private endOfTurn(turn: Omit<Transcript, 'kind'>, forced: boolean): void {
    this.turn = undefined
    this.sink.transcript({ ...turn, kind: 'speech-final' })
    if (forced) this.sink.finalized()
  }
}

function turnOf(message: VendorMessage): Omit<Transcript, 'kind'> {
  const { transcript, words, audio_window_start, audio_window_end, languages } = message
  const timed = listOf(words).flatMap(word => wordOf(recordOf(word) ?? {}) ?? [])
  return {
    text: textOf(transcript) ?? '',
    cumulative: true,
    startMs: timed[0]?.startMs ?? msOf(audio_window_start),
    endMs: msOf(audio_window_end),
    confidence: meanConfidence(timed),
    language: textOf(listOf(languages)[0]),
    words: timed.length > 0 ? timed : undefined,
  }
}

/** Times of words are optional. */
function wordOf({ word, start, end, confidence }: VendorMessage): Word | undefined {
  const text = textOf(word)
  if (text === undefined || numberOf(start) === undefined || numberOf(end) === undefined) return undefined
  return { text, startMs: msOf(start), endMs: msOf(end), confidence: numberOf(confidence) }
}
