import type { AudioFormat } from '../audio/format.js'
import type { TtsCandidate } from '../conversation/ports.js'
import type { ConfigMessage } from '../protocol/messages.js'
import type { Catalogue, ProviderChoice } from '../providers/catalogue.js'
import type { SttOptions, SttProvider, TtsOptions, TtsProvider } from '../providers/contracts.js'
import type { SttCandidate } from '../uplink/ports.js'
import { supports } from '../uplink/uplink.js'
import { withDefaults } from '../util/loose.js'
import type { SessionSpec } from './runtime.js'
import type { ClientRights } from './settings.js'

export interface Catalogues {
  readonly stt: Catalogue<SttProvider>
  readonly tts: Catalogue<TtsProvider>
}

/** What the application chose for this call; it wins over what the client wants. */
export interface ProviderChoices {
  readonly stt?: readonly ProviderChoice<SttOptions>[] | undefined
  readonly tts?: readonly ProviderChoice<TtsOptions>[] | undefined
}

export type Plan = Pick<SessionSpec, 'stt' | 'tts' | 'audioIn' | 'audioOut'>

/** Why a config cannot be served; the message names the field, for the client. */
export class PlanError extends Error {
  override readonly name = 'PlanError'
}

/**
 * Which providers a session may use, in which order, and in which formats it speaks with its client.
 *
 * @throws {PlanError} when the client wants what is not there.
 * @throws {TypeError} when the application chose a provider that the handler does not have.
 */
export function planSession(
  config: ConfigMessage,
  choices: ProviderChoices,
  catalogues: Catalogues,
  clientMay: ClientRights,
): Plan {
  return {
    audioIn: audioInOf(config),
    audioOut: audioOutOf(config),
    stt: planStt(config, choices.stt, catalogues.stt, clientMay),
    tts: planTts(config, choices.tts, catalogues.tts, clientMay),
  }
}

function audioInOf({ stt_config: { encoding, sample_rate, channels } }: ConfigMessage): AudioFormat {
  return { encoding, sampleRate: sample_rate, channels }
}

function audioOutOf({ audio_out, tts_config }: ConfigMessage): SessionSpec['audioOut'] {
  if (!audio_out) return { encoding: tts_config.audio_format, sampleRates: [tts_config.sample_rate], maxLeadMs: 1000 }
  const sampleRates = [...audio_out.sample_rates].sort((a, b) => b - a)
  return { encoding: audio_out.encodings?.[0] ?? 'linear16', sampleRates, maxLeadMs: audio_out.max_lead_ms }
}

/** The recognisers of a session; none when the application or the client wants none. Throws as `planSession`. */
export function planStt(
  config: ConfigMessage,
  chosen: readonly ProviderChoice<SttOptions>[] | undefined,
  catalogue: Catalogue<SttProvider>,
  clientMay: ClientRights,
): readonly SttCandidate[] {
  if (!config.audio || (chosen?.length ?? catalogue.size) === 0) return []
  const { stt_config: wanted } = config
  const audioIn = audioInOf(config)
  const asked: SttOptions = { language: wanted.language, punctuate: wanted.punctuation }
  const chain = chainOf('stt_config', wanted.provider, chosen, catalogue, clientMay)
    .map(({ provider, options }): SttCandidate => {
      const model = allowedModel('stt_config', wanted.model, provider, wanted.provider, clientMay)
      return {
        provider,
        options: withDefaults<SttOptions>({ ...asked, model }, options),
        ...credentialsOf(wanted, provider, clientMay),
      }
    })
    .filter(candidate => supports(candidate, audioIn, candidate.options.language))
  if (chain.length > 0) return chain
  throw new PlanError(
    `stt_config: no provider takes language '${asked.language ?? 'any'}' as ${audioIn.encoding} at ${audioIn.sampleRate} Hz; ask for another`,
  )
}

/** The synthesisers of a session. Throws as `planSession`. */
export function planTts(
  { audio, tts_config: wanted }: ConfigMessage,
  chosen: readonly ProviderChoice<TtsOptions>[] | undefined,
  catalogue: Catalogue<TtsProvider>,
  clientMay: ClientRights,
): readonly TtsCandidate[] {
  if (!audio) return []
  const asked: TtsOptions = { speakingRate: wanted.speaking_rate, pronunciations: wanted.pronunciations }
  return chainOf('tts_config', wanted.provider, chosen, catalogue, clientMay).map(({ provider, options }) => {
    const model = allowedModel('tts_config', wanted.model, provider, wanted.provider, clientMay)
    const voiceId = allowedVoice(wanted.voice_id, provider, wanted.provider, clientMay)
    return {
      provider,
      options: withDefaults<TtsOptions>({ ...asked, model, voiceId }, options),
      ...credentialsOf(wanted, provider, clientMay),
    }
  })
}

/** The application's choice, else the client's first and the rest behind it. */
function chainOf<P extends SttProvider | TtsProvider, O>(
  field: 'stt_config' | 'tts_config',
  wanted: string | undefined,
  chosen: readonly ProviderChoice<O>[] | undefined,
  catalogue: Catalogue<P>,
  clientMay: ClientRights,
): readonly { readonly provider: P; readonly options?: O | undefined }[] {
  if (chosen) {
    return chosen.map(choice => {
      const { use, options } = typeof choice === 'string' ? { use: choice, options: undefined } : choice
      const provider = catalogue.get(use)
      if (!provider)
        throw new TypeError(`configure: '${use}' is no provider of this handler; it has ${catalogue.names.join(', ')}`)
      return { provider, options }
    })
  }
  const preferred = clientMay.chooseProvider ? wanted : undefined
  if (preferred !== undefined && catalogue.size > 0 && !catalogue.get(preferred)) {
    throw new PlanError(
      `${field}.provider: '${preferred}' is not here; choose one of ${catalogue.names.join(', ')}, or none`,
    )
  }
  return catalogue.startingWith(preferred).map(provider => ({ provider }))
}

/** A model belongs to the provider the client named; a provider that lists none takes none from clients. */
function allowedModel(
  field: 'stt_config' | 'tts_config',
  model: string | undefined,
  provider: SttProvider | TtsProvider,
  wanted: string | undefined,
  clientMay: ClientRights,
): string | undefined {
  const { models } = provider.capabilities
  if (model === undefined || !models || !clientMay.chooseProvider || (wanted !== undefined && wanted !== provider.name))
    return undefined
  if (models.includes(model)) return model
  if (wanted === undefined) return undefined
  throw new PlanError(`${field}.model: '${model}' is not offered; choose one of ${models.join(', ')}, or none`)
}

function allowedVoice(
  voiceId: string | undefined,
  provider: TtsProvider,
  wanted: string | undefined,
  clientMay: ClientRights,
): string | undefined {
  const { voices } = provider.capabilities
  if (voiceId === undefined || !clientMay.chooseProvider || (wanted !== undefined && wanted !== provider.name))
    return undefined
  if (!voices || voices.includes(voiceId)) return voiceId
  if (wanted === undefined) return undefined
  throw new PlanError(`tts_config.voice_id: '${voiceId}' is not offered; choose one of ${voices.join(', ')}, or none`)
}

function credentialsOf(
  wanted: { readonly provider?: string | undefined; readonly auth?: Readonly<Record<string, unknown>> | undefined },
  provider: SttProvider | TtsProvider,
  clientMay: ClientRights,
): { readonly credentials?: Readonly<Record<string, unknown>> } {
  return clientMay.credentials && wanted.auth && wanted.provider === provider.name ? { credentials: wanted.auth } : {}
}
