import type { AudioFormat } from '../../../src/audio/format.js'
import type {
  ProviderFailure,
  TtsCapabilities,
  TtsProvider,
  TtsRequest,
  TtsSink,
  TtsStream,
} from '../../../src/providers/contracts.js'
import { endOf, greet, HttpSpeech } from '../../internal/http-speech.js'
import { type ContextEvents, SpeechContexts } from '../../internal/speech-contexts.js'
import type { VendorAccount } from '../../internal/vendor-account.js'
import type { VendorEnd } from '../../internal/vendor-socket.js'
import { openAiFailure } from './failure.js'
import type { OpenAiLimits } from './limits.js'
import type { OpenAiTtsOptions } from './options.js'

/** What `response_format: 'pcm'` is (guide, Text to speech). */
const format: AudioFormat = { encoding: 'linear16', sampleRate: 24_000, channels: 1 }
/** What `speed` may be (API reference, Create speech). */
const slowest = 0.25
const fastest = 4

export interface OpenAiTtsSetup {
  readonly voiceId: string | undefined
  readonly options: OpenAiTtsOptions
  readonly limits: OpenAiLimits
}

/** Text to speech over OpenAI's HTTP endpoint: a request for each text, answered with samples as they are made. */
export class OpenAiTts implements TtsProvider {
  readonly name: string
  readonly capabilities: TtsCapabilities
  readonly #account: VendorAccount
  readonly #setup: OpenAiTtsSetup

  constructor(account: VendorAccount, setup: OpenAiTtsSetup) {
    this.name = account.name
    this.capabilities = {
      contexts: setup.limits.ttsContexts,
      alignment: 'none',
      maxTextChars: setup.limits.ttsMaxTextChars,
      keepAliveMs: 0,
      formats: [format],
      models: ['gpt-4o-mini-tts', 'tts-1', 'tts-1-hd'],
    }
    this.#account = account
    this.#setup = setup
  }

  connect(request: TtsRequest, sink: TtsSink): TtsStream {
    const account = this.#account
    const headers = { ...account.headersFor(request.credentials), 'content-type': 'application/json' }
    const repeated = this.#repeatedOf(request)
    const speech = {
      url: account.httpUrl('/audio/speech'),
      headers,
      bodyOf: (input: string) => JSON.stringify({ ...repeated, input }),
      classify: openAiFailure,
    }
    const modelUrl = account.httpUrl(`/models/${encodeURIComponent(String(repeated.model))}`)
    const load = async (failed: (failure: ProviderFailure) => void) => {
      const end = await greet(modelUrl, headers, request.signal)
      if (end && !isBesideThePoint(end)) failed(openAiFailure(end))
      return { begin: (events: ContextEvents) => new HttpSpeech(speech, events) }
    }
    const loadFailure = (error: unknown) => openAiFailure(endOf(error))
    return new SpeechContexts({ clock: account.clock, request, load, loadFailure }, sink)
  }

  #repeatedOf({ options }: TtsRequest): Readonly<Record<string, unknown>> {
    const { voiceId, options: own } = this.#setup
    const { speakingRate } = options
    return {
      model: options.model ?? own.model ?? 'gpt-4o-mini-tts',
      voice: options.voiceId ?? voiceId ?? 'coral',
      response_format: 'pcm',
      speed: speakingRate === undefined ? undefined : Math.min(fastest, Math.max(slowest, speakingRate)),
      instructions: own.instructions,
      ...own.request,
      ...options.vendor,
    }
  }
}

/**
 * Servers that speak as OpenAI does need not tell about models, and a key may be allowed to speak and not to look at
 * models ("Missing scopes: api.model.read").
 */
function isBesideThePoint({ httpStatus, body }: VendorEnd): boolean {
  return httpStatus === 404 || httpStatus === 405 || (httpStatus === 403 && /missing scopes/i.test(body))
}
