import type { ProviderFailure, SttRequest, SttSink, SttStream, Word } from '../../../src/providers/contracts.js'
import { AudioClock } from '../../internal/audio-clock.js'
import { PairedResults } from '../../internal/paired-results.js'
import {
  base64Of,
  listOf,
  meanProbability,
  msOf,
  numberOf,
  recordOf,
  textOf,
  type VendorMessage,
} from '../../internal/vendor-message.js'
import type { VendorEnd } from '../../internal/vendor-socket.js'
import { type VendorRoute, VendorStream } from '../../internal/vendor-stream.js'
import { elevenLabsError, elevenLabsFailure } from './failure.js'
import type { ElevenLabsLimits } from './limits.js'

/** Audio of one keep-alive: short, because it is billed. */
const keepAliveSilenceMs = 100
/**
 * How far results without times are taken to be behind what was pushed. A commit follows a longer silence than this,
 * so what counts as heard then ends inside that silence.
 */
const lagMs = 300

export interface ScribeOptions {
  /** Commits come twice, once with the times of words. */
  readonly pairs: boolean
  /** Silence after which ElevenLabs commits by itself; undefined: never. */
  readonly vadSilenceMs: number | undefined
  readonly limits: ElevenLabsLimits
}

/** A stream over `/v1/speech-to-text/realtime`. */
export class ScribeStream extends VendorStream<SttSink> implements SttStream {
  private readonly clock: AudioClock
  private readonly pairing: PairedResults | undefined
  private readonly minCommitMs: number
  private readonly vadSilenceMs: number
  private readonly sampleRate: number
  /** What follows the base64 of every chunk. */
  private readonly afterAudio: string
  /** Audio before this has been committed, in pushed time. */
  private committedMs = 0
  /** Where the last result ended. */
  private heardMs = 0
  /** Commits that we asked for and that have not been answered. */
  private commits = 0
  /** Where the last of them was asked for. */
  private askedMs = 0
  private closing = false

  constructor(
    route: VendorRoute,
    { format }: SttRequest,
    sink: SttSink,
    { pairs, vadSilenceMs, limits }: ScribeOptions,
  ) {
    super(route, sink)
    this.vadSilenceMs = vadSilenceMs ?? Number.POSITIVE_INFINITY
    this.clock = new AudioClock(format)
    this.minCommitMs = limits.sttMinCommitMs
    this.sampleRate = format.sampleRate
    this.afterAudio = `","commit":false,"sample_rate":${format.sampleRate}}`
    if (pairs) {
      const deliver = (committed: VendorMessage): void => this.committed(committed)
      const textOfCommit = ({ text }: VendorMessage): unknown => text
      this.pairing = new PairedResults(route.account.clock, limits.sttTimestampsWaitMs, textOfCommit, deliver)
    }
  }

  push(audio: Uint8Array): boolean {
    if (audio.length === 0) return true
    this.clock.push(audio.length)
    return this.sendAudio(audio)
  }

  finalize(): void {
    if (this.uncommittedMs > 0) this.socket.send(this.commit())
    else this.soon(() => this.sink.finalized())
  }

  keepAlive(): void {
    this.sendSilence(keepAliveSilenceMs)
  }

  /** There is no message for it: what was said is committed, and when that is answered we hang up. */
  close(): void {
    if (this.closing) return
    this.closing = true
    if (this.uncommittedMs > 0) this.socket.close(this.commit())
    else this.socket.close(this.commits > 0 ? null : undefined)
  }

  /** The vendor is ready when it says so: a bad key is only told after the upgrade. */
  protected override opened(): void {}

  protected override judge(end: VendorEnd): ProviderFailure {
    return elevenLabsFailure(end, this.requestId)
  }

  protected override drained(): void {
    this.sink.drain()
  }

  protected override closed(failure: ProviderFailure | undefined, answered: boolean): void {
    if (failure || answered) this.pairing?.settle()
    else this.pairing?.drop()
    super.closed(failure, answered)
  }

  protected override received(message: VendorMessage): void {
    switch (message.message_type) {
      case 'session_started':
        this.requestId = textOf(message.session_id)
        return this.announce()
      case 'partial_transcript':
      // Settled, but the commit will say it again.
      case 'final_transcript':
        return this.partial(textOf(message.text) ?? '')
      case 'committed_transcript':
        return this.pairing ? this.pairing.acceptPlain(message) : this.committed(message)
      case 'committed_transcript_with_timestamps':
        return this.pairing?.acceptFull(message)
      case 'commit_throttled':
        return this.commitAnswered()
      case 'warning':
        return this.sink.warning({ code: 'warning', message: String(message.warning) })
    }
    if (textOf(message.error) !== undefined)
      this.socket.fail(elevenLabsError(String(message.message_type), message, this.requestId))
  }

  private get uncommittedMs(): number {
    return this.clock.pushedMs - this.committedMs
  }

  private commit(): string {
    // A commit of less is refused, and a short word before it would be lost.
    const missingMs = Math.ceil(this.minCommitMs - this.uncommittedMs)
    if (missingMs > 0) this.sendSilence(missingMs)
    this.commits++
    this.committedMs = this.clock.pushedMs
    this.askedMs = this.clock.pushedMs
    const chunk = { message_type: 'input_audio_chunk', audio_base_64: '', commit: true, sample_rate: this.sampleRate }
    return JSON.stringify(chunk)
  }

  private sendSilence(ms: number): void {
    const silence = this.clock.silence(ms)
    if (silence) this.sendAudio(silence)
  }

  private sendAudio(audio: Uint8Array): boolean {
    return this.socket.send(`{"message_type":"input_audio_chunk","audio_base_64":"${base64Of(audio)}${this.afterAudio}`)
  }

  private partial(text: string): void {
    if (text === '') return
    const startMs = this.heardMs
    this.sink.transcript({ kind: 'interim', text, startMs, endMs: this.recentMs })
  }

  private committed(message: VendorMessage): void {
    const words = listOf(message.words).flatMap(word => this.wordOf(recordOf(word) ?? {}) ?? [])
    const startMs = words[0]?.startMs ?? this.heardMs
    const endMs = words.at(-1)?.endMs ?? this.recentMs
    const asked = this.commits > 0 && !this.endedByItself(words.at(-1)?.endMs)
    this.heardMs = endMs
    this.committedMs = Math.max(this.committedMs, this.recentMs)
    this.sink.transcript({
      // What we asked for says nothing about the end of an utterance.
      kind: asked ? 'final' : 'speech-final',
      text: textOf(message.text) ?? '',
      startMs,
      endMs,
      confidence: meanProbability(message.words),
      language: textOf(message.language_code),
      words: words.length > 0 ? words : undefined,
    })
    if (asked) this.commitAnswered()
  }

  /** The silence after these words was long enough for a commit that nobody asked for; ours is still to come. */
  private endedByItself(wordsEndMs: number | undefined): boolean {
    return wordsEndMs !== undefined && this.askedMs - wordsEndMs >= this.vadSilenceMs
  }

  private commitAnswered(): void {
    if (this.commits === 0) return
    this.commits--
    this.sink.finalized()
    if (this.closing && this.commits === 0) this.socket.hangUp()
  }

  private get recentMs(): number {
    return Math.max(this.heardMs, this.clock.pushedMs - lagMs)
  }

  private wordOf({ text, start, end, type, logprob }: VendorMessage): Word | undefined {
    if (type === 'spacing' || numberOf(start) === undefined || numberOf(end) === undefined) return undefined
    const sureness = numberOf(logprob)
    return {
      text: textOf(text) ?? '',
      startMs: this.clock.pushedTime(msOf(start)),
      endMs: this.clock.pushedTime(msOf(end)),
      confidence: sureness === undefined ? undefined : Math.exp(sureness),
    }
  }
}
