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
import { PairedResults } from '../../internal/paired-results.js'
import {
  listOf,
  meanConfidence,
  numberOf,
  recordOf,
  textOf,
  type VendorMessage,
} from '../../internal/vendor-message.js'
import type { VendorEnd } from '../../internal/vendor-socket.js'
import { type VendorRoute, VendorStream } from '../../internal/vendor-stream.js'
import { assemblyAiError, assemblyAiFailure } from './failure.js'

export interface UniversalSetup {
  /** The end of a turn comes twice, once as it was heard and once formatted; undefined: once. */
  readonly formatWaitMs: number | undefined
}

/** A stream over `/v3/ws`. Results are cumulative within a turn, and only the end of a turn is final. */
export class UniversalStream extends VendorStream<SttSink> implements SttStream {
  private options: SttOptions
  private readonly pairing: PairedResults | undefined
  /** What is known of the turn that is open. */
  private turn: VendorMessage | undefined
  /** Where the last result ended. */
  private heardMs = 0
  /** A `finalize` that nothing has answered. */
  private asked = false

  constructor(route: VendorRoute, { options }: SttRequest, sink: SttSink, { formatWaitMs }: UniversalSetup) {
    super(route, sink)
    this.options = options
    if (formatWaitMs === undefined) return
    const orderOf = ({ turn_order }: VendorMessage): unknown => turn_order
    this.pairing = new PairedResults(route.account.clock, formatWaitMs, orderOf, turn => this.endOfTurn(turn))
  }

  push(audio: Uint8Array): boolean {
    return audio.length === 0 || this.socket.send(audio)
  }

  finalize(): void {
    this.asked = true
    this.socket.sendJson({ type: 'ForceEndpoint' })
  }

  keepAlive(): void {
    this.socket.sendJson({ type: 'KeepAlive' })
  }

  update(options: SttOptions): boolean {
    if (!onlyKeytermsDiffer(this.options, options)) return false
    this.options = options
    this.socket.sendJson({ type: 'UpdateConfiguration', keyterms_prompt: options.keyterms ?? [] })
    return true
  }

  close(): void {
    this.socket.close('{"type":"Terminate"}')
  }

  /** The vendor is ready when it says so: a bad key is only told after the upgrade. */
  protected override opened(): void {}

  protected override judge(end: VendorEnd): ProviderFailure {
    return assemblyAiFailure(end, this.requestId)
  }

  protected override drained(): void {
    this.sink.drain()
  }

  /** What was heard of a turn that no end came for stands. */
  protected override closed(failure: ProviderFailure | undefined, answered: boolean): void {
    if (failure || answered) this.pairing?.settle()
    else this.pairing?.drop()
    if (answered && this.turn) this.endOfTurn(this.turn)
    super.closed(failure, answered)
  }

  protected override received(message: VendorMessage): void {
    switch (message.type) {
      case 'Begin':
        this.requestId = textOf(message.id)
        return this.announce()
      case 'SpeechStarted':
        return this.sink.speechStarted({ atMs: numberOf(message.timestamp) ?? this.heardMs })
      case 'Turn':
        return this.turned(message)
      case 'Termination':
        return this.socket.hangUp()
      case 'Warning':
        return this.sink.warning({ code: String(message.warning_code), message: String(message.warning) })
      case 'Error':
        return this.socket.fail(assemblyAiError(message, this.requestId))
    }
  }

  private turned(message: VendorMessage): void {
    if (message.end_of_turn !== true) {
      // The twin of the turn before is not coming any more.
      this.pairing?.settle()
      this.turn = message
      return this.transcript('interim', message)
    }
    if (!this.pairing) return this.endOfTurn(message)
    if (message.turn_is_formatted === true) this.pairing.acceptFull(message)
    else this.pairing.acceptPlain(message)
  }

  private endOfTurn(message: VendorMessage): void {
    this.turn = undefined
    this.transcript('speech-final', message)
    if (!this.asked) return
    this.asked = false
    this.sink.finalized()
  }

  private transcript(kind: Transcript['kind'], message: VendorMessage): void {
    const words = listOf(message.words).map(word => recordOf(word) ?? {})
    const text = textIn(message, words)
    if (kind === 'interim' && text === '') return
    const timed = words.flatMap(word => wordOf(word) ?? [])
    const startMs = timed[0]?.startMs ?? this.heardMs
    const endMs = timed.at(-1)?.endMs ?? startMs
    if (kind !== 'interim') this.heardMs = endMs
    this.sink.transcript({
      kind,
      text,
      cumulative: true,
      startMs,
      endMs,
      confidence: meanConfidence(timed),
      language: textOf(message.language_code),
      words: timed.length > 0 ? timed : undefined,
    })
  }
}

/** While a word is being spoken it is among the words, and not in the transcript. */
function textIn({ transcript }: VendorMessage, words: readonly VendorMessage[]): string {
  const complete = words.every(({ word_is_final }) => word_is_final !== false)
  return complete ? (textOf(transcript) ?? '') : words.map(({ text }) => textOf(text) ?? '').join(' ')
}

function wordOf({ text, start, end, confidence }: VendorMessage): Word | undefined {
  const said = textOf(text)
  const startMs = numberOf(start)
  const endMs = numberOf(end)
  if (said === undefined || startMs === undefined || endMs === undefined) return undefined
  return { text: said, startMs, endMs, confidence: numberOf(confidence) }
}
