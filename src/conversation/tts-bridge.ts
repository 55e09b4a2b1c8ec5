import { AudioConverter } from '../audio/convert.js'
import type { ProviderFailure, TimedText } from '../providers/contracts.js'
import type { Clock } from '../util/clock.js'
import type { Logger } from '../util/logger.js'
import type { LiveUtterance } from './live-utterance.js'
import type { SpeechOut, TtsCandidate } from './ports.js'
import type { Segment } from './segments.js'
import type { Producer } from './speech-queue.js'
import { laneFormat } from './tts-format.js'
import type { TtsSupervisor, TtsUser } from './tts-supervisor.js'
import { isSpeakable } from './words.js'

export interface TtsBridgeOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly out: SpeechOut
  /** Audio in the lane above which no further segment is synthesised, in milliseconds. */
  readonly roomMs: number
}

export interface TtsBridgePorts {
  /** All of the utterance's audio is in the lane. */
  produced(utterance: LiveUtterance): void
  /** The utterance has given all the text it has so far. */
  starved(): void
  /** No synthesiser is left. The rest of the utterance being produced, if any, is nobody's now. */
  lost(utterance: LiveUtterance | undefined): void
}

/** Segments given to the synthesiser ahead of the one whose audio arrives, so that its start-up is not heard. */
const segmentsAhead = 2
/** Rejected in a row until the provider is to blame and not the text. */
const maxRejections = 2

/** One segment on its way through a synthesiser, in a context of its own. */
interface Job {
  readonly contextId: string
  readonly segment: Segment
  /** Audio that came while an earlier segment was not complete. */
  readonly held: Uint8Array[]
  readonly timings: TimedText[]
  spoken: boolean
  /** Its place on the utterance's timeline is fixed. */
  started: boolean
  done: boolean
}

/** Speaks utterances: text by segments to a synthesiser, its audio in the order of the text to the lane. */
export class TtsBridge implements Producer, TtsUser {
  private readonly options: TtsBridgeOptions
  private readonly ports: TtsBridgePorts
  private readonly out: SpeechOut
  private readonly supervisor: TtsSupervisor
  private utterance: LiveUtterance | undefined
  /** In the order of the text. Only the first one's audio goes into the lane. */
  private jobs: Job[] = []
  private converter: AudioConverter | undefined
  private laneRate = 0
  private contexts = 0
  private rejections = 0
  private isStarving = false
  private isSuspended = false
  private replacement: readonly TtsCandidate[] | undefined

  constructor(supervisor: TtsSupervisor, options: TtsBridgeOptions, ports: TtsBridgePorts) {
    this.supervisor = supervisor
    this.options = options
    this.ports = ports
    this.out = options.out
    supervisor.serve(this)
  }

  // For the supervisor.

  /** There is text that waits for a connection. */
  get working(): boolean {
    return this.jobs.length > 0 && !this.isSuspended
  }

  ready(): void {
    this.pump()
  }

  /** Everything in flight is lost: what of it was not passed on has to be spoken again. */
  broken(): void {
    const head = this.jobs[0]
    const { utterance } = this
    if (!head || !utterance) return
    utterance.rewind(head.started ? utterance.alignment.abandon(utterance.text) : head.segment.start)
    this.jobs = []
    this.converter = undefined
  }

  /** No synthesiser is left. */
  lost(): void {
    this.broken()
    const { utterance } = this
    this.rest()
    this.ports.lost(utterance)
  }

  audio(contextId: string, audio: Uint8Array): void {
    const job = this.find(contextId)
    // Cancelled, or of an utterance that is over.
    if (!job || !this.utterance) return
    this.supervisor.served()
    this.rejections = 0
    if (job === this.jobs[0]) this.deliver(this.utterance, job, audio)
    else job.held.push(audio)
  }

  timing(contextId: string, items: readonly TimedText[]): void {
    const job = this.find(contextId)
    if (!job || !this.utterance) return
    if (job.started) this.align(this.utterance, items)
    else job.timings.push(...items)
  }

  done(contextId: string, failure: ProviderFailure | undefined): void {
    const job = this.find(contextId)
    const { utterance } = this
    if (!job || !utterance) return this.pump()
    const hasAudio = job.held.length > 0 || (job.started && utterance.alignment.takeMs > 0)
    const problem = failure ?? (hasAudio ? undefined : silence)
    if (problem && (hasAudio || problem.class !== 'data' || ++this.rejections >= maxRejections)) {
      this.rejections = 0
      return this.supervisor.reject(problem)
    }
    job.done = true
    this.drain(utterance)
    this.pump()
  }

  // For the queue.

  get starving(): boolean {
    return this.isStarving
  }

  produce(utterance: LiveUtterance): void {
    this.utterance = utterance
    if (!this.isSuspended) this.supervisor.turnover()
    this.pump()
  }

  wake(): void {
    this.pump()
  }

  stop(utterance: LiveUtterance): void {
    if (utterance !== this.utterance) return
    const { jobs } = this
    const { connection } = this.supervisor
    const playedMs = utterance.begun ? this.out.position(utterance.id).playedMs : 0
    this.rest()
    for (const job of jobs) {
      const heardMs = job.started ? Math.max(0, playedMs - utterance.alignment.takeAtMs) : 0
      if (job.spoken && !job.done) connection?.cancel(job.contextId, heardMs)
    }
    connection?.resume()
  }

  /** The lane has room again. */
  room(): void {
    if (!this.out.congested) this.supervisor.connection?.resume()
    this.pump()
  }

  /** Nobody listens: gives nothing more to the synthesiser (`true`), or goes on. */
  suspend(suspended: boolean): void {
    this.isSuspended = suspended
    this.pump()
  }

  /** Closes the connection until there is something to say. */
  release(): void {
    if (this.jobs.length === 0) this.supervisor.release()
  }

  /** Uses other synthesisers from the next utterance on. */
  replace(candidates: readonly TtsCandidate[]): void {
    this.replacement = candidates
    if (!this.utterance) this.applyReplacement()
  }

  /** Speaks no more. */
  giveUp(): void {
    this.supervisor.giveUp()
    this.lost()
  }

  close(): void {
    this.rest()
    this.supervisor.giveUp()
  }

  /** Moves everything as far as it goes now. */
  private pump(): void {
    const { utterance } = this
    if (!utterance || this.isSuspended) return
    this.fill(utterance)
    this.drain(utterance)
    if (this.utterance !== utterance) return
    if (this.jobs.length > 0) return this.speak()
    if (utterance.exhausted) return this.finish(utterance)
    if (this.isStarving) this.ports.starved()
  }

  private fill(utterance: LiveUtterance): void {
    this.isStarving = false
    while (this.jobs.length < segmentsAhead && this.hasRoom()) {
      const segment = utterance.nextSegment(this.supervisor.maxTextChars)
      if (!segment) {
        this.isStarving = this.jobs.length === 0 && !utterance.exhausted
        return
      }
      // What has no sound needs no synthesiser and takes no time.
      const done = !isSpeakable(segment.text)
      const contextId = `context-${++this.contexts}`
      this.jobs.push({ contextId, segment, held: [], timings: [], spoken: done, started: false, done })
    }
  }

  private hasRoom(): boolean {
    return !this.out.congested && this.out.queuedMs < this.options.roomMs
  }

  private speak(): void {
    for (let job = this.nextUnspoken(); job; job = this.nextUnspoken()) {
      const connection = this.supervisor.need()
      if (!connection) return
      if (!connection.free) return connection.awaitFree()
      job.spoken = true
      const text = job.segment.text.trim()
      if (this.utterance) this.utterance.spokenChars += text.length
      connection.speak(job.contextId, text)
    }
  }

  private nextUnspoken(): Job | undefined {
    return this.jobs.find(job => !job.spoken)
  }

  /** Passes on what is complete, in the order of the text. */
  private drain(utterance: LiveUtterance): void {
    for (let head = this.jobs[0]; head; head = this.jobs[0]) {
      for (let audio = head.held.shift(); audio; audio = head.held.shift()) {
        this.deliver(utterance, head, audio)
        if (this.jobs[0] !== head) return
      }
      if (!head.done) return
      if (!head.started) this.pass(utterance, head)
      if (this.jobs[0] !== head) return
      utterance.alignment.complete()
      this.jobs.shift()
    }
  }

  private deliver(utterance: LiveUtterance, job: Job, audio: Uint8Array): void {
    const { connection } = this.supervisor
    if (!connection || audio.length === 0) return
    if (!utterance.begun) {
      this.laneRate = connection.format.sampleRate
      utterance.begun = true
      this.out.begin(utterance.id, this.laneRate)
    }
    if (!job.started) this.start(utterance, job)
    this.converter ??= new AudioConverter(connection.format, laneFormat(this.laneRate))
    this.append(utterance, this.converter.convert(audio))
    if (this.out.congested) connection.pause()
  }

  private append(utterance: LiveUtterance, pcm: Uint8Array): void {
    if (pcm.length === 0) return
    utterance.alignment.grow((pcm.length * 500) / this.laneRate)
    this.out.audio(utterance.id, pcm)
  }

  private start(utterance: LiveUtterance, job: Job): void {
    job.started = true
    utterance.alignment.begin(job.segment.start, job.segment.end)
    this.align(utterance, job.timings)
    utterance.firstAudioAtMs ??= this.options.clock.now()
    this.out.caption(utterance.id, job.segment.text.trim())
  }

  /** A segment without audio: it had no sound, or the synthesiser would not speak it and it goes out as text. */
  private pass(utterance: LiveUtterance, job: Job): void {
    const { start, end, text } = job.segment
    utterance.alignment.begin(start, end)
    if (!isSpeakable(text)) return
    this.options.logger.warn({ chars: text.length }, 'the synthesiser did not speak a sentence; it goes out as text')
    if (utterance.begun) this.out.caption(utterance.id, text.trim())
    else this.out.send({ type: 'tts_text', utterance_id: utterance.id, text: text.trim() })
  }

  private align(utterance: LiveUtterance, items: readonly TimedText[]): void {
    const { alignment } = this.supervisor.connection?.candidate.provider.capabilities ?? { alignment: 'none' }
    if (alignment !== 'none') utterance.alignment.time(utterance.text, items, alignment)
  }

  private finish(utterance: LiveUtterance): void {
    const last = this.converter?.flush()
    // What it still gives may make somebody stop it, and something else begin.
    this.rest()
    if (last) this.append(utterance, last)
    this.ports.produced(utterance)
  }

  /** Nothing is being spoken. */
  private rest(): void {
    this.utterance = undefined
    this.jobs = []
    this.converter = undefined
    this.isStarving = false
    this.applyReplacement()
  }

  private applyReplacement(): void {
    const candidates = this.replacement
    this.replacement = undefined
    if (candidates) this.supervisor.replace(candidates)
  }

  private find(contextId: string): Job | undefined {
    for (const job of this.jobs) if (job.contextId === contextId) return job
    return undefined
  }
}

const silence: ProviderFailure = { class: 'data', reason: 'no audio came for a text that has words' }
