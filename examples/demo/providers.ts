import type { SttProvider, TtsProvider } from 'voice-ws'
import { cartesia } from 'voice-ws/providers/cartesia'
import { deepgram } from 'voice-ws/providers/deepgram'
import { elevenlabs } from 'voice-ws/providers/elevenlabs'
import { embeddedStt, embeddedTts } from 'voice-ws/providers/embedded'

export interface DemoProviders {
  readonly stt: readonly SttProvider[]
  readonly tts: readonly TtsProvider[]
  /** In failover order. */
  readonly names: readonly string[]
}

const vendors = {
  DEEPGRAM_API_KEY: deepgram,
  ELEVENLABS_API_KEY: elevenlabs,
  CARTESIA_API_KEY: cartesia,
} as const

/** Vendors whose keys are in the environment come first; the embedded engines stand behind them. */
export function chooseProviders(env: Readonly<Record<string, string | undefined>>): DemoProviders {
  const chosen = Object.entries(vendors).flatMap(([key, vendor]) => (env[key] ? [vendor({ apiKey: env[key] })] : []))
  return {
    stt: [...chosen.map(vendor => vendor.stt), embeddedStt()],
    tts: [...chosen.map(vendor => vendor.tts), embeddedTts()],
    names: [...chosen.map(vendor => vendor.stt.name), 'embedded'],
  }
}
