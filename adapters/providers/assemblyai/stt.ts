import type { AudioFormat } from '../../../src/audio/format.js'
import type { SttCapabilities, SttProvider, SttRequest, SttSink, SttStream } from '../../../src/providers/contracts.js'
import type { VendorAccount, VendorQuery } from '../../internal/vendor-account.js'
import type { AssemblyAiLimits } from './limits.js'
import type { AssemblyAiSttOptions } from './options.js'
import { UniversalStream } from './universal.js'

const formats: readonly AudioFormat[] = [
  ...[16_000, 8000, 24_000, 44_100, 48_000].map(sampleRate => ({
    encoding: 'linear16' as const,
    sampleRate,
    channels: 1,
  })),
  { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
]

/** Speech to text over AssemblyAI's streaming endpoint, version 3. */
export class AssemblyAiStt implements SttProvider {
  readonly name: string
  readonly capabilities: SttCapabilities
  readonly #account: VendorAccount
  readonly #options: AssemblyAiSttOptions
  readonly #limits: AssemblyAiLimits

  constructor(account: VendorAccount, options: AssemblyAiSttOptions, limits: AssemblyAiLimits) {
    const { sttKeepAliveMs, sttMinChunkMs } = limits
    const { inactivityTimeoutSecs = Number.POSITIVE_INFINITY } = options
    this.name = account.name
    this.capabilities = {
      interims: true,
      words: true,
      speechStarted: !isSecondGeneration(modelOf(options)),
      endpointing: true,
      // Ends the turn that is open; without one nothing is said to answer.
      finalize: 'best-effort',
      keepAliveMs: Math.min(sttKeepAliveMs, inactivityTimeoutSecs * 500),
      maxSessionMs: limits.sttMaxSessionMs,
      chunkMs: { min: sttMinChunkMs, ideal: 100, max: 1000 },
      maxRealtimeFactor: limits.sttMaxRealtimeFactor,
      formats,
      models: ['universal-3-5-pro', 'u3-rt-pro', 'universal-streaming-english', 'universal-streaming-multilingual'],
    }
    this.#account = account
    this.#options = options
    this.#limits = limits
  }

  connect(request: SttRequest, sink: SttSink): SttStream {
    const { signal, credentials } = request
    const model = modelOf(this.#options, request)
    const query = queryOf(model, this.#options, request)
    const route = { account: this.#account, path: '/v3/ws', query, signal, credentials }
    const twice = isSecondGeneration(model) && String(query.format_turns) === 'true'
    return new UniversalStream(route, request, sink, { formatWaitMs: twice ? this.#limits.sttFormatWaitMs : undefined })
  }
}

function modelOf(own: AssemblyAiSttOptions, request?: SttRequest): string {
  return request?.options.model ?? own.model ?? 'universal-3-5-pro'
}

/** Tells no onset of speech, and formats only when asked. */
function isSecondGeneration(model: string): boolean {
  return model.startsWith('universal-streaming')
}

function queryOf(model: string, own: AssemblyAiSttOptions, { format, options }: SttRequest): VendorQuery {
  const language = options.language?.split('-')[0]
  return {
    speech_model: model,
    encoding: format.encoding === 'mulaw' ? 'pcm_mulaw' : 'pcm_s16le',
    sample_rate: format.sampleRate,
    format_turns: own.formatTurns,
    min_turn_silence: own.minTurnSilence,
    max_turn_silence: own.maxTurnSilence,
    end_of_turn_confidence_threshold: own.endOfTurnConfidenceThreshold,
    vad_threshold: own.vadThreshold,
    inactivity_timeout: own.inactivityTimeoutSecs,
    keyterms_prompt: listed(options.keyterms),
    // The older models are chosen by language.
    language_codes: isSecondGeneration(model) ? undefined : language && listed([language]),
    ...own.query,
    ...options.vendor,
  }
}

function listed(values: readonly string[] | undefined): string | undefined {
  return values && values.length > 0 ? JSON.stringify(values) : undefined
}
