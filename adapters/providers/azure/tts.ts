import type { AudioFormat } from '../../../src/audio/format.js'
import type { TtsCapabilities, TtsProvider, TtsRequest, TtsSink, TtsStream } from '../../../src/providers/contracts.js'
import { messageOf } from '../../../src/util/errors.js'
import { SpeechContexts } from '../../internal/speech-contexts.js'
import { sdkFailure, type VendorSdk } from '../../internal/vendor-sdk.js'
import type { AzureAccount } from './account.js'
import { azureFailure } from './failure.js'
import type { AzureTtsOptions } from './options.js'
import type { AzureOutputFormat, AzureSdk } from './sdk.js'
import { AzureSpeech } from './speech.js'
import { type SsmlVoice, ssmlOf } from './ssml.js'
import { Synthesizers } from './synthesizers.js'

const defaultVoice = 'en-US-AvaMultilingualNeural'

/** The client's names of what is headerless. */
const pcm: Readonly<Record<number, AzureOutputFormat>> = {
  24000: 'Raw24Khz16BitMonoPcm',
  16000: 'Raw16Khz16BitMonoPcm',
  8000: 'Raw8Khz16BitMonoPcm',
  22050: 'Raw22050Hz16BitMonoPcm',
  44100: 'Raw44100Hz16BitMonoPcm',
  48000: 'Raw48Khz16BitMonoPcm',
}

const formats: readonly AudioFormat[] = [
  ...[24_000, 16_000, 8000, 22_050, 44_100, 48_000].map(sampleRate => ({
    encoding: 'linear16' as const,
    sampleRate,
    channels: 1,
  })),
  { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
  { encoding: 'alaw', sampleRate: 8000, channels: 1 },
]

/** Text to speech by Azure's own client. */
export class AzureTts implements TtsProvider {
  readonly name: string
  readonly capabilities: TtsCapabilities
  readonly #account: AzureAccount
  readonly #options: AzureTtsOptions
  readonly #sdk: VendorSdk<AzureSdk>

  /** @throws {Error} when `microsoft-cognitiveservices-speech-sdk` is not installed. */
  constructor(account: AzureAccount, options: AzureTtsOptions) {
    const { limits } = account
    this.name = account.name
    this.capabilities = {
      contexts: limits.ttsContexts,
      alignment: 'word',
      maxTextChars: limits.ttsMaxTextChars,
      // A synthesizer whose connection was closed connects again for the next text.
      keepAliveMs: 0,
      formats,
    }
    this.#account = account
    this.#options = options
    this.#sdk = account.sdk
  }

  connect(request: TtsRequest, sink: TtsSink): TtsStream {
    let synthesizers: Synthesizers | undefined
    let released = false
    return new SpeechContexts(
      {
        clock: this.#account.clock,
        request,
        load: async () => {
          const sdk = await this.#sdk.load()
          if (released) throw new Error('not wanted any more')
          const own = this.#synthesizersOf(sdk, request)
          synthesizers = own
          const requestId = await own.connect()
          const { format } = request
          const voice = this.#voiceOf(request)
          const setup = { synthesizers: own, format, ssml: (text: string) => ssmlOf(text, voice) }
          return { begin: events => new AzureSpeech(setup, events), info: { requestId } }
        },
        loadFailure: error => sdkFailure(error) ?? azureFailure(messageOf(error)),
        released: () => {
          released = true
          synthesizers?.close()
        },
      },
      sink,
    )
  }

  #synthesizersOf(sdk: AzureSdk, { format, credentials }: TtsRequest): Synthesizers {
    const config = this.#account.config(sdk, credentials, this.#options.properties)
    config.speechSynthesisOutputFormat = sdk.SpeechSynthesisOutputFormat[outputFormatOf(format)]
    return new Synthesizers(sdk, config)
  }

  #voiceOf({ options }: TtsRequest): SsmlVoice {
    const name = options.voiceId ?? this.#options.voice ?? defaultVoice
    const { speakingRate, vendor } = options
    const style = typeof vendor?.style === 'string' ? vendor.style : this.#options.style
    return { name, language: options.language ?? languageOf(name), speakingRate, style }
  }
}

function outputFormatOf({ encoding, sampleRate }: AudioFormat): AzureOutputFormat {
  if (encoding === 'mulaw') return 'Raw8Khz8BitMonoMULaw'
  if (encoding === 'alaw') return 'Raw8Khz8BitMonoALaw'
  return pcm[sampleRate] ?? 'Raw16Khz16BitMonoPcm'
}

/** A voice's name begins with its language: `en-US-AvaMultilingualNeural`. */
function languageOf(voice: string): string {
  return /^[a-z]{2,3}-[A-Z]{2}/.exec(voice)?.[0] ?? 'en-US'
}
