import type { SttProvider, TtsProvider } from './contracts.js'

type Provider = SttProvider | TtsProvider

/** A recogniser, or a vendor that has one. */
export type SttSource = SttProvider | { readonly stt: SttProvider }

/** A synthesiser, or a vendor that has one. */
export type TtsSource = TtsProvider | { readonly tts: TtsProvider }

export function sttOf(source: SttSource): SttProvider {
  return 'stt' in source ? source.stt : source
}

export function ttsOf(source: TtsSource): TtsProvider {
  return 'tts' in source ? source.tts : source
}

/** A provider by name, with options of the application's for this call. */
export type ProviderChoice<Options> = string | { readonly use: string; readonly options?: Options | undefined }

/** The providers of one kind that a handler knows, in failover order. */
export class Catalogue<P extends Provider> {
  readonly #byName: ReadonlyMap<string, P>

  /**
   * @param field the option the providers came from, for error messages.
   * @throws {TypeError} when two providers share a name.
   */
  constructor(field: 'stt' | 'tts', providers: readonly P[]) {
    const byName = new Map<string, P>()
    for (const [index, provider] of providers.entries()) {
      if (byName.has(provider.name)) {
        throw new TypeError(`${field}[${index}].name: '${provider.name}' is taken; give one of the two another name`)
      }
      byName.set(provider.name, provider)
    }
    this.#byName = byName
  }

  get size(): number {
    return this.#byName.size
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()]
  }

  get(name: string): P | undefined {
    return this.#byName.get(name)
  }

  /** All providers in failover order, the named one first. */
  startingWith(name: string | undefined): readonly P[] {
    const all = [...this.#byName.values()]
    const first = name === undefined ? undefined : this.#byName.get(name)
    return first ? [first, ...all.filter(provider => provider !== first)] : all
  }
}

/** Whether a provider that names its languages covers `language`: `en` covers `en-US`, and `en-US` covers `en`. */
export function coversLanguage(languages: readonly string[] | undefined, language: string | undefined): boolean {
  if (!languages || language === undefined) return true
  const wanted = language.toLowerCase()
  return languages.some(offered => {
    const have = offered.toLowerCase()
    return have === wanted || wanted.startsWith(`${have}-`) || have.startsWith(`${wanted}-`)
  })
}
