import type { AudioFormat } from '../../../src/audio/format.js'
import type { SttCapabilities, SttProvider, SttRequest, SttSink, SttStream } from '../../../src/providers/contracts.js'
import { messageOf } from '../../../src/util/errors.js'
import { type BeginCall, RecognitionCalls } from '../../internal/recognition-calls.js'
import { sdkFailure, type VendorSdk } from '../../internal/vendor-sdk.js'
import type { AzureAccount } from './account.js'
import { azureFailure } from './failure.js'
import type { AzureSttOptions } from './options.js'
import { AzureRecognition } from './recognition.js'
import type { AzureSdk, AzureSpeechConfig } from './sdk.js'

const formats: readonly AudioFormat[] = [
  ...[16_000, 8000, 24_000, 44_100, 48_000].map(sampleRate => ({
    encoding: 'linear16' as const,
    sampleRate,
    channels: 1,
  })),
  { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
  { encoding: 'alaw', sampleRate: 8000, channels: 1 },
]

/** Speech to text by Azure's own client, in continuous recognition. */
export class AzureStt implements SttProvider {
  readonly name: string
  readonly capabilities: SttCapabilities
  readonly #account: AzureAccount
  readonly #options: AzureSttOptions
  readonly #sdk: VendorSdk<AzureSdk>

  /** @throws {Error} when `microsoft-cognitiveservices-speech-sdk` is not installed. */
  constructor(account: AzureAccount, options: AzureSttOptions) {
    const { limits } = account
    this.name = account.name
    this.capabilities = {
      interims: true,
      words: true,
      speechStarted: true,
      endpointing: true,
      // The audio is ended, which makes all of it final.
      finalize: 'ack',
      keepAliveMs: limits.sttIdleMs,
      maxSessionMs: limits.sttMaxSessionMs,
      // The client sends 100 ms at once, whatever it is given.
      chunkMs: { min: 20, ideal: 100, max: 1000 },
      maxRealtimeFactor: limits.sttMaxRealtimeFactor,
      formats,
    }
    this.#account = account
    this.#options = options
    this.#sdk = account.sdk
  }

  connect(request: SttRequest, sink: SttSink): SttStream {
    return new RecognitionCalls(
      {
        clock: this.#account.clock,
        request,
        load: async () => this.#beginnerOf(await this.#sdk.load(), request),
        loadFailure: error => sdkFailure(error) ?? azureFailure(messageOf(error)),
      },
      sink,
    )
  }

  #beginnerOf(sdk: AzureSdk, request: SttRequest): BeginCall {
    const { clock } = this.#account
    const config = this.#configOf(sdk, request)
    return events => {
      const audio = sdk.AudioInputStream.createPushStream(waveFormat(sdk, request.format))
      const recognizer = new sdk.SpeechRecognizer(config as never, sdk.AudioConfig.fromStreamInput(audio) as never)
      const { keyterms = [] } = request.options
      if (keyterms.length > 0) {
        const grammar = sdk.PhraseListGrammar.fromRecognizer(recognizer as never)
        for (const phrase of keyterms) grammar.addPhrase(phrase)
      }
      return new AzureRecognition({ sdk, clock, recognizer, audio }, events)
    }
  }

  #configOf(sdk: AzureSdk, { options, credentials }: SttRequest): AzureSpeechConfig {
    const { segmentationSilenceMs, segmentationStrategy, endpointId } = this.#options
    const config = this.#account.config(sdk, credentials, {
      // Another connection is the business of whoever uses the stream.
      'SPEECH-Error-MaxRetryCount': '0',
      ...(segmentationSilenceMs !== undefined && {
        Speech_SegmentationSilenceTimeoutMs: String(segmentationSilenceMs),
      }),
      ...(segmentationStrategy !== undefined && { Speech_SegmentationStrategy: segmentationStrategy }),
      ...this.#options.properties,
      ...textsOf(options.vendor),
    })
    config.speechRecognitionLanguage = options.language ?? this.#options.language ?? 'en-US'
    const model = options.model ?? endpointId
    if (model !== undefined) config.endpointId = model
    config.requestWordLevelTimestamps()
    return config
  }
}

function waveFormat({ AudioStreamFormat, AudioFormatTag }: AzureSdk, format: AudioFormat): unknown {
  const { encoding, sampleRate, channels } = format
  if (encoding === 'linear16') return AudioStreamFormat.getWaveFormat(sampleRate, 16, channels, AudioFormatTag.PCM)
  const tag = encoding === 'mulaw' ? AudioFormatTag.MuLaw : AudioFormatTag.ALaw
  return AudioStreamFormat.getWaveFormat(sampleRate, 8, channels, tag)
}

function textsOf(vendor: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(vendor).map(([name, value]) => [name, String(value)]))
}
