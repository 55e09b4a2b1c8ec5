import type { SttProvider, TtsProvider } from 'voice-ws'
import { cartesia } from 'voice-ws/providers/cartesia'
import { deepgram } from 'voice-ws/providers/deepgram'
import { elevenlabs } from 'voice-ws/providers/elevenlabs'
import { cartesiaMessages, deepgramMessages, elevenLabsMessages, type KnownMessages } from './known-messages.js'

export interface ProbeAccount {
  readonly apiKey: string
  readonly baseUrl: string | undefined
  readonly onMessage: (message: Readonly<Record<string, unknown>>) => void
}

export interface ProbedVendor {
  readonly environment: string
  readonly known: KnownMessages
  readonly create: (account: ProbeAccount) => { readonly stt: SttProvider; readonly tts?: TtsProvider }
}

export const vendors: Readonly<Record<string, ProbedVendor>> = {
  deepgram: { environment: 'DEEPGRAM_API_KEY', known: deepgramMessages, create: deepgram },
  elevenlabs: { environment: 'ELEVENLABS_API_KEY', known: elevenLabsMessages, create: elevenlabs },
  cartesia: { environment: 'CARTESIA_API_KEY', known: cartesiaMessages, create: cartesia },
}
