import type { SttProvider, TtsProvider } from 'voice-ws'
import { assemblyai } from 'voice-ws/providers/assemblyai'
import { azure } from 'voice-ws/providers/azure'
import { cartesia } from 'voice-ws/providers/cartesia'
import { deepgram } from 'voice-ws/providers/deepgram'
import { elevenlabs } from 'voice-ws/providers/elevenlabs'
import { embeddedStt, embeddedTts } from 'voice-ws/providers/embedded'
import { google } from 'voice-ws/providers/google'
import { openai } from 'voice-ws/providers/openai'

export interface DemoProviders {
  readonly stt: readonly SttProvider[]
  readonly tts: readonly TtsProvider[]
  /** In failover order. */
  readonly names: readonly string[]
}

interface Vendor {
  readonly stt: SttProvider
  readonly tts?: TtsProvider
}

const vendors: Readonly<Record<string, (options: { readonly apiKey: string }) => Vendor>> = {
  DEEPGRAM_API_KEY: deepgram,
  ELEVENLABS_API_KEY: elevenlabs,
  CARTESIA_API_KEY: cartesia,
  ASSEMBLYAI_API_KEY: assemblyai,
  OPENAI_API_KEY: openai,
  GOOGLE_APPLICATION_CREDENTIALS: ({ apiKey }) => google({ keyFilename: apiKey }),
  AZURE_SPEECH_KEY: azure,
}

/** Vendors whose keys are in the environment come first; the embedded engines stand behind them. */
export function chooseProviders(env: Readonly<Record<string, string | undefined>>): DemoProviders {
  const chosen = Object.entries(vendors).flatMap(([variable, vendor]) => {
    const apiKey = env[variable]
    // With a base URL the key is that of another server, which the agent talks to.
    const elsewhere = variable === 'OPENAI_API_KEY' && env.OPENAI_BASE_URL
    return apiKey && !elsewhere ? usable(variable, () => vendor({ apiKey })) : []
  })
  return {
    stt: [...chosen.map(vendor => vendor.stt), embeddedStt()],
    tts: [...chosen.flatMap(vendor => vendor.tts ?? []), embeddedTts()],
    names: [...chosen.map(vendor => vendor.stt.name), 'embedded'],
  }
}

/** A key may be there for something else: what is missing beside it is told, and the demo goes on without. */
function usable(variable: string, create: () => Vendor): Vendor[] {
  try {
    const { stt, tts } = create()
    return [{ stt, ...(tts && { tts }) }]
  } catch (error) {
    console.warn(`${variable} is not used: ${error instanceof Error ? error.message : error}`)
    return []
  }
}
