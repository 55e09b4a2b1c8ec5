import type { ProviderFailure } from '../../../src/providers/contracts.js'
import { messageOf } from '../../../src/util/errors.js'
import { cutClauses } from './clauses.js'
import type { Voice } from './flite.js'
import type { FromSynthesiser, ToSynthesiser } from './messages.js'
import type { SpokenClause } from './speaker.js'

/** What the queue needs of the speaker. */
export interface ClauseSpeaker {
  speak(clause: string, voice: Voice, speakingRate: number): SpokenClause | undefined
}

interface Context {
  readonly id: number
  /** Text that is no whole clause yet. */
  rest: string
  spokenMs: number
  ended: boolean
}

/** A clause to speak, or, without one, the end of its context. */
interface Job {
  readonly context: Context
  readonly clause?: string
}

interface Stream {
  readonly id: number
  readonly voice: Voice
  readonly speakingRate: number
  readonly contexts: Map<number, Context>
  jobs: Job[]
  paused: boolean
  closing: boolean
}

/**
 * Shares one speaker among streams: one clause at a time, the streams in turn, the clauses of a stream in the order
 * they came. Between two clauses `defer` lets messages in, so a cancelled clause is not started.
 */
export class SynthesisQueue {
  readonly #speaker: ClauseSpeaker
  readonly #post: (message: FromSynthesiser, transfer?: ArrayBuffer[]) => void
  readonly #defer: (fn: () => void) => void
  readonly #streams: Map<number, Stream> = new Map()
  #running = false

  constructor(
    speaker: ClauseSpeaker,
    post: (message: FromSynthesiser, transfer?: ArrayBuffer[]) => void,
    defer: (fn: () => void) => void,
  ) {
    this.#speaker = speaker
    this.#post = post
    this.#defer = defer
  }

  readonly onMessage = (message: ToSynthesiser): void => {
    if (message.type === 'open') return this.#open(message)
    const stream = this.#streams.get(message.stream)
    if (!stream) return
    switch (message.type) {
      case 'speak':
        this.#speak(stream, message)
        break
      case 'cancel':
        this.#finish(stream, message.context)
        break
      case 'pause':
        stream.paused = message.paused
        break
      case 'close':
        this.#close(stream)
        break
      case 'abort':
        this.#streams.delete(stream.id)
    }
    this.#run()
  }

  #open(message: ToSynthesiser & { type: 'open' }): void {
    this.#streams.set(message.stream, {
      id: message.stream,
      voice: message.voice,
      speakingRate: message.speakingRate,
      contexts: new Map(),
      jobs: [],
      paused: false,
      closing: false,
    })
    this.#post({ type: 'opened', stream: message.stream })
  }

  #speak(stream: Stream, message: ToSynthesiser & { type: 'speak' }): void {
    const context = stream.contexts.get(message.context) ?? {
      id: message.context,
      rest: '',
      spokenMs: 0,
      ended: false,
    }
    stream.contexts.set(context.id, context)
    context.rest += message.text
    this.#enqueue(stream, context, message.flush || message.end)
    if (message.end) this.#enqueueEnd(stream, context)
  }

  #enqueue(stream: Stream, context: Context, all: boolean): void {
    const { clauses, rest } = cutClauses(context.rest, all)
    context.rest = rest
    for (const clause of clauses) stream.jobs.push({ context, clause })
  }

  #enqueueEnd(stream: Stream, context: Context): void {
    if (context.ended) return
    context.ended = true
    stream.jobs.push({ context })
  }

  #close(stream: Stream): void {
    stream.closing = true
    stream.paused = false
    for (const context of stream.contexts.values()) {
      this.#enqueue(stream, context, true)
      this.#enqueueEnd(stream, context)
    }
  }

  /** Ends a context, with whatever of it was still to come dropped. */
  #finish(stream: Stream, contextId: number, failure?: ProviderFailure): void {
    if (!stream.contexts.delete(contextId)) return
    stream.jobs = stream.jobs.filter(job => job.context.id !== contextId)
    this.#post({ type: 'done', stream: stream.id, context: contextId, failure })
  }

  #run(): void {
    if (this.#running) return
    this.#running = true
    this.#defer(this.#step)
  }

  readonly #step = (): void => {
    this.#running = false
    for (const stream of this.#streams.values()) {
      if (stream.paused) continue
      const job = stream.jobs.shift()
      if (job) {
        // Last in line from now on: a Map keeps the order of insertion.
        this.#streams.delete(stream.id)
        this.#streams.set(stream.id, stream)
        this.#do(stream, job)
        return this.#run()
      }
      if (stream.closing) {
        this.#streams.delete(stream.id)
        this.#post({ type: 'closed', stream: stream.id })
      }
    }
  }

  #do(stream: Stream, { context, clause }: Job): void {
    if (clause === undefined) return this.#finish(stream, context.id)
    try {
      const spoken = this.#speaker.speak(clause, stream.voice, stream.speakingRate)
      if (spoken) this.#deliver(stream, context, spoken)
    } catch (error) {
      // The program trapped on this text; its next run is a fresh instance.
      this.#finish(stream, context.id, { class: 'data', reason: `embedded: ${messageOf(error)}` })
    }
  }

  #deliver(stream: Stream, context: Context, spoken: SpokenClause): void {
    const at = { stream: stream.id, context: context.id }
    const startMs = context.spokenMs
    context.spokenMs += spoken.durationMs
    this.#post({ type: 'audio', ...at, audio: spoken.audio }, [spoken.audio.buffer])
    const items = spoken
      .words()
      .map(({ text, startMs: from, endMs: to }) => ({ text, startMs: startMs + from, endMs: startMs + to }))
    this.#post({ type: 'timing', ...at, items })
  }
}
