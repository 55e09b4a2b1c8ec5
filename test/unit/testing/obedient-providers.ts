import type {
  ProviderFailure,
  SttProvider,
  SttRequest,
  SttSink,
  SttStream,
  Transcript,
  TtsProvider,
  TtsRequest,
  TtsSink,
  TtsStream,
} from '../../../src/providers/contracts.js'
import { ScriptedRecogniser } from '../../../src/testing/scripted-recogniser.js'

export const format = { encoding: 'linear16', sampleRate: 16_000, channels: 1 } as const

const refusal: ProviderFailure = { class: 'auth', reason: 'wrong key' }

export type SttFlaw =
  | 'opens twice'
  | 'opens after a refusal'
  | 'closes twice'
  | 'keeps the bytes of push'
  | 'takes empty audio for full'
  | 'never answers finalize'
  | 'answers finalize before the words'
  | 'loses the last words'
  | 'tells times beyond the audio'
  | 'talks after abort'
  | 'ignores its signal'
  | 'throws after it has closed'

/** The smallest recogniser that keeps the contract; or breaks it in one way. */
export function obedientStt(flaw?: SttFlaw, fails = false): SttProvider {
  const capabilities = {
    interims: true,
    words: false,
    speechStarted: false,
    endpointing: false,
    finalize: 'ack',
    keepAliveMs: 0,
    chunkMs: { min: 20, ideal: 40, max: 1000 },
    formats: [format],
  } as const
  const provider: SttProvider = {
    name: 'obedient',
    capabilities,
    connect: (request, sink) => connectStt(provider, request, sink, flaw, fails),
  }
  return provider
}

function connectStt(
  { capabilities }: SttProvider,
  request: SttRequest,
  sink: SttSink,
  flaw: SttFlaw | undefined,
  fails: boolean,
): SttStream {
  const recogniser = new ScriptedRecogniser(request.format, capabilities, {})
  let pending: Uint8Array | undefined
  let over = false
  const end = (failure?: ProviderFailure) => {
    if (over && flaw === 'throws after it has closed') throw new Error('closed')
    if (over && flaw !== 'closes twice') return
    over = true
    sink.closed(failure ? { failure } : {})
    if (flaw === 'talks after abort') sink.progress({ processedMs: 0 })
  }
  const say = (results: readonly Transcript[]) => {
    const lateMs = flaw === 'tells times beyond the audio' ? 60_000 : 0
    for (const result of results) sink.transcript({ ...result, endMs: result.endMs + lateMs })
  }
  const hear = (audio: Uint8Array) => say(recogniser.push(audio))
  // Within `connect`, which the contract allows.
  if (!fails || flaw === 'opens after a refusal') sink.open()
  if (flaw === 'opens twice') sink.open()
  if (fails) queueMicrotask(() => end(refusal))
  if (flaw !== 'ignores its signal') request.signal.addEventListener('abort', () => end())
  return {
    bufferedBytes: 0,
    push(audio) {
      if (over) return false
      if (audio.length === 0) return flaw !== 'takes empty audio for full'
      if (flaw !== 'keeps the bytes of push') hear(audio)
      else {
        if (pending) hear(pending)
        pending = audio
      }
      return true
    },
    finalize() {
      if (over || flaw === 'never answers finalize') return
      if (flaw === 'answers finalize before the words') sink.finalized()
      const results = recogniser.finalize()
      if (flaw === 'answers finalize before the words') setTimeout(() => say(results), 1)
      else say(results)
      if (flaw !== 'answers finalize before the words') sink.finalized()
    },
    close() {
      if (!over && flaw !== 'loses the last words') say(recogniser.finalize())
      end()
    },
    abort: () => end(),
  }
}

export type TtsFlaw =
  | 'opens twice'
  | 'cuts samples in two'
  | 'reuses its buffer'
  | 'forgets the beginning of a text'
  | 'speaks only at the end'
  | 'speaks silence for no text'
  | 'mixes contexts up'
  | 'times beyond the audio'
  | 'is done twice'
  | 'goes on after cancel'
  | 'goes on twice after a pause'
  | 'drops what it has at close'
  | 'talks after abort'
  | 'ignores its signal'

interface Context {
  text: string
  ended: boolean
}

/** The smallest synthesiser that keeps the contract; or breaks it in one way. A character is 10 ms of sound. */
export function obedientTts(flaw?: TtsFlaw, fails = false): TtsProvider {
  return {
    name: 'obedient',
    capabilities: { contexts: 4, alignment: 'word', maxTextChars: 5000, keepAliveMs: 0, formats: [format] },
    connect: (request, sink) => new ObedientTtsStream(request, sink, flaw, fails),
  }
}

class ObedientTtsStream implements TtsStream {
  readonly #sink: TtsSink
  readonly #flaw: TtsFlaw | undefined
  readonly #contexts = new Map<string, Context>()
  readonly #buffer = new Uint8Array(64_000)
  #sentences = 1
  #working = false
  #paused = false
  #closing = false
  #over = false

  constructor({ signal }: TtsRequest, sink: TtsSink, flaw: TtsFlaw | undefined, fails: boolean) {
    this.#sink = sink
    this.#flaw = flaw
    queueMicrotask(() => {
      if (this.#over) return
      if (fails) return this.#end(refusal)
      sink.open()
      if (flaw === 'opens twice') sink.open()
    })
    if (flaw !== 'ignores its signal') signal.addEventListener('abort', () => this.abort())
  }

  speak(text: string, { contextId, end = false }: { readonly contextId: string; readonly end?: boolean | undefined }) {
    if (this.#over || this.#closing) return
    const context = this.#contexts.get(contextId) ?? { text: '', ended: false }
    context.text = this.#flaw === 'forgets the beginning of a text' ? text : context.text + text
    context.ended = end
    this.#contexts.set(contextId, context)
    this.#work()
  }

  cancel(contextId: string): void {
    if (this.#flaw === 'goes on after cancel' || !this.#contexts.delete(contextId)) return
    this.#sink.done(contextId)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    if (this.#flaw === 'goes on twice after a pause') for (const id of this.#contexts.keys()) this.#sink.done(id)
    this.#work()
  }

  close(): void {
    if (this.#flaw === 'drops what it has at close') return this.#end()
    this.#closing = true
    for (const context of this.#contexts.values()) context.ended = true
    this.#work()
  }

  abort(): void {
    if (this.#over) return
    this.#end()
    if (this.#flaw === 'talks after abort') this.#sink.warning({ code: 'late', message: '' })
  }

  #work(): void {
    if (this.#working || this.#over) return
    this.#working = true
    setTimeout(() => {
      this.#working = false
      this.#step()
    }, 1)
  }

  /** One sentence of the first context that has one. */
  #step(): void {
    if (this.#over || this.#paused) return
    for (const [id, context] of this.#contexts) {
      const ready = context.ended || this.#flaw !== 'speaks only at the end'
      const sentence = ready ? (/^[^.?]*[.?]?/.exec(context.text)?.[0] ?? '') : ''
      context.text = context.text.slice(sentence.length)
      this.#say(id, sentence)
      if (sentence !== '') return this.#work()
      if (context.ended) this.#finish(id)
    }
    if (this.#closing && this.#contexts.size === 0) this.#end()
  }

  #say(id: string, sentence: string): void {
    if (sentence.trim() === '' && (sentence === '' || this.#flaw !== 'speaks silence for no text')) return
    const bytes = sentence.length * 320 + (this.#flaw === 'cuts samples in two' ? 1 : 0)
    const audio = this.#flaw === 'reuses its buffer' ? this.#buffer.subarray(0, bytes) : new Uint8Array(bytes)
    audio.fill(this.#sentences++)
    this.#sink.audio(this.#flaw === 'mixes contexts up' ? 'a' : id, audio)
    const endMs = this.#flaw === 'times beyond the audio' ? 60_000 : sentence.length * 10
    this.#sink.timing(id, [{ text: sentence, startMs: 0, endMs }])
  }

  #finish(id: string): void {
    this.#contexts.delete(id)
    this.#sink.done(id)
    if (this.#flaw === 'is done twice') this.#sink.done(id)
  }

  #end(failure?: ProviderFailure): void {
    if (this.#over) return
    this.#over = true
    this.#sink.closed(failure ? { failure } : {})
  }
}
