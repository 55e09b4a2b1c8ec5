import type {
  ProviderFailure,
  SttOptions,
  SttRequest,
  SttSink,
  SttStream,
  Transcript,
} from '../../../src/providers/contracts.js'
import { AudioClock } from '../../internal/audio-clock.js'
import {
  base64Of,
  listOf,
  meanProbability,
  numberOf,
  recordOf,
  textOf,
  type VendorMessage,
} from '../../internal/vendor-message.js'
import type { VendorEnd, VendorHeaders } from '../../internal/vendor-socket.js'
import { type VendorRoute, VendorStream } from '../../internal/vendor-stream.js'
import { openAiError, openAiFailure, requestIdOf } from './failure.js'
import { type TranscriptionItem, TranscriptionItems } from './items.js'
import type { OpenAiLimits } from './limits.js'
import type { OpenAiSttOptions } from './options.js'
import { isLive, modelOf, sessionUpdate } from './session.js'

/** How far words without times are taken to be behind what was pushed. */
const lagMs = 300

export interface TranscriptionSetup {
  readonly own: OpenAiSttOptions
  readonly limits: OpenAiLimits
}

/** A transcription session over `/realtime`. */
export class TranscriptionStream extends VendorStream<SttSink> implements SttStream {
  private readonly setup: TranscriptionSetup
  private readonly request: SttRequest
  private readonly clock: AudioClock
  private readonly items: TranscriptionItems = new TranscriptionItems()
  /** Words come while they are spoken. Otherwise all come at once, as good as with the final. */
  private readonly live: boolean
  /** Audio before this is part of some item. */
  private committedMs = 0
  /** Where the last result ended. */
  private heardMs = 0
  private ready = false
  private closing = false
  private lastError: VendorMessage | undefined

  constructor(route: VendorRoute, request: SttRequest, sink: SttSink, setup: TranscriptionSetup) {
    const update = sessionUpdate(setup.own, request.options, request.format)
    super({ ...route, firstMessage: JSON.stringify(update) }, sink)
    this.setup = setup
    this.request = request
    this.clock = new AudioClock(request.format)
    this.live = isLive(modelOf(setup.own, request.options))
  }

  push(audio: Uint8Array): boolean {
    if (audio.length === 0) return true
    this.clock.push(audio.length)
    const writable = this.append(audio)
    if (this.uncommittedMs < this.setup.limits.sttMaxQuietMs || !this.items.none) return writable
    return this.socket.send(this.commit(0))
  }

  finalize(): void {
    if (this.uncommittedMs > 0) this.socket.send(this.commit(1))
    else if (!this.items.answerWithLast()) this.soon(() => this.sink.finalized())
  }

  keepAlive(): void {
    this.socket.ping()
  }

  update(options: SttOptions): boolean {
    const { own } = this.setup
    if (modelOf(own, options) !== modelOf(own, this.request.options)) return false
    this.socket.sendJson(sessionUpdate(own, options, this.request.format))
    return true
  }

  /** There is no message for it: what was said is committed, and when that is transcribed we hang up. */
  close(): void {
    if (this.closing) return
    this.closing = true
    if (this.uncommittedMs > 0) this.socket.close(this.commit(0))
    else this.socket.close(this.items.settled ? undefined : null)
  }

  /** A connection is ready when it has become a transcription session: the key and the model are judged only then. */
  protected override opened(headers: VendorHeaders): void {
    this.requestId = requestIdOf(headers)
  }

  protected override judge(end: VendorEnd): ProviderFailure {
    return openAiFailure(end, this.requestId, this.lastError)
  }

  protected override drained(): void {
    this.sink.drain()
  }

  /** Words are not revised: those of a result that does not come any more stand. */
  protected override closed(failure: ProviderFailure | undefined, answered: boolean): void {
    if (answered) for (const item of this.items.undelivered) this.deliver(item, { transcript: item.text })
    super.closed(failure, answered)
  }

  protected override received(message: VendorMessage): void {
    switch (message.type) {
      case 'session.created':
        this.requestId = textOf(recordOf(message.session)?.id) ?? this.requestId
        return
      case 'session.updated':
        return this.updated()
      case 'error':
        return this.failed(recordOf(message.error) ?? {})
    }
    const id = textOf(message.item_id)
    if (id !== undefined) this.item(id, message)
  }

  private item(id: string, message: VendorMessage): void {
    switch (message.type) {
      case 'input_audio_buffer.speech_started':
        return this.speechStarted(id, message.audio_start_ms)
      case 'input_audio_buffer.speech_stopped':
        return this.speechStopped(id, message.audio_end_ms)
      case 'input_audio_buffer.committed':
        return this.committed(this.items.at(id))
      case 'conversation.item.input_audio_transcription.delta':
        return this.delta(this.items.at(id), textOf(message.delta) ?? '')
      case 'conversation.item.input_audio_transcription.completed':
        return this.completed(id, message)
      case 'conversation.item.input_audio_transcription.failed':
        return this.transcriptionFailed(id, recordOf(message.error) ?? {})
    }
  }

  private updated(): void {
    if (this.ready) return
    this.ready = true
    this.announce()
  }

  private failed(error: VendorMessage): void {
    if (error.code === 'input_audio_buffer_commit_empty') return this.commitRefused()
    const failure = openAiError(error, this.requestId)
    // Most errors leave the session open (API reference, Server events); those of the account do not heal.
    const bearable = this.ready && (failure.class === 'data' || failure.class === 'connection')
    if (!bearable) return this.socket.fail(failure)
    this.lastError = error
    this.sink.warning({ code: failure.vendorCode ?? 'error', message: failure.reason })
  }

  private get uncommittedMs(): number {
    return this.clock.pushedMs - this.committedMs
  }

  private append(audio: Uint8Array): boolean {
    return this.socket.send(`{"type":"input_audio_buffer.append","audio":"${base64Of(audio)}"}`)
  }

  private commit(finalizes: number): string {
    // A commit of less is refused, and a short word before it would be lost.
    const missingMs = Math.ceil(this.setup.limits.sttMinCommitMs - this.uncommittedMs)
    const silence = missingMs > 0 ? this.clock.silence(missingMs) : undefined
    if (silence) this.append(silence)
    this.committedMs = this.clock.pushedMs
    this.items.ask(this.committedMs, finalizes)
    return '{"type":"input_audio_buffer.commit"}'
  }

  private commitRefused(): void {
    this.answer(this.items.refuseCommit())
    this.hangUpIfDone()
  }

  private speechStarted(id: string, startMs: unknown): void {
    const atMs = this.timeOf(startMs)
    this.items.at(id).startMs = atMs
    this.sink.speechStarted({ atMs })
  }

  private speechStopped(id: string, endMs: unknown): void {
    const item = this.items.at(id)
    item.endMs = this.timeOf(endMs)
    item.endedByItself = true
  }

  private committed(item: TranscriptionItem): void {
    this.items.commit(item)
    this.committedMs = Math.max(this.committedMs, item.endMs ?? 0)
  }

  private delta(item: TranscriptionItem, words: string): void {
    item.text += words
    if (!this.live || item.text.trim() === '' || !this.items.isNext(item)) return
    this.transcript('interim', item, item.text)
  }

  private completed(id: string, message: VendorMessage): void {
    const item = this.items.get(id)
    if (item) this.resolve(item, message)
  }

  private transcriptionFailed(id: string, error: VendorMessage): void {
    const failure = openAiError(error, this.requestId)
    const item = this.items.get(id)
    // Its audio was not heard. Another connection hears it again, unless there was nothing to hear.
    if (error.code !== 'audio_unintelligible') return this.socket.fail(failure)
    this.sink.warning({ code: 'audio_unintelligible', message: failure.reason })
    if (item) this.resolve(item, { transcript: '' })
  }

  private resolve(item: TranscriptionItem, result: VendorMessage): void {
    item.result = result
    for (let next = this.items.take(); next; next = this.items.take()) {
      this.deliver(next, next.result ?? {})
      this.answer(next.finalizes)
    }
    this.hangUpIfDone()
  }

  private deliver(item: TranscriptionItem, result: VendorMessage): void {
    const { logprobs, languages } = result
    this.transcript(item.endedByItself ? 'speech-final' : 'final', item, textOf(result.transcript) ?? '', {
      confidence: meanProbability(logprobs),
      language: textOf(recordOf(listOf(languages)[0])?.code),
    })
  }

  private transcript(
    kind: Transcript['kind'],
    item: TranscriptionItem,
    text: string,
    more: Pick<Transcript, 'confidence' | 'language'> = {},
  ): void {
    const startMs = Math.max(this.heardMs, item.startMs)
    const endMs = Math.max(startMs, item.endMs ?? this.clock.pushedMs - lagMs)
    if (kind !== 'interim') this.heardMs = endMs
    this.sink.transcript({ kind, text, startMs, endMs, ...more })
  }

  private answer(finalizes: number): void {
    for (let count = 0; count < finalizes; count++) this.sink.finalized()
  }

  private hangUpIfDone(): void {
    if (this.closing && this.items.settled) this.socket.hangUp()
  }

  private timeOf(ms: unknown): number {
    const time = numberOf(ms)
    if (time === undefined) throw new TypeError(`a time of the vendor's is ${String(ms)}`)
    return this.clock.pushedTime(time)
  }
}
