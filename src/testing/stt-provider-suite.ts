import { type AudioFormat, bytesToMs, msToBytes } from '../audio/format.js'
import type { StreamClosed, SttProvider, SttRequest, SttSink, SttStream, Transcript } from '../providers/contracts.js'
import { EventLog, expectCleanEnd, expectFailedStart, expectSilentEnd, pause, type SuiteApi } from './suite-api.js'

export interface SttSuiteOptions {
  /** What the tests are called after. */
  readonly name: string
  /** Called once per test. The provider may be the same every time. */
  create(): SttProvider
  /** A provider whose connections fail, for whatever reason. Without it that test is left out. */
  createFailing?(): SttProvider
  readonly format: AudioFormat
  /** An utterance of a few seconds in `format`, without silence at its end. */
  readonly speech: Uint8Array
  /** Words of it, in lower case, that the provider must hear. */
  readonly words: readonly string[]
  /** How long a test waits for what must come. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** How long to watch for what must not come, in milliseconds. Default 50. */
  readonly settleMs?: number | undefined
}

type SttEvent =
  | { readonly type: 'open' | 'finalized' | 'drain' | 'eager-end' | 'resumed' | 'warning' }
  | { readonly type: 'transcript'; readonly transcript: Transcript }
  | { readonly type: 'speech-started'; readonly atMs: number }
  | { readonly type: 'progress'; readonly processedMs: number }
  | ({ readonly type: 'closed' } & StreamClosed)

/** Longer than any provider's own endpoint, so that an utterance before it ends. */
const ENDING_SILENCE_MS = 1_500
/** Message size of the tests, within what every provider takes. */
const CHUNK_MS = 100

/** What every recogniser must do for the rest of voice-ws to work over it, as tests. Call it where tests are defined. */
export function sttProviderSuite(api: SuiteApi, options: SttSuiteOptions): void {
  const { describe, it, expect } = api
  const timeoutMs = options.timeoutMs ?? 10_000
  const settleMs = options.settleMs ?? 50
  const connect = (provider: SttProvider = options.create()) => new SttTrial(provider, options.format, timeoutMs)
  const test = (name: string, run: () => Promise<void>) => it(name, run, 3 * timeoutMs)

  describe(`${options.name} (SttProvider)`, () => {
    test('opens once and before everything else, and closes once and last', async () => {
      const trial = connect()
      await trial.log.untilFirst('open')
      trial.stream.close()
      await trial.log.untilFirst('closed')
      await pause(settleMs)
      expect(trial.log.types[0]).toBe('open')
      expectCleanEnd(api, trial.log)
    })

    test('hears what is said, although the bytes change after push', async () => {
      const trial = connect()
      await trial.say(options.speech)
      await trial.sayNothing(ENDING_SILENCE_MS)
      trial.stream.close()
      await trial.log.untilFirst('closed')
      for (const word of options.words) expect(trial.finalWords).toContain(word)
      expectCleanEnd(api, trial.log)
    })

    test('gives times within the audio, in order, and what its capabilities promise', async () => {
      const trial = connect()
      const { capabilities } = trial.provider
      await trial.say(options.speech)
      await trial.sayNothing(ENDING_SILENCE_MS)
      const ended = capabilities.endpointing
        ? () => trial.transcripts.some(({ kind }) => kind === 'speech-final')
        : () => true
      await trial.log.until('the end of the utterance', ended)
      trial.stream.close()
      await trial.log.untilFirst('closed')
      for (const { startMs, endMs } of trial.transcripts) {
        expect(startMs).toBeGreaterThanOrEqual(0)
        expect(endMs).toBeGreaterThanOrEqual(startMs)
        expect(endMs).toBeLessThanOrEqual(trial.pushedMs + 1)
      }
      const finalStarts = trial.transcripts.filter(({ kind }) => kind !== 'interim').map(({ startMs }) => startMs)
      expect(finalStarts).toEqual([...finalStarts].sort((a, b) => a - b))
      expect(trial.log.count('speech-started') > 0).toBe(capabilities.speechStarted)
      expect(trial.transcripts.some(({ kind }) => kind === 'interim')).toBe(capabilities.interims)
    })

    test('gives the last words when it is closed in the middle of speech', async () => {
      const trial = connect()
      await trial.say(options.speech)
      trial.stream.close()
      await trial.log.untilFirst('closed')
      for (const word of options.words) expect(trial.finalWords).toContain(word)
      expectCleanEnd(api, trial.log)
    })

    test('answers finalize with the words first, and also when there are none', async () => {
      const trial = connect()
      if (trial.provider.capabilities.finalize === 'ack') {
        trial.stream.finalize?.()
        await trial.log.until('the answer to an empty finalize', () => trial.log.count('finalized') === 1)
        await trial.say(options.speech)
        trial.stream.finalize?.()
        await trial.log.until('the answer to a finalize', () => trial.log.count('finalized') === 2)
        for (const word of options.words) expect(trial.finalWords).toContain(word)
      }
      trial.stream.abort()
      await trial.log.untilFirst('closed')
      expectCleanEnd(api, trial.log)
    })

    test('takes audio and its end before it is open', async () => {
      const trial = connect()
      trial.stream.push(new Uint8Array(msToBytes(options.format, CHUNK_MS)))
      trial.stream.close()
      await trial.log.untilFirst('closed')
      await pause(settleMs)
      expectCleanEnd(api, trial.log)
    })

    test('ignores empty audio', async () => {
      const trial = connect()
      expect(trial.stream.push(new Uint8Array(0))).toBe(true)
      expect(trial.stream.bufferedBytes).toBe(0)
      trial.stream.close()
      await trial.log.untilFirst('closed')
      expect(trial.finalWords).toEqual([])
      expectCleanEnd(api, trial.log)
    })

    test('closes and says nothing else when it is aborted while connecting', async () => {
      const trial = connect()
      await expectSilentEnd(api, trial.log, settleMs, () => trial.stream.abort())
    })

    test('closes and says nothing else when it is aborted in the middle of speech', async () => {
      const trial = connect()
      await trial.say(options.speech)
      await expectSilentEnd(api, trial.log, settleMs, () => trial.stream.abort())
    })

    test('closes when its signal is aborted', async () => {
      const trial = connect()
      await trial.log.untilFirst('open')
      await expectSilentEnd(api, trial.log, settleMs, () => trial.controller.abort())
    })

    test('bears every call after it has closed', async () => {
      const trial = connect()
      trial.stream.abort()
      await trial.log.untilFirst('closed')
      trial.stream.push(new Uint8Array(msToBytes(options.format, CHUNK_MS)))
      trial.stream.finalize?.()
      trial.stream.keepAlive?.()
      trial.stream.update?.({})
      trial.stream.close()
      trial.stream.abort()
      trial.controller.abort()
      await pause(settleMs)
      expectCleanEnd(api, trial.log)
    })

    if (options.createFailing) {
      const { createFailing } = options
      test('reports a connection that fails once, with its class, and bears further calls', async () => {
        const trial = connect(createFailing())
        trial.stream.push(new Uint8Array(msToBytes(options.format, CHUNK_MS)))
        await trial.log.untilFirst('closed')
        trial.stream.push(new Uint8Array(msToBytes(options.format, CHUNK_MS)))
        trial.stream.finalize?.()
        trial.stream.close()
        trial.stream.abort()
        await pause(settleMs)
        expectFailedStart(api, trial.log)
      })
    }
  })
}

/** One connection under test. */
class SttTrial implements SttSink {
  readonly provider: SttProvider
  readonly controller: AbortController = new AbortController()
  readonly stream: SttStream
  readonly log: EventLog<SttEvent>
  readonly #format: AudioFormat
  /** Messages are pushed from these in turn and overwritten at once, as the shared memory of sessions is. */
  readonly #slabs: readonly [Uint8Array, Uint8Array]
  #messages = 0
  #pushedBytes = 0

  constructor(provider: SttProvider, format: AudioFormat, timeoutMs: number) {
    this.provider = provider
    this.#format = format
    const bytes = msToBytes(format, CHUNK_MS)
    this.#slabs = [new Uint8Array(bytes), new Uint8Array(bytes)]
    this.log = new EventLog(timeoutMs)
    const request: SttRequest = { format, baseOffsetMs: 0, signal: this.controller.signal, options: {} }
    this.stream = provider.connect(request, this)
  }

  get transcripts(): Transcript[] {
    return this.log.all('transcript').map(event => event.transcript)
  }

  get finalWords(): string[] {
    const finals = this.transcripts.filter(({ kind }) => kind !== 'interim')
    return finals.flatMap(({ text }) => text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [])
  }

  get pushedMs(): number {
    return bytesToMs(this.#format, this.#pushedBytes)
  }

  async say(audio: Uint8Array): Promise<void> {
    const [{ length: chunkBytes }] = this.#slabs
    for (let offset = 0; offset < audio.length; offset += chunkBytes) {
      const chunk = audio.subarray(offset, offset + chunkBytes)
      const message = this.#slabs[this.#messages++ % 2 === 0 ? 0 : 1].subarray(0, chunk.length)
      message.set(chunk)
      const drains = this.log.count('drain')
      const writable = this.stream.push(message)
      poison(message)
      this.#pushedBytes += message.length
      if (!writable) await this.log.until('"drain"', () => this.log.count('drain') > drains)
    }
  }

  sayNothing(ms: number): Promise<void> {
    return this.say(new Uint8Array(msToBytes(this.#format, ms)))
  }

  open(): void {
    this.log.add({ type: 'open' })
  }
  transcript(transcript: Transcript): void {
    this.log.add({ type: 'transcript', transcript })
  }
  speechStarted({ atMs }: { readonly atMs: number }): void {
    this.log.add({ type: 'speech-started', atMs })
  }
  eagerEnd(): void {
    this.log.add({ type: 'eager-end' })
  }
  resumed(): void {
    this.log.add({ type: 'resumed' })
  }
  progress({ processedMs }: { readonly processedMs: number }): void {
    this.log.add({ type: 'progress', processedMs })
  }
  finalized(): void {
    this.log.add({ type: 'finalized' })
  }
  warning(): void {
    this.log.add({ type: 'warning' })
  }
  drain(): void {
    this.log.add({ type: 'drain' })
  }
  closed(event: StreamClosed): void {
    this.log.add({ type: 'closed', ...event })
  }
}

/** Noise that drowns speech: a provider that kept the memory hears it instead of the words. */
function poison(bytes: Uint8Array): void {
  bytes.forEach((_, index) => {
    bytes[index] = (index * 7919) & 0xff
  })
}
