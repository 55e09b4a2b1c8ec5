import type { AudioFormat } from '../../../src/audio/format.js'
import type { SttCapabilities, SttProvider, SttRequest, SttSink, SttStream } from '../../../src/providers/contracts.js'
import { type BeginCall, RecognitionCalls } from '../../internal/recognition-calls.js'
import { sdkFailure, VendorSdk } from '../../internal/vendor-sdk.js'
import type { GoogleAccount } from './account.js'
import { type ClientLease, GoogleClients } from './clients.js'
import { googleFailure } from './failure.js'
import type { GoogleSttOptions } from './options.js'
import { GoogleRecognition } from './recognition.js'
import { requestV1, requestV2 } from './requests.js'
import { connected, type GoogleSpeechClient, type GoogleSpeechSdk } from './sdk.js'

/** The one that is ending and the one that has begun. */
const callsPerStream = 2

const rates = [16_000, 8000, 24_000, 44_100, 48_000]

/** Speech to text over `StreamingRecognize`, version 1 or 2. */
export class GoogleStt implements SttProvider {
  readonly name: string
  readonly capabilities: SttCapabilities
  readonly #account: GoogleAccount
  readonly #options: GoogleSttOptions
  readonly #sdk: VendorSdk<GoogleSpeechSdk>
  #clients: GoogleClients<GoogleSpeechClient> | undefined

  /** @throws {Error} when `@google-cloud/speech` is not installed. */
  constructor(account: GoogleAccount, options: GoogleSttOptions) {
    this.name = account.name
    this.capabilities = capabilitiesOf(account, options)
    this.#account = account
    this.#options = options
    this.#sdk = new VendorSdk('@google-cloud/speech', options.sdk)
  }

  connect(request: SttRequest, sink: SttSink): SttStream {
    let lease: ClientLease<GoogleSpeechClient> | undefined
    let released = false
    return new RecognitionCalls(
      {
        clock: this.#account.clock,
        request,
        load: async () => {
          const clients = await this.#load()
          if (released) return neverBegun
          lease = clients.acquire()
          return await this.#beginnerOf(lease.client, request)
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

  async #load(): Promise<GoogleClients<GoogleSpeechClient>> {
    const { api = 'v1' } = this.#options
    const { SpeechClient } = (await this.#sdk.load())[api]
    this.#clients ??= new GoogleClients(
      () => new SpeechClient(this.#account.clientOptions('speech.googleapis.com')),
      this.#account.limits.callsPerConnection / callsPerStream,
    )
    return this.#clients
  }

  async #beginnerOf(client: GoogleSpeechClient, request: SttRequest): Promise<BeginCall> {
    const { limits, onMessage, location } = this.#account
    const isV2 = this.#options.api === 'v2'
    const config = isV2
      ? requestV2(this.#options, request, {
          location,
          projectId: this.#account.projectId ?? (await client.getProjectId()),
        })
      : requestV1(this.#options, request)
    return events =>
      new GoogleRecognition(
        {
          call: client._streamingRecognize(),
          config,
          audioField: isV2 ? 'audio' : 'audioContent',
          maxMessageBytes: limits.sttMaxMessageBytes,
          connected: connected(client),
          onMessage,
        },
        events,
      )
  }
}

/** For a stream that was given up before anything was loaded. */
const neverBegun: BeginCall = () => ({ bufferedBytes: 0, push: () => true, end() {}, abort() {} })

function capabilitiesOf({ limits }: GoogleAccount, options: GoogleSttOptions): SttCapabilities {
  const { api = 'v1', voiceActivityEvents = true } = options
  const telephone: readonly AudioFormat['encoding'][] = api === 'v2' ? ['mulaw', 'alaw'] : ['mulaw']
  return {
    interims: true,
    words: true,
    speechStarted: voiceActivityEvents,
    endpointing: voiceActivityEvents,
    // The call is ended, which makes all of it final.
    finalize: 'ack',
    keepAliveMs: limits.sttIdleMs,
    maxSessionMs: limits.sttMaxSessionMs,
    // 100 ms are a good trade of latency and efficiency (docs, Best practices); 48 kHz reach the message limit at 133 ms.
    chunkMs: { min: 20, ideal: 100, max: 130 },
    formats: [
      ...rates.map(sampleRate => ({ encoding: 'linear16' as const, sampleRate, channels: 1 })),
      ...telephone.map(encoding => ({ encoding, sampleRate: 8000, channels: 1 })),
    ],
    models: ['latest_long', 'latest_short', 'telephony', ...(api === 'v2' ? ['chirp_2', 'chirp_3'] : [])],
  }
}
