import { deepgram } from '../../adapters/providers/deepgram.js'
import { embeddedStt, embeddedTts } from '../../adapters/providers/embedded.js'
import type { SttSource, TtsSource } from '../../src/index.js'

export interface DemoProviders {
  readonly stt: readonly SttSource[]
  readonly tts: readonly TtsSource[]
  /** In failover order. */
  readonly names: readonly string[]
}

/** A vendor whose key is in the environment comes first; the embedded engines stand behind it. */
export function chooseProviders(env: Readonly<Record<string, string | undefined>>): DemoProviders {
  const vendors = env.DEEPGRAM_API_KEY ? [deepgram({ apiKey: env.DEEPGRAM_API_KEY })] : []
  return {
    stt: [...vendors, embeddedStt()],
    tts: [...vendors, embeddedTts()],
    names: [...vendors.map(vendor => vendor.stt.name), 'embedded'],
  }
}
