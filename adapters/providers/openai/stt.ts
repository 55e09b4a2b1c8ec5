import type { AudioFormat } from '../../../src/audio/format.js'
import type { SttCapabilities, SttProvider, SttRequest, SttSink, SttStream } from '../../../src/providers/contracts.js'
import type { VendorAccount } from '../../internal/vendor-account.js'
import type { OpenAiLimits } from './limits.js'
import type { OpenAiSttOptions } from './options.js'
import { isLive, modelOf, turnDetectionOf } from './session.js'
import { TranscriptionStream } from './transcription.js'

/** PCM is 24 kHz and nothing else (API reference, session.update). */
const formats: readonly AudioFormat[] = [
  { encoding: 'linear16', sampleRate: 24_000, channels: 1 },
  { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
  { encoding: 'alaw', sampleRate: 8000, channels: 1 },
]

const liveModels: readonly string[] = ['gpt-live-transcribe', 'gpt-realtime-whisper']
const otherModels: readonly string[] = ['gpt-transcribe', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe', 'whisper-1']

/** Speech to text over OpenAI's realtime transcription sessions. */
export class OpenAiStt implements SttProvider {
  readonly name: string
  readonly capabilities: SttCapabilities
  readonly #account: VendorAccount
  readonly #options: OpenAiSttOptions
  readonly #limits: OpenAiLimits

  constructor(account: VendorAccount, options: OpenAiSttOptions, limits: OpenAiLimits) {
    const model = modelOf(options)
    const live = isLive(model)
    const ends = turnDetectionOf(options, model) !== null
    this.name = account.name
    this.capabilities = {
      interims: live,
      words: false,
      speechStarted: ends,
      endpointing: ends,
      finalize: 'ack',
      keepAliveMs: limits.sttKeepAliveMs,
      maxSessionMs: limits.sttMaxSessionMs,
      chunkMs: { min: 20, ideal: 100, max: 1000 },
      formats,
      models: live ? liveModels : otherModels,
    }
    this.#account = account
    this.#options = options
    this.#limits = limits
  }

  connect(request: SttRequest, sink: SttSink): SttStream {
    const { signal, credentials } = request
    const query = { intent: 'transcription', ...this.#options.query }
    const route = { account: this.#account, path: '/realtime', query, signal, credentials }
    return new TranscriptionStream(route, request, sink, { own: this.#options, limits: this.#limits })
  }
}
