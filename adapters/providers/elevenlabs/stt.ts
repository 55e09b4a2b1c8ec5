import type { AudioFormat } from '../../../src/audio/format.js'
import type { SttCapabilities, SttProvider, SttRequest, SttSink, SttStream } from '../../../src/providers/contracts.js'
import type { VendorAccount } from '../../internal/vendor-account.js'
import type { ElevenLabsLimits } from './limits.js'
import type { ElevenLabsSttOptions } from './options.js'
import { ScribeStream } from './scribe.js'

/** From the SDK's documentation of `keyterms`. */
const maxKeyterms = 50
const maxKeytermChars = 20

const formats: readonly AudioFormat[] = [
  ...[16_000, 8000, 24_000, 22_050, 44_100, 48_000].map(sampleRate => ({
    encoding: 'linear16' as const,
    sampleRate,
    channels: 1,
  })),
  { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
]

/** Speech to text over ElevenLabs' realtime endpoint. */
export class ElevenLabsStt implements SttProvider {
  readonly name: string
  readonly capabilities: SttCapabilities
  readonly #account: VendorAccount
  readonly #options: ElevenLabsSttOptions
  readonly #limits: ElevenLabsLimits

  constructor(account: VendorAccount, options: ElevenLabsSttOptions, limits: ElevenLabsLimits) {
    this.name = account.name
    this.capabilities = {
      interims: true,
      words: options.includeTimestamps !== false,
      speechStarted: false,
      endpointing: options.commitStrategy !== 'manual',
      finalize: 'ack',
      keepAliveMs: limits.sttKeepAliveMs,
      chunkMs: { min: 20, ideal: 100, max: 1000 },
      formats,
      models: ['scribe_v2_realtime'],
    }
    this.#account = account
    this.#options = options
    this.#limits = limits
  }

  connect(request: SttRequest, sink: SttSink): SttStream {
    const { signal, credentials } = request
    const query = queryOf(this.#options, request)
    const path = '/v1/speech-to-text/realtime'
    const pairs = query.include_timestamps === true
    const vadSilenceMs = query.commit_strategy === 'vad' ? Number(query.vad_silence_threshold_secs) * 1000 : undefined
    return new ScribeStream({ account: this.#account, path, query, signal, credentials }, request, sink, {
      pairs,
      vadSilenceMs,
      limits: this.#limits,
    })
  }
}

function queryOf(own: ElevenLabsSttOptions, { format, options }: SttRequest): Readonly<Record<string, unknown>> {
  return {
    model_id: options.model ?? own.modelId ?? 'scribe_v2_realtime',
    audio_format: format.encoding === 'mulaw' ? 'ulaw_8000' : `pcm_${format.sampleRate}`,
    commit_strategy: own.commitStrategy ?? 'vad',
    vad_silence_threshold_secs: own.vadSilenceThresholdSecs ?? 0.5,
    vad_threshold: own.vadThreshold,
    include_timestamps: own.includeTimestamps ?? true,
    language_code: options.language?.split('-')[0],
    // Longer ones, and more of them, would refuse the connection.
    keyterms: options.keyterms?.filter(term => term.length <= maxKeytermChars).slice(0, maxKeyterms),
    ...own.query,
    ...options.vendor,
  }
}
