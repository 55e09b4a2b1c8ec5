import type { SttProvider, SttStream, TtsProvider, TtsSink, TtsStream } from '../../src/index.js'
import { codedSpeech } from './coded-speech.js'

const chunkMs = 100
const tickMs = 20
export const finalsPerSecond = 2
const sentenceMs = 1000 / finalsPerSecond
/** What one piece of the script lasts. */
export const partMs = 2000

/** A speech that begins at `fromPart`; each part says where in it the listener is. */
export async function* script(fromPart: number, parts: number): AsyncIterable<string> {
  for (let part = fromPart; part < fromPart + parts; part++) yield `This is part ${part} of a very long speech. `
}

/** How a stream of `codedTts` was used. */
export interface TtsUse {
  /** The option `vendor.id`. */
  readonly id: string
  readonly sampleRate: number
  pauses: number
  /** Milliseconds of sound given. */
  givenMs: number
  ended: boolean
}

/**
 * A synthesiser whose sound says where in the script it belongs. The option `vendor.speed` says how much faster than
 * it plays sound comes, default 4.
 *
 * @param used is told of every connection.
 */
export function codedTts(
  name: string,
  sampleRates: readonly number[],
  used: (use: TtsUse) => void = () => {},
): TtsProvider {
  return {
    name,
    capabilities: {
      contexts: 4,
      alignment: 'none',
      maxTextChars: 1000,
      keepAliveMs: 0,
      formats: sampleRates.map(sampleRate => ({ encoding: 'linear16', sampleRate, channels: 1 }) as const),
    },
    connect({ format: { sampleRate }, options }, sink) {
      const use: TtsUse = { id: String(options.vendor?.id), sampleRate, pauses: 0, givenMs: 0, ended: false }
      used(use)
      return new CodedTtsStream(use, Number(options.vendor?.speed ?? 4), sink)
    },
  }
}

interface Job {
  readonly contextId: string
  readonly fromMs: number
  givenMs: number
}

class CodedTtsStream implements TtsStream {
  private readonly use: TtsUse
  private readonly speed: number
  private readonly sink: TtsSink
  private readonly timer: NodeJS.Timeout
  private jobs: Job[] = []
  private paused = false
  private creditMs = 0
  private lastMs = performance.now()

  constructor(use: TtsUse, speed: number, sink: TtsSink) {
    this.use = use
    this.speed = speed
    this.sink = sink
    this.timer = setInterval(() => this.tick(), tickMs)
    queueMicrotask(() => use.ended || sink.open())
  }

  speak(text: string, { contextId }: { readonly contextId: string }): void {
    const part = Number(/\d+/.exec(text)?.[0] ?? 0)
    this.jobs.push({ contextId, fromMs: part * partMs, givenMs: 0 })
  }

  cancel(contextId: string): void {
    const before = this.jobs.length
    this.jobs = this.jobs.filter(job => job.contextId !== contextId)
    if (this.jobs.length < before) queueMicrotask(() => this.use.ended || this.sink.done(contextId))
  }

  pause(): void {
    this.paused = true
    this.use.pauses++
  }

  resume(): void {
    this.paused = false
  }

  close(): void {
    this.abort()
  }

  abort(): void {
    if (this.use.ended) return
    this.use.ended = true
    clearInterval(this.timer)
    this.sink.closed({})
  }

  /** As much as the time that has passed allows; nothing is saved up while there is nothing to say. */
  private tick(): void {
    const nowMs = performance.now()
    this.creditMs += (nowMs - this.lastMs) * this.speed
    this.lastMs = nowMs
    while (this.creditMs >= chunkMs && this.give()) this.creditMs -= chunkMs
    this.creditMs = Math.min(this.creditMs, chunkMs)
  }

  private give(): boolean {
    const job = this.jobs[0]
    if (!job || this.paused || this.use.ended) return false
    this.sink.audio(job.contextId, codedSpeech(job.fromMs + job.givenMs, chunkMs, this.use.sampleRate))
    job.givenMs += chunkMs
    this.use.givenMs += chunkMs
    if (job.givenMs < partMs || this.jobs[0] !== job) return true
    this.jobs.shift()
    this.sink.done(job.contextId)
    return true
  }
}

/** A recogniser that hears two numbered sentences in every second of sound, whatever it is. */
export function countingStt(): SttProvider {
  return {
    name: 'counting',
    capabilities: {
      interims: false,
      words: false,
      speechStarted: false,
      endpointing: true,
      finalize: 'ack',
      keepAliveMs: 0,
      chunkMs: { min: 20, ideal: 100, max: 1000 },
      formats: [{ encoding: 'linear16', sampleRate: 16_000, channels: 1 }],
    },
    connect(_, sink): SttStream {
      let over = false
      let heardMs = 0
      let sentences = 0
      const end = () => {
        if (over) return
        over = true
        sink.closed({})
      }
      queueMicrotask(() => over || sink.open())
      return {
        bufferedBytes: 0,
        push(audio) {
          heardMs += audio.length / 32
          while (heardMs >= (sentences + 1) * sentenceMs) {
            const startMs = sentences * sentenceMs
            const text = `sentence ${++sentences}`
            sink.transcript({ kind: 'speech-final', text, startMs, endMs: startMs + sentenceMs })
          }
          return true
        },
        finalize: () => sink.finalized(),
        close: end,
        abort: end,
      }
    },
  }
}
