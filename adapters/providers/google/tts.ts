import type { AudioFormat } from '../../../src/audio/format.js'
import type { TtsCapabilities, TtsProvider, TtsRequest, TtsSink, TtsStream } from '../../../src/providers/contracts.js'
import { type BeginContext, SpeechContexts } from '../../internal/speech-contexts.js'
import { sdkFailure, VendorSdk } from '../../internal/vendor-sdk.js'
import type { GoogleAccount } from './account.js'
import { type ClientLease, GoogleClients } from './clients.js'
import { googleFailure } from './failure.js'
import type { GoogleTtsOptions } from './options.js'
import { connected, type GoogleTextToSpeechClient, type GoogleTextToSpeechSdk } from './sdk.js'
import { SentenceSpeech } from './sentence-speech.js'
import { StreamingSpeech } from './streaming-speech.js'

const defaultVoice = 'en-US-Chirp3-HD-Charon'

/** Whoever uses the stream knows another vendor, or when to try again. */
const withoutRetries = { retry: { retryCodes: [] } }

const formats: readonly AudioFormat[] = [
  ...[24_000, 16_000, 8000, 22_050, 44_100, 48_000].map(sampleRate => ({
    encoding: 'linear16' as const,
    sampleRate,
    channels: 1,
  })),
  { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
  { encoding: 'alaw', sampleRate: 8000, channels: 1 },
]

/** Text to speech over `StreamingSynthesize`, or `SynthesizeSpeech` for voices that cannot stream. */
export class GoogleTts implements TtsProvider {
  readonly name: string
  readonly capabilities: TtsCapabilities
  readonly #account: GoogleAccount
  readonly #options: GoogleTtsOptions
  readonly #sdk: VendorSdk<GoogleTextToSpeechSdk>
  #clients: GoogleClients<GoogleTextToSpeechClient> | undefined

  /** @throws {Error} when `@google-cloud/text-to-speech` is not installed. */
  constructor(account: GoogleAccount, options: GoogleTtsOptions) {
    const { limits } = account
    this.name = account.name
    this.capabilities = {
      contexts: limits.ttsContexts,
      alignment: 'none',
      maxTextChars: limits.ttsMaxTextChars,
      // A context has a call of its own; a connection without calls costs nothing.
      keepAliveMs: 0,
      formats,
    }
    this.#account = account
    this.#options = options
    this.#sdk = new VendorSdk('@google-cloud/text-to-speech', options.sdk)
  }

  connect(request: TtsRequest, sink: TtsSink): TtsStream {
    let lease: ClientLease<GoogleTextToSpeechClient> | undefined
    let released = false
    return new SpeechContexts(
      {
        clock: this.#account.clock,
        request,
        load: async () => {
          const clients = await this.#load()
          if (released) throw new Error('not wanted any more')
          lease = clients.acquire()
          await connected(lease.client)
          return { begin: this.#beginnerOf(lease.client, request) }
        },
        loadFailure: error => sdkFailure(error) ?? googleFailure(error),
        released: () => {
          released = true
          lease?.release()
        },
      },
      sink,
    )
  }

  async #load(): Promise<GoogleClients<GoogleTextToSpeechClient>> {
    const { TextToSpeechClient } = await this.#sdk.load()
    const { limits } = this.#account
    this.#clients ??= new GoogleClients(
      () => new TextToSpeechClient(this.#account.clientOptions('texttospeech.googleapis.com')),
      limits.callsPerConnection / limits.ttsContexts,
    )
    return this.#clients
  }

  #beginnerOf(client: GoogleTextToSpeechClient, { format, options }: TtsRequest): BeginContext {
    const { clock, limits, onMessage } = this.#account
    const name = options.voiceId ?? this.#options.voice ?? defaultVoice
    const { streaming = canStream(name) } = this.#options
    const voice = { languageCode: options.language ?? languageOf(name), name, ...this.#options.voiceParams }
    const audio = {
      sampleRateHertz: format.sampleRate,
      ...(options.speakingRate !== undefined && { speakingRate: options.speakingRate }),
      ...this.#options.audioConfig,
      ...options.vendor,
    }
    if (!streaming) {
      const request = { voice, audioConfig: { audioEncoding: encodingOf(format, 'LINEAR16'), ...audio } }
      const synthesize = (text: string): Promise<readonly unknown[]> =>
        client.synthesizeSpeech({ input: { text }, ...request }, withoutRetries)
      return events => new SentenceSpeech({ synthesize, onMessage }, events)
    }
    const config = {
      streamingConfig: { voice, streamingAudioConfig: { audioEncoding: encodingOf(format, 'PCM'), ...audio } },
    }
    const setup = {
      clock,
      config,
      inputIdleMs: limits.ttsInputIdleMs,
      onMessage,
      begin: () => client.streamingSynthesize(),
    }
    return events => new StreamingSpeech(setup, events)
  }
}

function canStream(voice: string): boolean {
  return /chirp3-hd|gemini/i.test(voice)
}

/** A voice's name begins with its language: `en-US-Chirp3-HD-Charon`. */
function languageOf(voice: string): string {
  return /^[a-z]{2,3}-[A-Z]{2}/.exec(voice)?.[0] ?? 'en-US'
}

function encodingOf({ encoding }: AudioFormat, linear16: string): string {
  return encoding === 'linear16' ? linear16 : encoding.toUpperCase()
}
