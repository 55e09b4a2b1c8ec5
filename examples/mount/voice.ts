import { createVoiceHandler, type VoiceMount } from 'voice-ws'
import { embeddedStt, embeddedTts } from 'voice-ws/providers/embedded'

export const voice: VoiceMount = createVoiceHandler({
  authenticate: ({ token }) => token ?? 'guest',
  stt: [embeddedStt()],
  tts: [embeddedTts()],
  agent: ({ text }) => `You said: ${text}.`,
})
