import { type AudioFormat, bytesPerSample, bytesToMs } from '../audio/format.js'
import type {
  ProviderFailure,
  StreamClosed,
  TimedText,
  TtsOptions,
  TtsProvider,
  TtsSink,
  TtsStream,
} from '../providers/contracts.js'
import { EventLog, expectCleanEnd, expectFailedStart, expectSilentEnd, pause, type SuiteApi } from './suite-api.js'

export interface TtsSuiteOptions {
  /** What the tests are called after. */
  readonly name: string
  /** Called once per test. The provider may be the same every time. */
  create(): TtsProvider
  /** A provider whose connections fail, for whatever reason. Without it that test is left out. */
  createFailing?(): TtsProvider
  readonly format: AudioFormat
  /** Asked of every connection. */
  readonly options?: TtsOptions | undefined
  /** How long a test waits for what must come. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** How long to watch for what must not come, in milliseconds. Default 50. */
  readonly settleMs?: number | undefined
}

type TtsEvent =
  | { readonly type: 'open' | 'warning' }
  | { readonly type: 'audio'; readonly contextId: string; readonly audio: Uint8Array; readonly copy: Uint8Array }
  | { readonly type: 'timing'; readonly contextId: string; readonly items: readonly TimedText[] }
  | { readonly type: 'done'; readonly contextId: string; readonly failure: ProviderFailure | undefined }
  | ({ readonly type: 'closed' } & StreamClosed)

const SENTENCE = 'Good morning, how can I help you?'
const STORY_SENTENCES = 12
/** Long enough to be cancelled before its end. */
const STORY = Array.from({ length: STORY_SENTENCES }, () => SENTENCE).join(' ')

/** What every synthesiser must do for the rest of voice-ws to work over it, as tests. Call it where tests are defined. */
export function ttsProviderSuite(api: SuiteApi, options: TtsSuiteOptions): void {
  const { describe, it, expect } = api
  const timeoutMs = options.timeoutMs ?? 10_000
  const settleMs = options.settleMs ?? 50
  const connect = (provider: TtsProvider = options.create()) => new TtsTrial(provider, options, timeoutMs)
  const open = async () => {
    const trial = connect()
    await trial.log.untilFirst('open')
    return trial
  }
  const test = (name: string, run: () => Promise<void>) => it(name, run, 3 * timeoutMs)

  describe(`${options.name} (TtsProvider)`, () => {
    test('opens once and before everything else, and closes once and last', async () => {
      const trial = await open()
      trial.stream.close()
      await trial.log.untilFirst('closed')
      await pause(settleMs)
      expect(trial.log.types).toEqual(['open', 'closed'])
      expectCleanEnd(api, trial.log)
    })

    test('speaks a text in whole samples and says once that it is done', async () => {
      const trial = await open()
      trial.stream.speak(SENTENCE, { contextId: 'a', end: true })
      await trial.untilDone('a')
      expect(trial.bytes('a')).toBeGreaterThan(0)
      expect(trial.bytes('a') % Math.max(1, bytesPerSample(options.format))).toBe(0)
      await trial.end(settleMs)
      expect(trial.dones).toEqual(['a'])
      expectCleanEnd(api, trial.log)
    })

    test('gives its audio away: no byte changes after it was delivered', async () => {
      const trial = await open()
      trial.stream.speak(STORY, { contextId: 'a', end: true })
      await trial.untilDone('a')
      await trial.end(settleMs)
      const changed = trial.log.all('audio').filter(({ audio, copy }) => audio.some((byte, at) => byte !== copy[at]))
      expect(changed.length).toBe(0)
    })

    test('joins the pieces of a text, and speaks what is flushed before its end', async () => {
      const trial = await open()
      const half = SENTENCE.length / 2
      trial.stream.speak(SENTENCE.slice(0, half), { contextId: 'a', flush: false })
      trial.stream.speak(SENTENCE.slice(half), { contextId: 'a', flush: true })
      await trial.log.until('audio before the end', () => trial.bytes('a') > 0)
      expect(trial.dones).toEqual([])
      trial.stream.speak('', { contextId: 'a', end: true })
      await trial.untilDone('a')
      trial.stream.speak(SENTENCE, { contextId: 'whole', end: true })
      await trial.untilDone('whole')
      expect(trial.bytes('a')).toBeGreaterThan(0.7 * trial.bytes('whole'))
      await trial.end(settleMs)
      expect(trial.dones).toEqual(['a', 'whole'])
    })

    test('is done without audio where there is nothing to say', async () => {
      const trial = await open()
      trial.stream.speak('', { contextId: 'a', end: true })
      trial.stream.speak(' \n\t ', { contextId: 'b', end: true })
      await trial.untilDone('a')
      await trial.untilDone('b')
      expect(trial.bytes('a') + trial.bytes('b')).toBe(0)
      await trial.end(settleMs)
      expect(trial.dones.toSorted()).toEqual(['a', 'b'])
    })

    test('keeps contexts apart', async () => {
      const trial = await open()
      trial.stream.speak(SENTENCE, { contextId: 'a', end: true })
      if (trial.provider.capabilities.contexts < 2) await trial.untilDone('a')
      trial.stream.speak(SENTENCE, { contextId: 'b', end: true })
      await trial.untilDone('a')
      await trial.untilDone('b')
      expect(trial.bytes('a')).toBeGreaterThan(0)
      expect(trial.bytes('b')).toBeGreaterThan(0)
      await trial.end(settleMs)
      expect(trial.dones.toSorted()).toEqual(['a', 'b'])
    })

    test('times words in order and within the audio, if it times any', async () => {
      const trial = await open()
      trial.stream.speak(SENTENCE, { contextId: 'a', end: true })
      await trial.untilDone('a')
      const items = trial.log.all('timing').flatMap(event => event.items)
      expect(items.length > 0).toBe(trial.provider.capabilities.alignment !== 'none')
      let beforeMs = 0
      for (const { startMs, endMs } of items) {
        expect(startMs).toBeGreaterThanOrEqual(beforeMs)
        expect(endMs).toBeGreaterThanOrEqual(startMs)
        beforeMs = startMs
      }
      const spokenMs = bytesPerSample(options.format) > 0 ? bytesToMs(options.format, trial.bytes('a')) : Infinity
      expect(items.at(-1)?.endMs ?? 0).toBeLessThanOrEqual(spokenMs + 1)
      await trial.end(settleMs)
    })

    test('falls silent when a context is cancelled, and speaks the next one', async () => {
      const trial = await open()
      trial.stream.speak(STORY, { contextId: 'a', end: true })
      await trial.log.until('audio', () => trial.bytes('a') > 0)
      trial.stream.cancel('a')
      trial.stream.speak(SENTENCE, { contextId: 'b', end: true })
      await trial.untilDone('b')
      const heard = trial.bytes('a')
      expect(heard).toBeLessThanOrEqual((STORY_SENTENCES / 2) * trial.bytes('b'))
      await trial.end(settleMs)
      expect(trial.bytes('a')).toBe(heard)
      expect(trial.dones.filter(context => context === 'a').length).toBeLessThanOrEqual(1)
      expect(trial.dones.filter(context => context === 'b').length).toBe(1)
      trial.stream.cancel('unknown')
    })

    test('goes on where it stopped after a pause', async () => {
      const trial = await open()
      trial.stream.speak(STORY, { contextId: 'a', end: true })
      await trial.log.until('audio', () => trial.bytes('a') > 0)
      trial.stream.pause?.()
      await pause(settleMs)
      trial.stream.resume?.()
      await trial.untilDone('a')
      await trial.end(settleMs)
      expect(trial.dones).toEqual(['a'])
    })

    test('speaks what it was given before it closes', async () => {
      const trial = await open()
      trial.stream.speak(SENTENCE, { contextId: 'a', end: true })
      trial.stream.close()
      await trial.log.untilFirst('closed')
      await pause(settleMs)
      expect(trial.bytes('a')).toBeGreaterThan(0)
      expect(trial.dones).toEqual(['a'])
      expectCleanEnd(api, trial.log)
    })

    test('closes and says nothing else when it is aborted while connecting', async () => {
      const trial = connect()
      await expectSilentEnd(api, trial.log, settleMs, () => trial.stream.abort())
    })

    test('closes when it is told to before it is open', async () => {
      const trial = connect()
      trial.stream.close()
      await trial.log.untilFirst('closed')
      await pause(settleMs)
      expectCleanEnd(api, trial.log)
    })

    test('closes and says nothing else when it is aborted while speaking', async () => {
      const trial = await open()
      trial.stream.speak(STORY, { contextId: 'a', end: true })
      await trial.log.until('audio', () => trial.bytes('a') > 0)
      await expectSilentEnd(api, trial.log, settleMs, () => trial.stream.abort())
    })

    test('closes when its signal is aborted', async () => {
      const trial = await open()
      await expectSilentEnd(api, trial.log, settleMs, () => trial.controller.abort())
    })

    test('bears every call after it has closed', async () => {
      const trial = await open()
      trial.stream.close()
      await trial.log.untilFirst('closed')
      trial.callEverything()
      await pause(settleMs)
      expectCleanEnd(api, trial.log)
    })

    if (options.createFailing) {
      const { createFailing } = options
      test('reports a connection that fails once, with its class, and bears further calls', async () => {
        const trial = connect(createFailing())
        trial.stream.speak(SENTENCE, { contextId: 'a', end: true })
        await trial.log.untilFirst('closed')
        trial.callEverything()
        await pause(settleMs)
        expectFailedStart(api, trial.log)
      })
    }
  })
}

/** One connection under test. */
class TtsTrial implements TtsSink {
  readonly provider: TtsProvider
  readonly controller: AbortController = new AbortController()
  readonly stream: TtsStream
  readonly log: EventLog<TtsEvent>

  constructor(provider: TtsProvider, { format, options = {} }: TtsSuiteOptions, timeoutMs: number) {
    this.provider = provider
    this.log = new EventLog(timeoutMs)
    this.stream = provider.connect({ format, signal: this.controller.signal, options }, this)
  }

  get dones(): string[] {
    return this.log.all('done').map(({ contextId }) => contextId)
  }

  bytes(contextId: string): number {
    const parts = this.log.all('audio').filter(event => event.contextId === contextId)
    return parts.reduce((sum, { audio }) => sum + audio.length, 0)
  }

  async untilDone(contextId: string): Promise<void> {
    await this.log.until(`"done" of ${contextId}`, () => this.dones.includes(contextId))
  }

  /** Closes and waits for whatever still comes. */
  async end(settleMs: number): Promise<void> {
    this.stream.close()
    await this.log.untilFirst('closed')
    await pause(settleMs)
  }

  callEverything(): void {
    this.stream.speak(SENTENCE, { contextId: 'late', end: true })
    this.stream.flush?.('late')
    this.stream.cancel('late')
    this.stream.pause?.()
    this.stream.resume?.()
    this.stream.keepAlive?.()
    this.stream.close()
    this.stream.abort()
    this.controller.abort()
  }

  open(): void {
    this.log.add({ type: 'open' })
  }
  audio(contextId: string, audio: Uint8Array): void {
    this.log.add({ type: 'audio', contextId, audio, copy: new Uint8Array(audio) })
  }
  timing(contextId: string, items: readonly TimedText[]): void {
    this.log.add({ type: 'timing', contextId, items })
  }
  done(contextId: string, failure?: ProviderFailure): void {
    this.log.add({ type: 'done', contextId, failure })
  }
  warning(): void {
    this.log.add({ type: 'warning' })
  }
  closed(event: StreamClosed): void {
    this.log.add({ type: 'closed', ...event })
  }
}
