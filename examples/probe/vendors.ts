import type { SttProvider, TtsProvider } from 'voice-ws'
import { assemblyai } from 'voice-ws/providers/assemblyai'
import { azure } from 'voice-ws/providers/azure'
import { cartesia } from 'voice-ws/providers/cartesia'
import { deepgram } from 'voice-ws/providers/deepgram'
import { elevenlabs } from 'voice-ws/providers/elevenlabs'
import { google } from 'voice-ws/providers/google'
import { openai } from 'voice-ws/providers/openai'
import {
  assemblyAiMessages,
  cartesiaMessages,
  deepgramMessages,
  elevenLabsMessages,
  googleMessages,
  type KnownMessages,
  openAiMessages,
} from './known-messages.js'

export interface ProbeAccount {
  /** What the environment variable holds. */
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
  assemblyai: { environment: 'ASSEMBLYAI_API_KEY', known: assemblyAiMessages, create: assemblyai },
  openai: { environment: 'OPENAI_API_KEY', known: openAiMessages, create: openai },
  google: {
    environment: 'GOOGLE_APPLICATION_CREDENTIALS',
    known: googleMessages,
    create: ({ apiKey, baseUrl, onMessage }) =>
      google({ keyFilename: apiKey, onMessage, clientOptions: { apiEndpoint: baseUrl } }),
  },
  // Its client shows no messages.
  azure: { environment: 'AZURE_SPEECH_KEY', known: {}, create: azure },
}
